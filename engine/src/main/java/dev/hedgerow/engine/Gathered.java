package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import dev.hedgerow.engine.Convolution.Sweep;
import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;

/**
 * A convolution as a product of the matrices of pixels and of weights. The kernel is fastest over
 * one long run of channels, so what the pixels of a band read is copied to rows first:
 *
 * <pre>
 * rows[pixel][block][tap][channel]   some {@value #FLOATS} floats a band, 0 outside images; in L2
 * y[output block][pixel]             of 32 outputs at a time: rows × weights
 * </pre>
 *
 * A task is a band and up to {@value #UNITS} times 32 outputs. Where there are more, and the rows
 * of the whole image are few, all of them are copied once, and a task is a band and 32 outputs.
 *
 * <p>Sums run over blocks, taps and channels in order, as those of the other kernels do.
 */
final class Gathered {
  /** Floats of a task's rows, about. */
  private static final int FLOATS = 90_000;

  /** Most pixels of a task. */
  private static final int PIXELS = 84;

  /** Height of the register tile. */
  private static final int TILE = 7;

  /** Weights' units of a task that copies its rows: enough for the copy not to count. */
  private static final int UNITS = 8;

  /** Most floats of an image's rows that are copied once for all tasks: about a core's L2. */
  private static final int SHARED_FLOATS = 250_000;

  /** Floats that a task copies to shared rows, about. */
  private static final int COPY_FLOATS = 16_000;

  private final Sweep sweep;
  private final Sources x;
  private final Tensor y;
  private final Kernels kernels;
  private final int channels;
  private final int height;
  private final int width;
  private final int outputWidth;
  private final int outputArea;

  /** Floats from one row to the next; an odd number of lines, so that they share no cache sets. */
  private final int row;

  private Gathered(Engine engine, Sweep sweep, Sources x, Tensor y) {
    this.sweep = sweep;
    this.x = x;
    this.y = y;
    this.kernels = engine.kernels();
    this.channels = x.shape().extent(1);
    this.height = x.shape().extent(2);
    this.width = x.shape().extent(3);
    this.outputWidth = y.shape().extent(3);
    this.outputArea = y.shape().extent(2) * outputWidth;
    // The copy of a last block of few channels writes a whole one.
    this.row = (blocks(channels * sweep.tapY().length) + 1 | 1) * BLOCK;
  }

  /**
   * Convolves.
   *
   * @param sweep which serves all pixels of y
   * @param weights for each 32 outputs {@code [block][tap][channel][output]}
   */
  static void run(
      Engine engine, Sweep sweep, float[][] weights, Sources x, Tensor y, Epilogue epilogue) {
    new Gathered(engine, sweep, x, y).run(engine, weights, epilogue);
  }

  private void run(Engine engine, float[][] weights, Epilogue epilogue) {
    int most = Math.clamp(FLOATS / row / TILE * TILE, 2 * TILE, PIXELS);
    int pixels = Math.ceilDiv(outputArea, Math.ceilDiv(outputArea, most) * TILE) * TILE;
    int bands = Math.ceilDiv(outputArea, pixels);
    // Few bands: more tasks, so that no thread waits long for another.
    int units = bands < 4 ? UNITS / 2 : UNITS;
    if (weights.length > units && (long) outputArea * row <= SHARED_FLOATS) {
      runShared(engine, weights, epilogue, pixels, bands);
      return;
    }
    int groups = Math.ceilDiv(weights.length, units);
    engine.forEach(
        x.shape().extent(0) * bands * groups,
        task -> {
          int group = task % groups;
          int band = task / groups % bands;
          int sample = task / groups / bands;
          int first = band * pixels;
          int end = Math.min(outputArea, first + pixels);
          float[] rows = engine.scratch().take(pixels * row);
          gather(rows, sample, 0, blocks(channels), first, end);
          for (int unit = group * units; unit < Math.min(weights.length, (group + 1) * units); ) {
            multiply(rows, 0, weights[unit], unit++, sample, first, end, epilogue);
          }
          engine.scratch().give(rows);
        });
  }

  /** Copies the rows of a whole image, then multiplies them. */
  private void runShared(
      Engine engine, float[][] weights, Epilogue epilogue, int pixels, int bands) {
    float[] rows = engine.scratch().take(outputArea * row);
    int perTask = Math.max(1, COPY_FLOATS / (outputArea * sweep.tapY().length * BLOCK));
    for (int i = 0; i < x.shape().extent(0); i++) {
      int sample = i;
      engine.forEach(
          Math.ceilDiv(blocks(channels), perTask),
          task -> {
            int block = task * perTask;
            int end = Math.min(blocks(channels), block + perTask);
            gather(rows, sample, block, end, 0, outputArea);
          });
      engine.forEach(
          weights.length * bands,
          task -> {
            int unit = task / bands;
            int first = task % bands * pixels;
            int end = Math.min(outputArea, first + pixels);
            multiply(rows, first * row, weights[unit], unit, sample, first, end, epilogue);
          });
    }
    engine.scratch().give(rows);
  }

  /** Copies what the pixels from first to end read of some blocks, the first pixel's to row 0. */
  private void gather(float[] rows, int sample, int fromBlock, int toBlock, int first, int end) {
    int taps = sweep.tapY().length;
    int to = fromBlock * BLOCK * taps;
    for (int block = fromBlock; block < toBlock; block++) {
      for (int tap = 0; tap < taps; tap++) {
        for (int pixel = first; pixel < end; ) {
          int column = pixel % outputWidth;
          int count = Math.min(end - pixel, outputWidth - column);
          int r = pixel / outputWidth * sweep.sourceStepY() + sweep.tapY()[tap];
          int c = column * sweep.sourceStepX() + sweep.tapX()[tap];
          copy(sample, block, r, c, rows, to + (pixel - first) * row, count);
          pixel += count;
        }
        to += Math.min(BLOCK, channels - block * BLOCK);
      }
    }
  }

  /** Copies pixels of one row of the image from column c on, zeros for those outside it. */
  private void copy(int sample, int block, int r, int c, float[] rows, int to, int count) {
    int step = sweep.sourceStepX();
    int begin = r < 0 || r >= height ? count : Math.clamp(Math.ceilDiv(-c, step), 0, count);
    int end = Math.clamp(Math.ceilDiv(width - c, step), begin, count);
    for (int i = 0; i < count; i++) {
      if (i == begin) i = end;
      if (i < count) Arrays.fill(rows, to + i * row, to + i * row + BLOCK, 0f);
    }
    if (begin == end) return;
    int pixel = r * width + c + begin * step;
    x.copy(kernels, sample, block, pixel, step * BLOCK, rows, to + begin * row, row, end - begin);
  }

  private void multiply(
      float[] rows,
      int rowsAt,
      float[] weights,
      int unit,
      int sample,
      int first,
      int end,
      Epilogue epilogue) {
    int outputBlocks = blocks(y.shape().extent(1));
    int block = 2 * unit;
    int outputs = Math.min(2, outputBlocks - block);
    int to = ((sample * outputBlocks + block) * outputArea + first) * BLOCK;
    kernels.convolve(
        rows,
        rowsAt,
        row,
        0,
        1,
        channels * sweep.tapY().length,
        new int[] {0},
        weights,
        0,
        y.data,
        to,
        BLOCK,
        outputArea * BLOCK,
        outputs,
        end - first,
        epilogue.start(),
        block * BLOCK);
    for (int i = 0; i < outputs; i++) {
      epilogue.finish(y.data, to + i * outputArea * BLOCK, (end - first) * BLOCK);
    }
  }
}
