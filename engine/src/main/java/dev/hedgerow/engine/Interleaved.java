package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;
import static dev.hedgerow.engine.kernel.Kernels.ROW;
import static dev.hedgerow.engine.kernel.Kernels.ROW_TERMS;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A convolution of an image of few channels, which would leave most of a block empty. With its
 * pixels interleaved, a row of the window is one run of floats. A task, of some rows of sums, has
 *
 * <pre>
 * image[line][column][channel]            what its sums see of the image and its border of zeros
 *       └─ window's row ──┘
 * rows[pixel][window's row][its floats]   of some pixels at a time; in L2
 * sums[output block][pixel]               rows × weights, of 32 outputs at a time; copied to y
 * </pre>
 *
 * The weights are in that order anyway, and so are the sums.
 *
 * <p>With a max pool after it, a task is of some rows of the pool's windows, and the sums are those
 * that one row of windows sees, of all outputs; their maxima go to y. Rows that the next windows
 * see too are kept.
 */
final class Interleaved {
  /** Most channels that this is for. */
  private static final int CHANNELS = 4;

  /** Most rows of what is pooled that a window may see. */
  private static final int POOLED_ROWS = 4;

  /** Most sums that are kept to be pooled: about half of a core's L2. */
  private static final int POOLED_SUMS = 100_000;

  /**
   * Least rows of windows of a task, if there are as many: the first one's sums overlap another's.
   */
  private static final int LEAST_POOLED = 4;

  /** Floats of the rows that are made at a time, about, with what lies between them. */
  private static final int FLOATS = 40_000;

  /** Least tasks of an image, and of a thread if images are few, if there are as many rows. */
  private static final int TASKS = 4;

  private final Engine engine;
  private final Kernels kernels;
  private final Window window;
  private final float[][] weights;
  private final Tensor x;
  private final Epilogue epilogue;
  private final int channels;

  /** Rows of what an image is convolved to. */
  private final int height;

  /** Columns of it. */
  private final int width;

  /** Floats of a row of the window. */
  private final int piece;

  /** Floats of a line of the image with its border. */
  private final int line;

  private Interleaved(
      Engine engine, Window window, float[][] weights, Tensor x, Shape target, Epilogue epilogue) {
    this.engine = engine;
    this.kernels = engine.kernels();
    this.window = window;
    this.weights = weights;
    this.x = x;
    this.epilogue = epilogue;
    this.channels = x.shape().extent(1);
    this.height = target.extent(2);
    this.width = target.extent(3);
    this.piece = window.width() * channels;
    int lines = (height - 1) * window.strideY() + window.spanY();
    int columns = (width - 1) * window.strideX() + window.spanX();
    if ((double) lines * columns * channels + BLOCK + ORIGIN > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "conv2d: input %s with its padding, %dx%d pixels, is too large"
              .formatted(x.shape(), lines, columns));
    }
    this.line = columns * channels;
  }

  /** Whether this is the way to convolve images of so many channels. */
  static boolean pays(Window window, int channels) {
    return channels <= CHANNELS
        && window.width() > 1
        && window.width() * channels <= ROW_TERMS
        && window.dilationX() == 1;
  }

  /** Whether sums are pooled at once, if {@linkplain #poolsAtOnce not too many}. */
  static boolean takesOver(MaxPool pool) {
    return pool.window().height() <= POOLED_ROWS && pool.window().dilationY() == 1;
  }

  /** Whether the sums that a row of the pool's windows sees are few enough. */
  static boolean poolsAtOnce(MaxPool pool, Shape target) {
    long sums = (long) blocks(target.extent(1)) * BLOCK * target.extent(3);
    return sums * pool.window().height() <= POOLED_SUMS;
  }

  /**
   * Convolves.
   *
   * @param weights for each 32 outputs {@code [output block][tap][channel][output]}, from {@link
   *     Kernels#ORIGIN} on
   * @param target the shape of the sums
   * @param pool null, or one that is {@linkplain #takesOver taken over}, {@linkplain #poolsAtOnce
   *     at once}
   * @param y of the target's shape, or of the pool's
   * @param epilogue one that adds nothing if there is a pool
   * @throws IllegalArgumentException if an image with its border has more floats than an array
   */
  static void run(
      Engine engine,
      Window window,
      float[][] weights,
      Tensor x,
      Shape target,
      @Nullable MaxPool pool,
      Tensor y,
      Epilogue epilogue) {
    var convolution = new Interleaved(engine, window, weights, x, target, epilogue);
    int samples = target.extent(0);
    if (samples == 0) return;
    int rows = y.shape().extent(2);
    int most = pool == null ? rows : Math.ceilDiv(rows, LEAST_POOLED);
    int wanted = Math.max(TASKS, Math.ceilDiv(TASKS * engine.threads(), samples));
    int bands = Math.min(most, wanted);
    MaxPool.@Nullable Windows windows = pool == null ? null : pool.windows(target);
    engine.forEach(
        samples * bands,
        task -> {
          int sample = task / bands;
          int first = (int) ((long) rows * (task % bands) / bands);
          int end = (int) ((long) rows * (task % bands + 1) / bands);
          if (windows == null) {
            convolution.convolve(sample, first, end, y);
          } else {
            convolution.pool(windows, sample, first, end, y);
          }
        });
  }

  /** Computes rows of y. */
  private void convolve(int sample, int firstRow, int endRow, Tensor y) {
    float[] image = interleave(sample, firstRow, endRow);
    int all = (endRow - firstRow) * width;
    int most = pixelsAtOnce(all);
    float[] sums = engine.scratch().take(2 * most * BLOCK);
    for (int first = 0; first < all; first += most) {
      var rows = rows(Math.min(most, all - first));
      float[] data = gather(image, first, rows);
      for (int unit = 0; unit < weights.length; unit++) {
        multiply(unit, rows, data, sums, ORIGIN, rows.pixels() * BLOCK);
        int pixel = firstRow * width + first;
        epilogue.finishUnit(kernels, sums, y, sample, unit, pixel, rows.pixels());
      }
      engine.scratch().give(data);
    }
    engine.scratch().give(sums);
    engine.scratch().give(image);
  }

  /** Computes rows of y, which are rows of windows. */
  private void pool(MaxPool.Windows windows, int sample, int firstRow, int endRow, Tensor y) {
    PoolAxis seen = windows.rows();
    int origin = first(seen, firstRow);
    float[] image = interleave(sample, origin, end(seen, endRow - 1));
    int outputBlocks = blocks(y.shape().extent(1));
    int most = 0;
    for (int i = firstRow; i < endRow; i++) most = Math.max(most, seen.count()[i]);
    int plane = most * width * BLOCK;
    int length = windows.columns().windows() * BLOCK;
    float[] sums = engine.scratch().take(outputBlocks * plane);
    int from = origin;
    int to = origin;
    for (int i = firstRow; i < endRow; i++) {
      int first = first(seen, i);
      int kept = Math.max(0, to - first);
      keep(sums, first - from, kept, outputBlocks, plane);
      from = first;
      to = end(seen, i);
      sums(image, first + kept - origin, to - origin, sums, ORIGIN + kept * width * BLOCK, plane);
      for (int block = 0; block < outputBlocks; block++) {
        int at = ((sample * outputBlocks + block) * seen.windows() + i) * length;
        windows.storeMaxima(kernels, i, sums, ORIGIN + block * plane, y.data, at);
        epilogue.finishInPlace(kernels, y.data, at, length);
      }
    }
    engine.scratch().give(sums);
    engine.scratch().give(image);
  }

  /** Returns the first row that windows see, or one of the image if they see padding alone. */
  private int first(PoolAxis seen, int i) {
    return Math.clamp(seen.first()[i], 0, height);
  }

  /** Returns the row after the last one that windows see. */
  private int end(PoolAxis seen, int i) {
    return first(seen, i) + seen.count()[i];
  }

  /** Moves some rows of the sums of all blocks to their beginning. */
  private void keep(float[] sums, int row, int rows, int outputBlocks, int plane) {
    if (row == 0 || rows == 0) return;
    for (int block = 0; block < outputBlocks; block++) {
      int at = ORIGIN + block * plane;
      System.arraycopy(sums, at + row * width * BLOCK, sums, at, rows * width * BLOCK);
    }
  }

  /** Computes rows of sums, counted from the image's on, {@code [output block][row][column]}. */
  private void sums(float[] image, int fromRow, int toRow, float[] sums, int at, int plane) {
    int all = (toRow - fromRow) * width;
    int most = pixelsAtOnce(all);
    for (int first = 0; first < all; first += most) {
      var rows = rows(Math.min(most, all - first));
      float[] data = gather(image, fromRow * width + first, rows);
      for (int unit = 0; unit < weights.length; unit++) {
        multiply(unit, rows, data, sums, at + 2 * unit * plane + first * BLOCK, plane);
      }
      engine.scratch().give(data);
    }
  }

  /**
   * Returns of how many pixels, out of so many, rows are made at a time: a multiple of the kernel's
   * tile, if at least one fits.
   */
  private int pixelsAtOnce(int pixels) {
    int tile = kernels.tile();
    int most = (int) Math.max(1, FLOATS / rows(1).floats());
    if (most < tile) return most;
    int pieces = Math.max(1, Math.ceilDiv(pixels, most / tile * tile));
    return Math.ceilDiv(Math.ceilDiv(pixels, pieces), tile) * tile;
  }

  private Rows rows(int pixels) {
    return new Rows(pixels, window.height(), piece, 0, piece);
  }

  /** Returns the image's lines that some rows of sums see, to be given back. */
  private float[] interleave(int sample, int fromRow, int toRow) {
    int first = fromRow * window.strideY() - window.top();
    int lines = Math.max(0, toRow - fromRow - 1) * window.strideY() + window.spanY();
    // Copies read whole blocks, beyond the last row of the window too; what is stored too much is
    // overwritten by the next row's, or never read.
    float[] image = engine.scratch().take(lines * line + BLOCK);
    for (int i = 0; i < lines; i++) interleave(sample, first + i, image, i * line);
    return image;
  }

  /** Copies a line, which begins {@code left} columns before x, zeros for what is outside. */
  private void interleave(int sample, int row, float[] image, int at) {
    int columns = line / channels;
    int left = Math.min(window.left(), columns);
    boolean inside = row >= 0 && row < x.shape().extent(2);
    int copied = inside ? Math.min(columns - left, x.shape().extent(3)) : 0;
    int from = x.offset(sample, 0) + row * x.shape().extent(3) * BLOCK;
    int to = at + left * channels;
    // Whole blocks, of which the next pixels overwrite what is too much, up to the end of the line.
    int whole = Math.clamp(Math.floorDiv(at + line - to - BLOCK, channels) + 1, 0, copied);
    kernels.copyPixels(x.data, from, BLOCK, image, to, channels, whole);
    for (int i = whole; i < copied; i++) {
      System.arraycopy(x.data, from + i * BLOCK, image, to + i * channels, channels);
    }
    Arrays.fill(image, at, to, 0f);
    Arrays.fill(image, to + copied * channels, at + line, 0f);
  }

  /** Returns what some pixels, from the image's first one on, read, to be given back. */
  private float[] gather(float[] image, int first, Rows rows) {
    float[] data = engine.scratch().take(Math.toIntExact(rows.floats()));
    int step = window.strideX() * channels;
    for (int i = 0, count; i < rows.pixels(); i += count) {
      int column = (first + i) % width;
      count = Math.min(rows.pixels() - i, width - column);
      int top = (first + i) / width * window.strideY();
      for (int tap = 0; tap < window.height(); tap++) {
        int from = (top + tap * window.dilationY()) * line + column * step;
        int to = ORIGIN + rows.at(tap, i);
        for (int j = 0; j < piece; j += BLOCK) {
          kernels.copyPixels(image, from + j, step, data, to + j, ROW, count);
        }
      }
    }
    return data;
  }

  /** Stores the sums of a unit at {@code sums[at + block·plane + 16·pixel]}. */
  private void multiply(int unit, Rows rows, float[] data, float[] sums, int at, int plane) {
    rows.multiply(
        kernels,
        data,
        ORIGIN,
        0,
        window.height(),
        0,
        rows.pixels(),
        weights[unit],
        ORIGIN,
        epilogue.start(),
        2 * unit * BLOCK,
        sums,
        at,
        plane,
        Packing.targetBlocks(unit, epilogue.start().length),
        null);
  }
}
