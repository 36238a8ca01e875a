package dev.hedgerow.app;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * A picture.
 *
 * @param pixels {@code [3, H, W]}, red, green, blue, integers 0..255
 * @param warnings what the decoder had to say
 */
record Picture(Tensor pixels, List<String> warnings) {
  Picture {
    warnings = List.copyOf(warnings);
  }

  int height() {
    return pixels.shape().extent(1);
  }

  int width() {
    return pixels.shape().extent(2);
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
    return new Picture(Tensor.of(input.shape(), values), List.of());
  }

  /** Returns the picture, reduced so that no side is longer than {@code longest} pixels. */
  Picture within(Engine engine, int longest) {
    int side = Math.max(height(), width());
    if (side <= longest) return this;
    int height = (int) Math.max(1, Math.rint((double) height() * longest / side));
    int width = (int) Math.max(1, Math.rint((double) width() * longest / side));
    return new Picture(Resize.pillowBilinear(engine, pixels, height, width), warnings);
  }

  /** Returns the pixels as packed RGB {@code 0xRRGGBB}, in row order. */
  int[] packed() {
    Shape shape = pixels.shape();
    int area = shape.extent(1) * shape.extent(2);
    float[] values = pixels.toArray();
    int[] packed = new int[area];
    for (int i = 0; i < area; i++) {
      packed[i] = (int) values[i] << 16 | (int) values[i + area] << 8 | (int) values[i + 2 * area];
    }
    return packed;
  }
}
