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

  /** What the pixels of a task are a multiple of: columns of the register tile at 512 bits. */
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

  /** Columns and number of the pixels that the sweep serves. */
  private final int columns;

  private final int pixels;

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
    this.columns = Sweep.count(y.shape().extent(3), sweep.firstX(), sweep.stepX());
    this.pixels = Sweep.count(y.shape().extent(2), sweep.firstY(), sweep.stepY()) * columns;
    this.row = rowLength(channels * sweep.tapY().length);
  }

  /**
   * Convolves.
   *
   * @param sweep the pixels that it serves, none if it has no taps, are written to
   * @param weights for each 32 outputs {@code [output block][input block][tap][channel][output]}
   */
  static void run(
      Engine engine, Sweep sweep, float[][] weights, Sources x, Tensor y, Epilogue epilogue) {
    new Gathered(engine, sweep, x, y).run(engine, weights, epilogue);
  }

  private void run(Engine engine, float[][] weights, Epilogue epilogue) {
    if (pixels == 0 || sweep.tapY().length == 0) return;
    int most = Math.clamp(FLOATS / row / TILE * TILE, 2 * TILE, PIXELS);
    int perBand = Math.ceilDiv(pixels, Math.ceilDiv(pixels, most) * TILE) * TILE;
    int bands = Math.ceilDiv(pixels, perBand);
    // Few bands: more tasks, so that no thread waits long for another.
    int units = bands < 4 ? UNITS / 2 : UNITS;
    if (weights.length > units && (long) pixels * row <= SHARED_FLOATS) {
      runShared(engine, weights, epilogue, perBand, bands);
      return;
    }
    int groups = Math.ceilDiv(weights.length, units);
    engine.forEach(
        x.shape().extent(0) * bands * groups,
        task -> {
          int group = task % groups;
          int band = task / groups % bands;
          int sample = task / groups / bands;
          int first = band * perBand;
          int end = Math.min(pixels, first + perBand);
          float[] rows = engine.scratch().take(perBand * row);
          gather(rows, sample, 0, blocks(channels), first, end);
          for (int unit = group * units; unit < Math.min(weights.length, (group + 1) * units); ) {
            multiply(rows, 0, weights[unit], unit++, sample, first, end, epilogue);
          }
          engine.scratch().give(rows);
        });
  }

  /** Copies the rows of a whole image, then multiplies them. */
  private void runShared(
      Engine engine, float[][] weights, Epilogue epilogue, int perBand, int bands) {
    float[] rows = engine.scratch().take(pixels * row);
    int perTask = Math.max(1, COPY_FLOATS / (pixels * sweep.tapY().length * BLOCK));
    for (int i = 0; i < x.shape().extent(0); i++) {
      int sample = i;
      engine.forEach(
          Math.ceilDiv(blocks(channels), perTask),
          task -> {
            int block = task * perTask;
            int end = Math.min(blocks(channels), block + perTask);
            gather(rows, sample, block, end, 0, pixels);
          });
      engine.forEach(
          weights.length * bands,
          task -> {
            int unit = task / bands;
            int first = task % bands * perBand;
            int end = Math.min(pixels, first + perBand);
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
          int column = pixel % columns;
          int count = Math.min(end - pixel, columns - column);
          int r = pixel / columns * sweep.sourceStepY() + sweep.tapY()[tap];
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
    int width = y.shape().extent(3);
    int area = y.shape().extent(2) * width;
    int terms = channels * sweep.tapY().length;
    boolean all = sweep.stepY() == 1 && sweep.stepX() == 1;
    for (int pixel = first, count; pixel < end; pixel += count) {
      int column = pixel % columns;
      count = all ? end - pixel : Math.min(end - pixel, columns - column);
      int r = sweep.firstY() + pixel / columns * sweep.stepY();
      int c = sweep.firstX() + column * sweep.stepX();
      int to = ((sample * outputBlocks + block) * area + r * width + c) * BLOCK;
      int from = rowsAt + (pixel - first) * row;
      int step = sweep.stepX() * BLOCK;
      multiply(kernels, rows, from, row, terms, weights, block, y, to, step, count, epilogue);
    }
  }

  /** Returns the floats from one row to the next; the copy of a last block writes a whole one. */
  static int rowLength(int terms) {
    return (blocks(terms) + 1 | 1) * BLOCK;
  }

  /**
   * Multiplies rows with the weights of the one or two blocks of outputs from {@code block} on, and
   * finishes them; of sums that are finished the pixels follow each other.
   *
   * @param weights {@code [output block][term][output]}
   * @param to where the first pixel of that block is in y
   * @param step floats from one pixel to the next
   */
  static void multiply(
      Kernels kernels,
      float[] rows,
      int rowsAt,
      int row,
      int terms,
      float[] weights,
      int block,
      Tensor y,
      int to,
      int step,
      int count,
      Epilogue epilogue) {
    int outputs = Math.min(2, blocks(y.shape().extent(1)) - block);
    int area = y.shape().extent(2) * y.shape().extent(3) * BLOCK;
    kernels.convolve(
        rows,
        rowsAt,
        row,
        terms,
        weights,
        0,
        terms * BLOCK,
        epilogue.start(),
        block * BLOCK,
        0,
        BLOCK,
        y.data,
        to,
        step,
        area,
        outputs,
        count);
    for (int i = 0; i < outputs; i++) epilogue.finish(y.data, to + i * area, count * BLOCK);
  }
}
