package dev.hedgerow.test;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.util.Random;

/** Random weights of networks, the same for the same name. */
final class HeWeights {
  private HeWeights() {}

  /** Returns Gaussian weights, scaled as He et al. (2015) do it, and norms that are not alike. */
  static Parameter of(String name, Shape shape) {
    var random = new Random(name.hashCode());
    float[] values = new float[shape.size()];
    double spread = shape.rank() == 1 ? 0.1 : Math.sqrt(2.0 * shape.extent(0) / shape.size());
    boolean factor = shape.rank() == 1 && (name.endsWith("weight") || name.endsWith("var"));
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((factor ? 1 : 0) + spread * random.nextGaussian());
    }
    return Parameter.of(shape, values);
  }
}
