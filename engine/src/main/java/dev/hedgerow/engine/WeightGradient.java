package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.List;

/**
 * The gradient of a convolution's weights. A task correlates one block of input channels with one
 * or two blocks of output channels, for every tap, row by row; sums of a run of pixels are added
 * up, which keeps rounding small.
 */
final class WeightGradient {
  /** Pixels of a run that stay in the first-level cache. */
  private static final int RUN = 128;

  /** Tasks that are enough to keep any number of threads busy; few images need few. */
  private static final int TASKS = 32;

  private WeightGradient() {}

  /** See {@link Convolution#weightGradient}; the shapes have been checked. */
  static Parameter of(Engine engine, Convolution convolution, Tensor x, Tensor s) {
    boolean depthwise = convolution.isDepthwise();
    int outputs = s.shape().extent(1);
    int inputs = x.shape().extent(1);
    int outputsPerGroup = outputs / convolution.groups();
    int inputsPerGroup = inputs / convolution.groups();
    int blocksPerUnit = depthwise ? 1 : 2;
    int units = Math.ceilDiv(blocks(outputs), blocksPerUnit);
    int pairs = units * blocks(inputs);
    int images = s.shape().extent(0);
    // Where there are few pairs of blocks, each task takes a part of the images.
    int parts = Math.clamp(Math.ceilDiv(TASKS, pairs), 1, Math.max(1, images));
    float[][] gradients = new float[parts][convolution.weight().shape().size()];
    var correlation = Correlation.of(engine, convolution, x, s);
    engine.forEach(
        pairs * parts,
        task -> {
          int part = task / pairs;
          float[] gradient = gradients[part];
          int fromImage = images * part / parts;
          int toImage = images * (part + 1) / parts;
          int block = task % pairs % blocks(inputs);
          int first = task % pairs / blocks(inputs) * blocksPerUnit;
          int count = Math.min(blocksPerUnit, blocks(outputs) - first);
          int endOutput = Math.min(outputs, (first + count) * BLOCK);
          int endInput = Math.min(inputs, (block + 1) * BLOCK);
          // The groups of these output channels, and what of the input block they read.
          int from = first * BLOCK / outputsPerGroup * inputsPerGroup;
          int to = ((endOutput - 1) / outputsPerGroup + 1) * inputsPerGroup;
          if (from >= endInput || to <= block * BLOCK) return;
          float[] sums =
              depthwise
                  ? correlation.depthwise(engine.kernels(), fromImage, toImage, block)
                  : correlation.run(
                      engine.kernels(),
                      fromImage,
                      toImage,
                      block,
                      endInput - block * BLOCK,
                      first,
                      count);
          int taps = correlation.taps.length;
          int lanes = count * BLOCK;
          int rows = depthwise ? 1 : BLOCK;
          for (int output = first * BLOCK; output < endOutput; output++) {
            int groupStart = output / outputsPerGroup * inputsPerGroup;
            int lane = output - first * BLOCK;
            for (int input = Math.max(block * BLOCK, groupStart);
                input < Math.min(endInput, groupStart + inputsPerGroup);
                input++) {
              int row = depthwise ? 0 : input - block * BLOCK;
              int at = (output * inputsPerGroup + input - groupStart) * taps;
              for (int tap = 0; tap < taps; tap++) {
                gradient[at + tap] = sums[(tap * rows + row) * lanes + lane];
              }
            }
          }
        });
    correlation.source.release(engine);
    float[] sum = gradients[0];
    for (float[] part : List.of(gradients).subList(1, parts)) {
      for (int i = 0; i < sum.length; i++) sum[i] += part[i];
    }
    return Parameter.of(convolution.weight().shape(), sum);
  }

  /** Two tensors, and how the rows of one lie over the rows of the other. */
  private record Correlation(
      PaddedInput source,
      Tensor s,
      int[] taps,
      int rows,
      int columns,
      int rowSource,
      int columnSource) {

    static Correlation of(Engine engine, Convolution convolution, Tensor x, Tensor s) {
      Sweep sweep = Sweep.forward(convolution.window());
      PaddedInput source = PaddedInput.of(engine, List.of(sweep), x, s.shape());
      int rows = s.shape().extent(2);
      int columns = s.shape().extent(3);
      int rowSource = sweep.sourceStepY() * source.width() * BLOCK;
      int columnSource = sweep.sourceStepX() * BLOCK;
      // Rows that follow each other without a gap are one long row, which is cut into runs.
      if (rowSource == columns * columnSource) {
        columns *= rows;
        rows = 1;
      }
      return new Correlation(source, s, source.taps(sweep), rows, columns, rowSource, columnSource);
    }

    /** Returns {@code [tap][channel of the input block][output lane]}. */
    float[] run(
        Kernels kernels,
        int fromImage,
        int toImage,
        int block,
        int channels,
        int first,
        int count) {
      int area = s.shape().extent(2) * s.shape().extent(3) * BLOCK;
      int tapSize = BLOCK * count * BLOCK;
      float[] sums = new float[taps.length * tapSize];
      forEachRun(
          fromImage,
          toImage,
          block,
          first,
          (x, at, length) -> {
            for (int tap = 0; tap < taps.length; tap++) {
              kernels.correlate(
                  source.data(),
                  x + taps[tap],
                  columnSource,
                  channels,
                  s.data,
                  at,
                  area,
                  count,
                  length,
                  sums,
                  tap * tapSize);
            }
          });
      return sums;
    }

    /** Returns {@code [tap][lane]}. */
    float[] depthwise(Kernels kernels, int fromImage, int toImage, int block) {
      float[] sums = new float[taps.length * BLOCK];
      forEachRun(
          fromImage,
          toImage,
          block,
          block,
          (x, at, length) -> {
            for (int tap = 0; tap < taps.length; tap++) {
              kernels.correlateDepthwise(
                  source.data(),
                  x + taps[tap],
                  columnSource,
                  s.data,
                  at,
                  length,
                  sums,
                  tap * BLOCK);
            }
          });
      return sums;
    }

    private interface Run {
      void of(int x, int s, int length);
    }

    private void forEachRun(int fromImage, int toImage, int inputBlock, int outputBlock, Run run) {
      int area = s.shape().extent(2) * s.shape().extent(3) * BLOCK;
      for (int image = fromImage; image < toImage; image++) {
        int x = source.block(image, inputBlock) + source.start();
        int at = (image * blocks(s.shape().extent(1)) + outputBlock) * area;
        for (int row = 0; row < rows; row++) {
          for (int column = 0; column < columns; column += RUN) {
            run.of(
                x + row * rowSource + column * columnSource,
                at + (row * columns + column) * BLOCK,
                Math.min(RUN, columns - column));
          }
        }
      }
    }
  }
}
