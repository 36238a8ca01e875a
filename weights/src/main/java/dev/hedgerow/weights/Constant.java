package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;

/** A tensor of a model whose values do not depend on its input. */
sealed interface Constant {
  /** Returns the extents. */
  Shape shape();

  /**
   * Returns the tensor of shape {@code to} whose element i is this one's element {@code source[i]},
   * both counted in row-major order.
   */
  Constant pick(Shape to, int[] source);

  /** Returns the same elements in row-major order under another shape of the same size. */
  Constant reshape(Shape to);

  /** Floating-point values: weights, mostly. */
  record Reals(Parameter values) implements Constant {
    @Override
    public Shape shape() {
      return values.shape();
    }

    @Override
    public Reals pick(Shape to, int[] source) {
      float[] picked = new float[source.length];
      for (int i = 0; i < picked.length; i++) picked[i] = values.get(source[i]);
      return new Reals(Parameter.of(to, picked));
    }

    @Override
    public Reals reshape(Shape to) {
      return new Reals(values.reshape(to));
    }
  }

  /** Integers or truth values, not to be modified: shapes, axes, positions. */
  record Integers(Shape shape, long... values) implements Constant {
    @Override
    public Integers pick(Shape to, int[] source) {
      long[] picked = new long[source.length];
      for (int i = 0; i < picked.length; i++) picked[i] = values[source[i]];
      return new Integers(to, picked);
    }

    @Override
    public Integers reshape(Shape to) {
      return new Integers(to, values);
    }
  }
}
