package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;
import static dev.hedgerow.engine.kernel.Kernels.ROW;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A convolution as a product of the matrices of pixels and of weights. The kernel is fastest over
 * long runs of terms, so what the pixels of a band read is copied to {@link Rows} first:
 *
 * <pre>
 * rows of [block][tap][channel]   some {@value #FLOATS} floats a band, 0 outside images; in L2
 * sums[output block][pixel]       of 32 outputs, a unit of the weights, at a time: rows × weights; in
 *                                 L1 or L2 until they are copied to y
 * </pre>
 *
 * A task is a band and up to {@value #UNITS} units, half as many if there are few bands; a thread
 * copies the blocks that these read, and keeps them for the band's further units. The bands of an
 * image that needs several are as many for each thread as they can be, so that a thread mostly
 * reads pixels that it wrote. Where weights are many, so that threads are rather to read a part of
 * them each, and the rows of the whole image few, the band is the image and a task is a unit: each
 * thread copies all rows, as to read what another core has copied took longer.
 *
 * <p>With one image a thread asks for the weights of its tasks a panel ahead, so that memory and
 * products work at the same time.
 *
 * <p>Sums run over blocks, taps and channels in order, as those of the other kernels do.
 */
final class Gathered {
  /** Floats of a task's rows, about: as many as {@link #PIXELS} of 1024 terms have. */
  private static final int FLOATS = 108_800;

  /** Most pixels of a task: as many as 14 tiles of 7 columns, or 25 of 4, half of 14×14. */
  private static final int PIXELS = 100;

  /** A task may have as many pixels as this, about, however many terms they have. */
  private static final int LEAST_PIXELS = 14;

  /** Least pixels of a band that is cut for the number of tasks alone: no less than a tile. */
  private static final int LEAST_BAND = 7;

  /** Least tasks for an image, if it has as many tiles. */
  private static final int TASKS = 4;

  /** Least tasks of a thread, if there are as many tiles. */
  private static final int THREAD_TASKS = 2;

  /** Most units of a task: enough for the copy not to count. */
  private static final int UNITS = 8;

  /** Most floats of an image's rows of which every thread copies all: about a core's L2. */
  private static final int WHOLE_FLOATS = 250_000;

  /** Units for each thread at least, where each copies all rows of an image. Measured with two. */
  private static final int WHOLE_UNITS = 2;

  /** Most weights for each float of an image's rows of which every thread reads all. */
  private static final int WEIGHTS_FOR_ROWS = 2;

  private final Engine engine;
  private final Sweep sweep;
  private final Packing packing;
  private final Sources x;
  private final Tensor y;
  private final Epilogue epilogue;
  private final int taps;
  private final int channels;
  private final int height;
  private final int width;

  /** Columns of the pixels that the sweep serves. */
  private final int columns;

  /** Number of these pixels. */
  private final int pixels;

  /** What the pixels of a task are a multiple of, but for the last ones'. */
  private final int tile;

  /** How many of these there are. */
  private final int tiles;

  /** Whether a task is a unit of a whole image, whose rows each thread copies. */
  private final boolean whole;

  private Gathered(
      Engine engine, Sweep sweep, Packing packing, Sources x, Tensor y, Epilogue epilogue) {
    this.engine = engine;
    this.sweep = sweep;
    this.packing = packing;
    this.x = x;
    this.y = y;
    this.epilogue = epilogue;
    this.taps = sweep.tapY().length;
    this.tile = engine.kernels().tile();
    this.channels = x.shape().extent(1);
    this.height = x.shape().extent(2);
    this.width = x.shape().extent(3);
    this.columns = Sweep.count(y.shape().extent(3), sweep.firstX(), sweep.stepX());
    this.pixels = Sweep.count(y.shape().extent(2), sweep.firstY(), sweep.stepY()) * columns;
    this.tiles = Math.ceilDiv(pixels, tile);
    this.whole = isWhole();
  }

  /**
   * Convolves.
   *
   * @param sweep the pixels that it serves, none if it has no taps, are written to
   */
  static void run(
      Engine engine, Sweep sweep, Packing packing, Sources x, Tensor y, Epilogue epilogue) {
    var gathered = new Gathered(engine, sweep, packing, x, y, epilogue);
    if (x.shape().extent(0) > 0 && gathered.pixels > 0 && gathered.taps > 0) gathered.run();
  }

  private void run() {
    if (whole) {
      runTasks(1, 1);
      return;
    }
    int blocks = packing.endInput()[Math.min(packing.units(), UNITS) - 1];
    int most = (int) (FLOATS / Rows.ofBlocks(1, blocks * BLOCK, taps).floats());
    int least = Math.ceilDiv(pixels, Math.clamp(most, LEAST_PIXELS, PIXELS) / tile * tile);
    int samples = x.shape().extent(0);
    int tasks = Math.max(TASKS, Math.ceilDiv(THREAD_TASKS * engine.threads(), samples));
    // Few bands: smaller tasks, so that no thread waits long for another.
    int units = least < tasks ? UNITS / 2 : UNITS;
    int enough = Math.ceilDiv(tasks, Math.ceilDiv(packing.units(), units));
    int bands = Math.max(least, Math.min(enough, pixels / LEAST_BAND));
    // As many for each thread, if there are tiles for that; one band is for few tiles.
    int alike = Math.ceilDiv(engine.shared(samples * bands), samples);
    runTasks(bands > 1 && alike <= tiles ? alike : bands, units);
  }

  private boolean isWhole() {
    long rows = Rows.ofBlocks(pixels, channels, taps).floats();
    long read = 0;
    for (float[] unit : packing.weights()) read += unit.length;
    int tasks = x.shape().extent(0) * packing.units();
    int idle = engine.shared(tasks) - tasks;
    return rows <= WHOLE_FLOATS
        && read > WEIGHTS_FOR_ROWS * rows
        && tasks >= WHOLE_UNITS * engine.threads()
        && idle <= tasks / 8;
  }

  /** Runs a task for each band of an image and so many units. */
  private void runTasks(int bands, int units) {
    int groups = Math.ceilDiv(packing.units(), units);
    int tasks = x.shape().extent(0) * bands * groups;
    engine.forEach(tasks, () -> new OwnRows(bands, groups, units));
  }

  /**
   * What the pixels of a band read of some blocks.
   *
   * @param number of the band, those of other images counted
   */
  private record Band(
      int number,
      int sample,
      int first,
      int end,
      int block,
      int endBlock,
      Rows rows,
      float[] data) {}

  /** Multiplies a band with some units a task; a thread copies its rows for the first. */
  private final class OwnRows implements Engine.Worker {
    private final int bands;
    private final int groups;
    private final int units;
    private @Nullable Band band;

    OwnRows(int bands, int groups, int units) {
      this.bands = bands;
      this.groups = groups;
      this.units = units;
    }

    @Override
    public void run(int task) {
      int unit = task % groups * units;
      int endUnit = Math.min(packing.units(), unit + units);
      Band of = band(task / groups, packing.firstInput()[unit], packing.endInput()[endUnit - 1]);
      for (; unit < endUnit; unit++) multiply(of, unit);
    }

    private Band band(int number, int block, int endBlock) {
      if (band != null
          && band.number == number
          && band.block == block
          && band.endBlock == endBlock) {
        return band;
      }
      end();
      int sample = number / bands;
      int first = begin(number % bands, bands);
      int end = begin(number % bands + 1, bands);
      int read = Math.min(channels, endBlock * BLOCK) - block * BLOCK;
      var rows = Rows.ofBlocks(end - first, read, taps);
      float[] data = engine.scratch().take(Math.toIntExact(rows.floats()));
      gather(data, rows, sample, block, endBlock, first, end);
      band = new Band(number, sample, first, end, block, endBlock, rows, data);
      return band;
    }

    @Override
    public void end() {
      if (band != null) engine.scratch().give(band.data);
      band = null;
    }
  }

  /** Returns the first pixel of a band; bands are of the same number of tiles but for one. */
  private int begin(int band, int bands) {
    return Math.min(pixels, (int) ((long) tiles * band / bands) * tile);
  }

  /** Copies what the pixels from first to end read of some blocks to their rows. */
  private void gather(
      float[] data, Rows rows, int sample, int fromBlock, int toBlock, int first, int end) {
    for (int block = fromBlock; block < toBlock; block++) {
      for (int tap = 0; tap < taps; tap++) {
        int piece = (block - fromBlock) * taps + tap;
        for (int pixel = first; pixel < end; ) {
          int column = pixel % columns;
          int count = Math.min(end - pixel, columns - column);
          int r = pixel / columns * sweep.sourceStepY() + sweep.tapY()[tap];
          int c = column * sweep.sourceStepX() + sweep.tapX()[tap];
          copy(sample, block, r, c, data, ORIGIN + rows.at(piece, pixel - first), count);
          pixel += count;
        }
      }
    }
  }

  /** Copies pixels of one row of the image from column c on, zeros for those outside it. */
  private void copy(int sample, int block, int r, int c, float[] data, int to, int count) {
    int step = sweep.sourceStepX();
    int begin = r < 0 || r >= height ? count : Math.clamp(Math.ceilDiv(-c, step), 0, count);
    int end = Math.clamp(Math.ceilDiv(width - c, step), begin, count);
    for (int i = 0; i < count; i++) {
      if (i == begin) i = end;
      if (i < count) Arrays.fill(data, to + i * ROW, to + i * ROW + BLOCK, 0f);
    }
    if (begin == end) return;
    int pixel = r * width + c + begin * step;
    x.copy(
        engine.kernels(),
        sample,
        block,
        pixel,
        step * BLOCK,
        data,
        to + begin * ROW,
        ROW,
        end - begin);
  }

  /** Computes the outputs of a unit for the pixels of a band. */
  private void multiply(Band band, int unit) {
    int count = band.end - band.first;
    int outputs = Packing.targetBlocks(unit, y.shape().extent(1));
    float[] sums = engine.scratch().take(outputs * count * BLOCK);
    band.rows.multiply(
        engine.kernels(),
        band.data,
        ORIGIN,
        (packing.firstInput()[unit] - band.block) * taps,
        (packing.endInput()[unit] - band.block) * taps,
        0,
        count,
        packing.weights()[unit],
        ORIGIN,
        epilogue.start(),
        2 * unit * BLOCK,
        sums,
        ORIGIN,
        count * BLOCK,
        outputs,
        next(unit));
    if (sweep.stepY() > 1 || sweep.stepX() > 1) {
      // Phases are of sweeps back, which have nothing to finish.
      int area = y.shape().extent(2) * y.shape().extent(3) * BLOCK;
      int first = band.sample * blocks(y.shape().extent(1)) + 2 * unit;
      for (int i = 0; i < outputs; i++) {
        int from = ORIGIN + i * count * BLOCK;
        spread(sums, from, (first + i) * area, band.first, band.end);
      }
    } else {
      epilogue.finishUnit(engine.kernels(), sums, y, band.sample, unit, band.first, count);
    }
    engine.scratch().give(sums);
  }

  /**
   * Returns the weights of the unit that a thread most often multiplies after this; of this one, so
   * that its panels are asked for, if there is none like it. Null where threads of this engine, or
   * others of one thread, may read the same: to ask for a line takes it from other cores.
   */
  private float @Nullable [] next(int unit) {
    boolean alone = whole && engine.threads() > 1 && x.shape().extent(0) == 1;
    if (!alone) return null;
    float[] weights = packing.weights()[unit];
    if (unit + 1 == packing.units()) return weights;
    float[] next = packing.weights()[unit + 1];
    return next.length == weights.length ? next : weights;
  }

  /** Copies sums of the pixels from first to end to where they are in a plane of y. */
  private void spread(float[] sums, int from, int plane, int first, int end) {
    int step = sweep.stepX() * BLOCK;
    for (int pixel = first, count; pixel < end; pixel += count) {
      int column = pixel % columns;
      count = Math.min(end - pixel, columns - column);
      int r = sweep.firstY() + pixel / columns * sweep.stepY();
      int c = sweep.firstX() + column * sweep.stepX();
      int to = plane + (r * y.shape().extent(3) + c) * BLOCK;
      int at = from + (pixel - first) * BLOCK;
      engine.kernels().copyPixels(sums, at, BLOCK, y.data, to, step, count);
    }
  }
}
