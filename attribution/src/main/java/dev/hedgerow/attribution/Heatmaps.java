package dev.hedgerow.attribution;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;

/** From relevance to a map of pixels. */
final class Heatmaps {
  private Heatmaps() {}

  /**
   * Returns {@code Σ_c R_c}, {@code [H, W]}, of the relevance {@code [1, C, H, W]} of one image.
   */
  static Tensor channelSum(Tensor relevance) {
    Shape shape = relevance.shape();
    if (shape.rank() != 4 || shape.extent(0) != 1) {
      throw new IllegalArgumentException("heatmap: relevance is " + shape + ", expected one image");
    }
    int area = shape.extent(2) * shape.extent(3);
    float[] values = relevance.toArray();
    float[] sum = new float[area];
    for (int c = 0; c < shape.extent(1); c++) {
      for (int i = 0; i < area; i++) sum[i] += values[c * area + i];
    }
    return Tensor.of(Shape.of(shape.extent(2), shape.extent(3)), sum);
  }
}
