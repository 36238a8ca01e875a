package dev.hedgerow.attribution.metrics;

import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.Random;

/** Maps and regions of the tests. */
final class Maps {
  private Maps() {}

  static Heatmap map(int height, int width, float... values) {
    return Heatmap.of(Tensor.of(Shape.of(height, width), values));
  }

  /** Returns a map of 0 with a single 1. */
  static Heatmap peak(int height, int width, int y, int x) {
    float[] values = new float[height * width];
    values[y * width + x] = 1;
    return map(height, width, values);
  }

  /** Returns the region of the given pixels, by their index in row order. */
  static Region region(int height, int width, int... pixels) {
    boolean[] inside = new boolean[height * width];
    for (int pixel : pixels) inside[pixel] = true;
    return Region.of(height, width, inside);
  }

  static float[] gaussian(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) values[i] = (float) random.nextGaussian();
    return values;
  }

  /** Returns a random region that is neither empty nor everything, of at least two pixels. */
  static Region region(Random random, int height, int width) {
    boolean[] inside = new boolean[height * width];
    for (int i = 0; i < inside.length; i++) inside[i] = random.nextBoolean();
    inside[0] = true;
    inside[inside.length - 1] = false;
    return Region.of(height, width, inside);
  }
}
