package dev.hedgerow.app;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * A picture.
 *
 * @param rgb red, green and blue of each pixel, in row order; a byte each, since pictures are large
 *     and floats would take four times as much
 * @param warnings what the decoder had to say
 */
record Picture(int height, int width, byte[] rgb, List<String> warnings) {
  private static final int CHANNELS = 3;

  /** How many pixels are turned to floats at once, at least a row. */
  private static final int BAND = 1 << 20;

  Picture {
    warnings = List.copyOf(warnings);
  }

  /**
   * Returns a picture of what a network read: the smallest value becomes 0, the largest 255.
   *
   * @param input {@code [3, H, W]} in any unit
   */
  static Picture of(Tensor input) {
    float[] values = input.toArray();
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    double scale = high > low ? 255.0 / ((double) high - low) : 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.rint(((double) values[i] - low) * scale);
    }
    return of(input.shape(), values, List.of());
  }

  /** Returns a picture of whole numbers 0..255 in {@code [3, H, W]}. */
  private static Picture of(Shape shape, float[] levels, List<String> warnings) {
    int area = shape.extent(1) * shape.extent(2);
    byte[] rgb = new byte[CHANNELS * area];
    for (int c = 0; c < CHANNELS; c++) {
      for (int i = 0; i < area; i++) rgb[CHANNELS * i + c] = (byte) (int) levels[c * area + i];
    }
    return new Picture(shape.extent(1), shape.extent(2), rgb, warnings);
  }

  /** Returns some rows as whole numbers 0..255 in {@code [3, rows, W]}. */
  private Tensor rows(int first, int rows) {
    int area = rows * width;
    float[] levels = new float[CHANNELS * area];
    for (int c = 0; c < CHANNELS; c++) {
      for (int i = 0; i < area; i++) {
        levels[c * area + i] = rgb[CHANNELS * (first * width + i) + c] & 255;
      }
    }
    return Tensor.of(Shape.of(CHANNELS, rows, width), levels);
  }

  /** Returns the pixels as whole numbers 0..255 in {@code [3, H, W]}. */
  Tensor pixels() {
    return rows(0, height);
  }

  /**
   * Returns the picture resized as Pillow does it with {@code BILINEAR}.
   *
   * <p>Pillow resizes each row before it mixes rows, so band after band of rows is turned to floats
   * and made narrow; the picture as a whole never is.
   *
   * @return {@code [3, toHeight, toWidth]}, whole numbers 0..255
   */
  Tensor resized(Engine engine, int toHeight, int toWidth) {
    float[] narrow = new float[Math.multiplyExact(CHANNELS * toWidth, height)];
    int band = Math.max(1, BAND / width);
    for (int y = 0; y < height; y += band) {
      int rows = Math.min(band, height - y);
      float[] levels = Resize.pillowBilinear(engine, rows(y, rows), rows, toWidth).toArray();
      for (int c = 0; c < CHANNELS; c++) {
        System.arraycopy(
            levels, c * rows * toWidth, narrow, (c * height + y) * toWidth, rows * toWidth);
      }
    }
    Tensor pixels = Tensor.of(Shape.of(CHANNELS, height, toWidth), narrow);
    return Resize.pillowBilinear(engine, pixels, toHeight, toWidth);
  }

  /** Returns the picture, reduced so that no side is longer than {@code longest} pixels. */
  Picture within(Engine engine, int longest) {
    int side = Math.max(height, width);
    if (side <= longest) return this;
    int toHeight = (int) Math.max(1, Math.rint((double) height * longest / side));
    int toWidth = (int) Math.max(1, Math.rint((double) width * longest / side));
    Tensor resized = resized(engine, toHeight, toWidth);
    return of(resized.shape(), resized.toArray(), warnings);
  }

  /** Returns the pixels as packed RGB {@code 0xRRGGBB}, in row order. */
  int[] packed() {
    int[] packed = new int[height * width];
    for (int i = 0; i < packed.length; i++) {
      int at = CHANNELS * i;
      packed[i] = (rgb[at] & 255) << 16 | (rgb[at + 1] & 255) << 8 | rgb[at + 2] & 255;
    }
    return packed;
  }
}
