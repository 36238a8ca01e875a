package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A depthwise convolution: each channel has taps of its own, and no sum runs over channels.
 *
 * <pre>
 * y[pixel][channel] = start[channel] + Σ_tap w[tap][channel] · x[pixel + tap][channel]
 * </pre>
 *
 * The channels of a block are computed side by side. A task is a band of rows of a block, for all
 * sweeps:
 *
 * <pre>
 * copy[row][column]   what the band reads, with a border of zeros; some {@value #FLOATS} floats, and
 *                     the rows above and below that taps reach; in L1 or L2
 * sums[row][column]   until they are finished in y; those of phases go to y themselves
 * </pre>
 */
final class Depthwise {
  /** Floats of a copy, about, without the rows that the bands above and below copy too. */
  private static final int FLOATS = 1 << 15;

  /**
   * A sweep that has taps.
   *
   * @param taps how far from a pixel of a copy they read
   * @param weights an array a block
   */
  private record Phase(Sweep sweep, int rows, int columns, int[] taps, float[][] weights) {}

  private final Engine engine;
  private final Tensor x;
  private final Tensor y;
  private final Epilogue epilogue;
  private final List<Phase> phases = new ArrayList<>();

  /** Rows of the sweep that has most. */
  private final int rows;

  /** How far rows, and columns, of what they read are from the next. */
  private final int stepY;

  private final int stepX;

  /** How far taps reach up, down, left. */
  private final int up;

  private final int down;
  private final int left;

  /** Columns of a copy, and how many of them are the image's. */
  private final int width;

  private final int copied;

  /** Bands of a block. */
  private final int bands;

  /** Most rows of y that a band has, and of a copy. */
  private final int most;

  private final int lines;

  /** Whether there is one sweep, of all pixels. */
  private final boolean whole;

  private Depthwise(
      Engine engine,
      List<Sweep> sweeps,
      List<Packing> packings,
      Tensor x,
      Tensor y,
      Epilogue epilogue) {
    this.engine = engine;
    this.x = x;
    this.y = y;
    this.epilogue = epilogue;
    // The first phase has as many rows and columns as any.
    Sweep first = sweeps.getFirst();
    this.rows = Sweep.count(y.shape().extent(2), first.firstY(), first.stepY());
    this.stepY = first.sourceStepY();
    this.stepX = first.sourceStepX();
    this.up = most(sweeps, sweep -> reach(sweep.tapY(), -1));
    this.down = most(sweeps, sweep -> reach(sweep.tapY(), 1));
    this.left = most(sweeps, sweep -> reach(sweep.tapX(), -1));
    int columns = Sweep.count(y.shape().extent(3), first.firstX(), first.stepX());
    int right = most(sweeps, sweep -> reach(sweep.tapX(), 1));
    long read = (columns - 1L) * stepX + 1 + right;
    double floats = (double) rows * stepY * (left + read) * BLOCK;
    this.bands = (int) Math.min(rows, Math.ceil(floats / FLOATS));
    this.most = Math.ceilDiv(rows, bands);
    long high = (most - 1L) * stepY + 1 + up + down;
    if ((double) high * (left + read) * BLOCK + ORIGIN > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "conv2d: input %s with its padding, %dx%d pixels a band, is too large"
              .formatted(x.shape(), high, left + read));
    }
    this.lines = (int) high;
    this.width = (int) (left + read);
    this.copied = (int) Math.min(x.shape().extent(3), read);
    this.whole = first.stepY() == 1 && first.stepX() == 1;
    for (int i = 0; i < sweeps.size(); i++) {
      if (sweeps.get(i).tapY().length > 0) phases.add(phase(sweeps.get(i), packings.get(i)));
    }
  }

  private static int most(List<Sweep> sweeps, ToIntFunction<Sweep> reach) {
    return sweeps.stream().mapToInt(reach).max().orElse(0);
  }

  /** Returns the largest of some numbers times a factor, 0 at least. */
  private static int reach(int[] taps, int factor) {
    return Math.max(0, Arrays.stream(taps).map(tap -> factor * tap).max().orElse(0));
  }

  private Phase phase(Sweep sweep, Packing packing) {
    int[] taps = new int[sweep.tapY().length];
    for (int i = 0; i < taps.length; i++) {
      taps[i] = (sweep.tapY()[i] * width + sweep.tapX()[i]) * BLOCK;
    }
    return new Phase(
        sweep,
        Sweep.count(y.shape().extent(2), sweep.firstY(), sweep.stepY()),
        Sweep.count(y.shape().extent(3), sweep.firstX(), sweep.stepX()),
        taps,
        packing.weights());
  }

  /**
   * Convolves.
   *
   * @param sweeps the pixels that they serve are written to, those of sweeps without taps not
   * @param packings one for each sweep
   * @param y its channels are those of x
   * @throws IllegalArgumentException if a band with its border has more floats than an array
   */
  static void run(
      Engine engine,
      List<Sweep> sweeps,
      List<Packing> packings,
      Tensor x,
      Tensor y,
      Epilogue epilogue) {
    if (y.shape().size() == 0) return;
    new Depthwise(engine, sweeps, packings, x, y, epilogue).run();
  }

  private void run() {
    int planes = y.shape().extent(0) * blocks(y.shape().extent(1));
    engine.forEach(planes * bands, Bands::new);
  }

  /** Computes bands, with workspaces of its thread. */
  private final class Bands implements Engine.Worker {
    private final Kernels kernels = engine.kernels();
    private final float[] copy;

    /** Null for phases. */
    private final float @Nullable [] sums;

    Bands() {
      int size = lines * width * BLOCK;
      this.copy = engine.scratch().take(size);
      this.sums = whole ? engine.scratch().take(most * y.shape().extent(3) * BLOCK) : null;
      // The border on the left and right stays.
      Arrays.fill(copy, ORIGIN, ORIGIN + size, 0f);
    }

    @Override
    public void run(int task) {
      int plane = task / bands;
      int first = (int) ((long) rows * (task % bands) / bands);
      int end = (int) ((long) rows * (task % bands + 1) / bands);
      copy(plane, first * stepY - up, (end - 1) * stepY + 1 + down);
      for (Phase phase : phases) compute(phase, plane, first, Math.min(end, phase.rows));
    }

    @Override
    public void end() {
      engine.scratch().give(copy);
      if (sums != null) engine.scratch().give(sums);
    }

    /** Copies rows of a plane, zeros for those outside it. */
    private void copy(int plane, int first, int end) {
      int height = x.shape().extent(2);
      int line = x.shape().extent(3) * BLOCK;
      for (int row = first, to = ORIGIN; row < end; row++, to += width * BLOCK) {
        if (row < 0 || row >= height) {
          Arrays.fill(copy, to, to + width * BLOCK, 0f);
        } else {
          int from = (plane * height + row) * line;
          kernels.copyPixels(x.data, from, BLOCK, copy, to + left * BLOCK, BLOCK, copied);
        }
      }
    }

    /** Computes some rows of a phase. */
    private void compute(Phase phase, int plane, int first, int end) {
      Sweep sweep = phase.sweep;
      int block = plane % phase.weights.length;
      int line = y.shape().extent(3);
      int row = plane * y.shape().extent(2) + sweep.firstY() + first * sweep.stepY();
      int at = (row * line + sweep.firstX()) * BLOCK;
      kernels.depthwise(
          copy,
          ORIGIN + (up * width + left) * BLOCK,
          stepY * width * BLOCK,
          stepX * BLOCK,
          phase.taps,
          phase.weights[block],
          ORIGIN,
          epilogue.start(),
          block * BLOCK,
          sums != null ? sums : y.data,
          sums != null ? ORIGIN : at,
          sweep.stepY() * line * BLOCK,
          sweep.stepX() * BLOCK,
          end - first,
          phase.columns);
      // Phases are of sweeps back, which have nothing to finish.
      if (sums != null) {
        epilogue.finish(kernels, sums, ORIGIN, y.data, at, (end - first) * line * BLOCK);
      }
    }
  }
}
