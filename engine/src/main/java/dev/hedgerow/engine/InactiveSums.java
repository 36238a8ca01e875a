package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;

/**
 * What a convolution with |w| makes of the indicator of inactive inputs, out of what it made of the
 * active ones:
 *
 * <pre>|w|*[x ≤ 0] = |w|*1 − |w|*[x > 0]</pre>
 *
 * <p>{@code |w|*1} has one value for each output channel wherever the window lies inside the image,
 * so it is computed, of {@code Σ|w|} over the channels, on the smallest image of ones that shows
 * every border. Where the difference is small against its terms, and rounding would be large
 * against it, the few inactive inputs are added up instead; with none the sum is exactly 0.
 */
final class InactiveSums {
  /** Differences of less than this share of {@code |w|*1} are not trusted. */
  private static final float TRUSTED = 1f / 64;

  private final Convolution convolution;
  private final Packing packing;
  private final Tensor x;

  /** For each pixel of x how many of its channels are inactive. */
  private final float[] inactive;

  private InactiveSums(Engine engine, Convolution convolution, Tensor x) {
    this.convolution = convolution;
    this.packing = convolution.packing(engine, WeightView.PLAIN);
    this.x = x;
    this.inactive = count(engine, x);
  }

  /**
   * Returns {@code |w|*[x ≤ 0]}.
   *
   * @param x {@code [1, C, H, W]}; not modified
   * @param active {@code |w|*[x > 0]} as the last sample of {@code [N, O, H', W']}; not modified
   * @return {@code [1, O, H', W']}
   */
  static Tensor of(Engine engine, Convolution convolution, Tensor x, Tensor active) {
    Window window = convolution.window();
    Shape input = x.shape();
    Shape output = active.shape().with(0, 1);
    Axis rows =
        Axis.of(input.extent(2), output.extent(2), window.strideY(), window.top(), window.spanY());
    Axis columns =
        Axis.of(input.extent(3), output.extent(3), window.strideX(), window.left(), window.spanX());
    Tensor ones = engine.tensor(Shape.of(1, 1, rows.extent, columns.extent));
    Arrays.fill(ones.data, 1f);
    ones.clearPaddingLanes();
    Tensor all = convolution.magnitudeSums(engine).forward(engine, WeightView.PLAIN, ones);
    engine.recycle(ones);
    var sums = new InactiveSums(engine, convolution, x);
    Tensor z = engine.tensor(output);
    int first = active.data.length - z.data.length;
    int width = columns.small.length;
    int smallWidth = all.shape().extent(3);
    int smallArea = all.shape().extent(2) * smallWidth;
    Kernels kernels = engine.kernels();
    engine.forEach(
        blocks(output.extent(1)),
        block -> {
          for (int row = 0; row < rows.small.length; row++) {
            int at = (block * rows.small.length + row) * width * BLOCK;
            int from = (block * smallArea + rows.small[row] * smallWidth) * BLOCK;
            for (int column = 0; column < width; ) {
              int run = columns.run(column);
              int pixel = at + column * BLOCK;
              int trusted =
                  kernels.subtractPixels(
                      all.data,
                      from + columns.small[column] * BLOCK,
                      0,
                      active.data,
                      first + pixel,
                      z.data,
                      pixel,
                      run,
                      TRUSTED);
              column += trusted;
              if (trusted == run) continue;
              sums.add(block, row, column, z.data, at + column * BLOCK);
              column++;
            }
          }
        });
    engine.recycle(all);
    engine.scratch().give(sums.inactive);
    return z;
  }

  /** Stores one output pixel's sums over its inactive inputs, with the weights that are packed. */
  private void add(int block, int row, int column, float[] z, int at) {
    Window window = convolution.window();
    int taps = window.height() * window.width();
    int height = x.shape().extent(2);
    int width = x.shape().extent(3);
    Arrays.fill(z, at, at + BLOCK, 0f);
    for (int tap = 0; tap < taps; tap++) {
      int y = row * window.strideY() - window.top() + tap / window.width() * window.dilationY();
      int c = column * window.strideX() - window.left() + tap % window.width() * window.dilationX();
      if (y < 0 || y >= height || c < 0 || c >= width) continue;
      int pixel = y * width + c;
      if (inactive[pixel] == 0) continue;
      if (convolution.isDepthwise()) {
        addDepthwise(block, tap, pixel, z, at);
      } else {
        addTap(block, tap, taps, pixel, z, at);
      }
    }
  }

  private void addTap(int block, int tap, int taps, int pixel, float[] z, int at) {
    int unit = block / 2;
    float[] w = packing.weights()[unit];
    int first = packing.firstInput()[unit] * BLOCK;
    int end = Math.min(x.shape().extent(1), packing.endInput()[unit] * BLOCK);
    int from = ORIGIN + block % 2 * (end - first) * taps * BLOCK;
    for (int source = first, next; source < end; source = next) {
      next = Math.min(end, source + BLOCK);
      int inputs = x.offset(0, source) + pixel * BLOCK;
      int weights = from + ((source - first) * taps + tap * (next - source)) * BLOCK;
      for (int i = 0; i < next - source; i++, weights += BLOCK) {
        if (!(x.data[inputs + i] <= 0)) continue;
        for (int lane = 0; lane < BLOCK; lane++) z[at + lane] += Math.abs(w[weights + lane]);
      }
    }
  }

  private void addDepthwise(int block, int tap, int pixel, float[] z, int at) {
    float[] w = packing.weights()[block];
    int inputs = x.offset(0, block * BLOCK) + pixel * BLOCK;
    for (int lane = 0; lane < BLOCK; lane++) {
      if (x.data[inputs + lane] <= 0) z[at + lane] += Math.abs(w[ORIGIN + tap * BLOCK + lane]);
    }
  }

  private static float[] count(Engine engine, Tensor x) {
    int channels = x.shape().extent(1);
    int width = x.shape().extent(3);
    int length = width * BLOCK;
    int padding = blocks(channels) * BLOCK - channels;
    float[] count = engine.scratch().take(x.shape().extent(2) * width);
    engine.forEach(
        x.shape().extent(2),
        row -> {
          float[] sums = engine.scratch().take(length);
          float[] values = engine.scratch().take(length);
          Arrays.fill(sums, 0, length, 0f);
          for (int block = 0; block < blocks(channels); block++) {
            System.arraycopy(x.data, x.offset(0, block * BLOCK) + row * length, values, 0, length);
            addInactive(values, sums, length);
          }
          for (int c = 0; c < width; c++) {
            float sum = -padding;
            for (int i = c * BLOCK; i < (c + 1) * BLOCK; i++) sum += sums[i];
            count[row * width + c] = sum;
          }
          engine.scratch().give(values);
          engine.scratch().give(sums);
        });
    return count;
  }

  private static void addInactive(float[] x, float[] sums, int length) {
    for (int i = 0; i < length; i++) sums[i] += 1f - Elementwise.isPositive(x[i]);
  }

  /**
   * One axis of the smallest image on which every place of the window relative to the borders
   * occurs.
   *
   * @param extent of that image
   * @param small for each output place the one there with the same value
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Axis(int extent, int[] small) {
    static Axis of(int extent, int outputs, int stride, int before, int span) {
      int first = Math.ceilDiv(before, stride);
      int last = Math.floorDiv(extent - span + before, stride);
      int left = Math.max(0, last - first);
      int[] small = new int[outputs];
      for (int i = 0; i < outputs; i++) small[i] = i <= first ? i : Math.max(first, i - left);
      return new Axis(extent - left * stride, small);
    }

    /** Returns how many places from this one on have the same value. */
    int run(int place) {
      int end = place;
      while (end < small.length && small[end] == small[place]) end++;
      return end - place;
    }
  }
}
