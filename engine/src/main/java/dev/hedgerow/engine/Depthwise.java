package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.List;

/**
 * A depthwise convolution: each channel has taps of its own, and no sum runs over channels.
 *
 * <pre>
 * y[pixel][channel] = start[channel] + Σ_tap w[tap][channel] · x[pixel + tap][channel]
 * </pre>
 *
 * The channels of a block are computed side by side, straight from the input, which is copied only
 * to give it a border of zeros. A task is a band of rows of a block; where rows follow each other
 * without a gap they are one long row, and a task is a piece of it.
 */
final class Depthwise {
  /** Multiplications worth a task of their own. */
  private static final int TASK_WORK = 1 << 20;

  /** Least columns of a piece of a row, and what all but the last one's are a multiple of. */
  private static final int LEAST_PIECE = 28;

  private static final int PIECE = 14;

  private final Kernels kernels;
  private final float[][] weights;
  private final PaddedInput from;
  private final Tensor to;
  private final Epilogue epilogue;
  private final int[] taps;

  /** Rows and columns that the sweep serves, and how far each is from the next. */
  private final int rows;

  private final int columns;
  private final int fromRowStep;
  private final int fromColumnStep;
  private final int toRowStep;
  private final int toColumnStep;

  /** Where the first row and column are in their block. */
  private final int fromStart;

  private final int toStart;

  private Depthwise(
      Engine engine,
      Sweep sweep,
      float[][] weights,
      PaddedInput from,
      Tensor to,
      Epilogue epilogue) {
    this.kernels = engine.kernels();
    this.weights = weights;
    this.from = from;
    this.to = to;
    this.epilogue = epilogue;
    this.taps = from.taps(sweep);
    int height = to.shape().extent(2);
    int width = to.shape().extent(3);
    int gridRows = Sweep.count(height, sweep.firstY(), sweep.stepY());
    int gridColumns = Sweep.count(width, sweep.firstX(), sweep.stepX());
    this.fromRowStep = sweep.sourceStepY() * from.width() * BLOCK;
    this.fromColumnStep = sweep.sourceStepX() * BLOCK;
    this.toRowStep = sweep.stepY() * width * BLOCK;
    this.toColumnStep = sweep.stepX() * BLOCK;
    this.fromStart = from.start();
    this.toStart = (sweep.firstY() * width + sweep.firstX()) * BLOCK;
    // Without a gap on either side.
    boolean oneRow =
        fromRowStep == gridColumns * fromColumnStep && toRowStep == gridColumns * toColumnStep;
    this.rows = oneRow ? Math.min(gridRows, 1) : gridRows;
    this.columns = oneRow ? gridRows * gridColumns : gridColumns;
  }

  /**
   * Convolves.
   *
   * @param sweeps the pixels that they serve are written to, those of sweeps without taps not
   * @param packings one for each sweep
   * @param to its channels are those of {@code from}
   */
  static void run(
      Engine engine,
      List<Sweep> sweeps,
      List<Packing> packings,
      Tensor from,
      Tensor to,
      Epilogue epilogue) {
    PaddedInput padded = PaddedInput.of(engine, sweeps, from, to.shape());
    for (int i = 0; i < sweeps.size(); i++) {
      Sweep sweep = sweeps.get(i);
      if (sweep.tapY().length == 0) continue;
      float[][] weights = packings.get(i).weights();
      new Depthwise(engine, sweep, weights, padded, to, epilogue).run(engine);
    }
    padded.release(engine);
  }

  private void run(Engine engine) {
    if (rows == 0 || columns == 0) return;
    long work = (long) columns * taps.length * BLOCK;
    int pieces = (int) Math.min(1 + work / TASK_WORK, Math.max(1, columns / LEAST_PIECE));
    int piece = Math.ceilDiv(Math.ceilDiv(columns, pieces), PIECE) * PIECE;
    int bands =
        rows == 1
            ? Math.ceilDiv(columns, piece)
            : (int) Math.min(rows, 1 + rows * work / TASK_WORK);
    engine.forEach(
        to.shape().extent(0) * weights.length * bands,
        task -> {
          int plane = task / bands;
          int band = task % bands;
          if (rows == 1) {
            int first = band * piece;
            compute(plane, 0, 1, first, Math.min(columns, first + piece));
          } else {
            int first = (int) ((long) rows * band / bands);
            int end = (int) ((long) rows * (band + 1) / bands);
            compute(plane, first, end, 0, columns);
          }
        });
  }

  /** Computes some rows and columns of a block of a sample. */
  private void compute(int plane, int firstRow, int endRow, int firstColumn, int endColumn) {
    int block = plane % weights.length;
    int x = from.block(plane / weights.length, block) + fromStart + firstColumn * fromColumnStep;
    int area = to.shape().extent(2) * to.shape().extent(3) * BLOCK;
    int y = plane * area + toStart + firstColumn * toColumnStep;
    int count = endColumn - firstColumn;
    for (int row = firstRow; row < endRow; row++) {
      kernels.depthwise(
          from.data(),
          x + row * fromRowStep,
          fromColumnStep,
          taps,
          weights[block],
          ORIGIN,
          to.data,
          y + row * toRowStep,
          toColumnStep,
          count,
          epilogue.start(),
          block * BLOCK);
    }
    // Only forward sweeps are finished; what one computes here is one stretch.
    int length = (endRow - firstRow - 1) * toRowStep + count * BLOCK;
    epilogue.finishInPlace(kernels, to.data, y + firstRow * toRowStep, length);
  }
}
