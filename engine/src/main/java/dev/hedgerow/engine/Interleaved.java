package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;
import static dev.hedgerow.engine.kernel.Kernels.ROW;
import static dev.hedgerow.engine.kernel.Kernels.ROW_TERMS;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;

/**
 * A convolution of an image of few channels, which would leave most of a block empty. With its
 * pixels interleaved, a row of the window is one run of floats:
 *
 * <pre>
 * image[row][column][channel]             with its border of zeros
 *       └─ window's row ──┘
 * rows[pixel][window's row][its floats]   of the outputs of a task; in L2
 * sums[output block][pixel]               of 32 outputs at a time: rows × weights; copied to y
 * </pre>
 *
 * The weights are in that order anyway, and so are the sums.
 */
final class Interleaved {
  /** Most channels that this is for. */
  private static final int CHANNELS = 4;

  /** Rows of the image of a task that copies them. */
  private static final int COPIED_ROWS = 16;

  /** Floats of a task's rows, about, with what lies between them. */
  private static final int FLOATS = 40_000;

  /** Least number of tasks for an image, if it has as many pixels. */
  private static final int TASKS = 8;

  private Interleaved() {}

  /** Whether this is the way to convolve images of so many channels. */
  static boolean pays(Window window, int channels) {
    return channels <= CHANNELS
        && window.width() > 1
        && window.width() * channels <= ROW_TERMS
        && window.dilationX() == 1;
  }

  /**
   * Convolves.
   *
   * @param weights for each 32 outputs {@code [output block][tap][channel][output]}, from {@link
   *     Kernels#ORIGIN} on
   * @throws IllegalArgumentException if the images with their borders have more floats than an
   *     array
   */
  static void run(
      Engine engine, Window window, float[][] weights, Tensor x, Tensor y, Epilogue epilogue) {
    int channels = x.shape().extent(1);
    int samples = x.shape().extent(0);
    int outputHeight = y.shape().extent(2);
    int outputWidth = y.shape().extent(3);
    int height = (outputHeight - 1) * window.strideY() + window.spanY();
    int width = (outputWidth - 1) * window.strideX() + window.spanX();
    if ((double) samples * height * width * channels + BLOCK + ORIGIN > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "conv2d: input %s with its padding, %dx%d pixels, is too large"
              .formatted(x.shape(), height, width));
    }
    int line = width * channels;
    // Copies read whole blocks, beyond the last row of the window too; what is stored too much is
    // overwritten by the next row's, or never read.
    float[] image = engine.scratch().take(samples * height * line + BLOCK);
    int copies = Math.ceilDiv(height, COPIED_ROWS);
    engine.forEach(
        samples * copies,
        task -> {
          int sample = task / copies;
          int first = task % copies * COPIED_ROWS;
          for (int row = first; row < Math.min(height, first + COPIED_ROWS); row++) {
            int to = (sample * height + row) * line;
            interleave(x, sample, row - window.top(), window.left(), width, image, to);
          }
        });
    int run = window.width() * channels;
    Kernels kernels = engine.kernels();
    int outputBlocks = blocks(y.shape().extent(1));
    int area = outputHeight * outputWidth;
    long each = new Rows(1, window.height(), run, 0, run).floats();
    long most = FLOATS / each;
    if (most > kernels.tile()) most -= most % kernels.tile();
    int perTask = Math.clamp(most, 1, Math.ceilDiv(area, TASKS));
    var rows = new Rows(perTask, window.height(), run, 0, run);
    int bands = Math.ceilDiv(area, perTask);
    int step = window.strideX() * channels;
    engine.forEach(
        samples * bands,
        task -> {
          int sample = task / bands;
          int first = task % bands * perTask;
          int end = Math.min(area, first + perTask);
          float[] data = engine.scratch().take(Math.toIntExact(rows.floats()));
          for (int pixel = first, count; pixel < end; pixel += count) {
            int column = pixel % outputWidth;
            count = Math.min(end - pixel, outputWidth - column);
            int top = sample * height + pixel / outputWidth * window.strideY();
            for (int tap = 0; tap < window.height(); tap++) {
              int from = (top + tap * window.dilationY()) * line + column * step;
              int to = ORIGIN + rows.at(tap, pixel - first);
              for (int i = 0; i < run; i += BLOCK) {
                kernels.copyPixels(image, from + i, step, data, to + i, ROW, count);
              }
            }
          }
          int pixels = end - first;
          float[] sums = engine.scratch().take(2 * pixels * BLOCK);
          for (int unit = 0; unit < weights.length; unit++) {
            rows.multiply(
                kernels,
                data,
                ORIGIN,
                0,
                window.height(),
                0,
                pixels,
                weights[unit],
                ORIGIN,
                epilogue.start(),
                2 * unit * BLOCK,
                sums,
                ORIGIN,
                Math.min(2, outputBlocks - 2 * unit));
            epilogue.finishBlocks(kernels, sums, y, sample, 2 * unit, first, pixels);
          }
          engine.scratch().give(sums);
          engine.scratch().give(data);
        });
    engine.scratch().give(image);
  }

  /** Copies a row that begins {@code left} columns before x, zeros for what is outside. */
  private static void interleave(
      Tensor x, int sample, int row, int left, int width, float[] image, int at) {
    int channels = x.shape().extent(1);
    boolean inside = row >= 0 && row < x.shape().extent(2);
    int columns = inside ? Math.clamp(width - left, 0, x.shape().extent(3)) : 0;
    int from = x.offset(sample, 0) + row * x.shape().extent(3) * BLOCK;
    int to = at + Math.min(left, width) * channels;
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < columns; i++) image[to + i * channels + c] = x.data[from + i * BLOCK + c];
    }
    Arrays.fill(image, at, to, 0f);
    Arrays.fill(image, to + columns * channels, at + width * channels, 0f);
  }
}
