package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import dev.hedgerow.engine.kernel.Kernels;

/**
 * A convolution of 1×1, which is a product of the matrix of pixels and that of weights. The kernel
 * is fastest over one long run of channels, so a task copies its pixels to rows first:
 *
 * <pre>
 * rows[pixel][channel]      {@value #PIXELS} pixels of all channels, gathered at the stride; in L2
 * y[output block][pixel]    of {@value #UNITS} times 32 outputs, each rows × their weights
 * </pre>
 *
 * Sums run over the channels in order, as those of the other kernels do.
 */
final class Pointwise {
  /** Pixels of a task; a multiple of the register tiles' heights. */
  private static final int PIXELS = 84;

  /** Weights' units of a task: enough for the copy not to count. */
  private static final int UNITS = 8;

  private Pointwise() {}

  /**
   * Convolves.
   *
   * @param strideY rows of x from one row of y to the next
   * @param strideX columns of x from one column of y to the next
   * @param weights for each 32 outputs {@code [channel][output]}
   * @param start what each output starts from
   * @param low what it is at least
   */
  static void run(
      Engine engine,
      int strideY,
      int strideX,
      float[][] weights,
      Tensor x,
      Tensor y,
      float[] start,
      float low) {
    int channels = x.shape().extent(1);
    int width = x.shape().extent(3);
    int area = x.shape().extent(2) * width;
    int outputBlocks = blocks(y.shape().extent(1));
    int outputWidth = y.shape().extent(3);
    int outputArea = y.shape().extent(2) * outputWidth;
    int bands = Math.ceilDiv(outputArea, PIXELS);
    int groups = Math.ceilDiv(weights.length, UNITS);
    // A line more, so that rows share no cache sets.
    int row = (blocks(channels) | 1) * BLOCK;
    int[] tap = {0};
    Kernels kernels = engine.kernels();
    engine.forEach(
        x.shape().extent(0) * bands * groups,
        task -> {
          int group = task % groups;
          int band = task / groups % bands;
          int sample = task / groups / bands;
          int first = (int) ((long) outputArea * band / bands);
          int end = (int) ((long) outputArea * (band + 1) / bands);
          float[] rows = engine.scratch().take((end - first) * row);
          for (int block = 0; block < blocks(channels); block++) {
            int plane = (sample * blocks(channels) + block) * area;
            for (int pixel = first; pixel < end; ) {
              int column = pixel % outputWidth;
              int count = Math.min(end - pixel, outputWidth - column);
              int from = plane + pixel / outputWidth * strideY * width + column * strideX;
              int to = (pixel - first) * row + block * BLOCK;
              kernels.copyPixels(x.data, from * BLOCK, strideX * BLOCK, rows, to, row, count);
              pixel += count;
            }
          }
          for (int unit = group * UNITS;
              unit < Math.min(weights.length, (group + 1) * UNITS);
              unit++) {
            int block = 2 * unit;
            int outputs = Math.min(2, outputBlocks - block);
            int to = ((sample * outputBlocks + block) * outputArea + first) * BLOCK;
            kernels.convolve(
                rows,
                0,
                row,
                0,
                1,
                channels,
                tap,
                weights[unit],
                0,
                y.data,
                to,
                BLOCK,
                outputArea * BLOCK,
                outputs,
                end - first,
                start,
                block * BLOCK);
            for (int i = 0; i < outputs; i++) {
              int from = to + i * outputArea * BLOCK;
              Convolution.clamp(y.data, from, (end - first) * BLOCK, low);
            }
          }
          engine.scratch().give(rows);
        });
  }
}
