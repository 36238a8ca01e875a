package dev.hedgerow.attribution;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.Arrays;

/**
 * The deterministic filler of the known answers: element i of {@code det(seed, shape)} is {@code
 * (((37·i + 101·seed + 13) mod 41) − 20) / 20}.
 */
final class Det {
  private Det() {}

  static float[] values(int seed, int count, double factor) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (factor * (((37 * i + 101 * seed + 13) % 41) - 20) / 20.0);
    }
    return values;
  }

  static Tensor tensor(int seed, int... extents) {
    Shape shape = Shape.of(extents);
    return Tensor.of(shape, values(seed, shape.size(), 1));
  }

  static Parameter parameter(double factor, int seed, int... extents) {
    Shape shape = Shape.of(extents);
    return Parameter.of(shape, values(seed, shape.size(), factor));
  }

  /** Returns {@code x·factor}, channel by channel. */
  static BatchNormalization normalization(float... factor) {
    Shape shape = Shape.of(factor.length);
    Parameter zero = Parameter.of(shape, new float[factor.length]);
    float[] one = new float[factor.length];
    Arrays.fill(one, 1);
    return BatchNormalization.of(
        Parameter.of(shape, factor), zero, zero, Parameter.of(shape, one), 0);
  }

  static Tensor relu(Tensor x) {
    float[] values = x.toArray();
    for (int i = 0; i < values.length; i++) values[i] = Math.max(values[i], 0);
    return Tensor.of(x.shape(), values);
  }
}
