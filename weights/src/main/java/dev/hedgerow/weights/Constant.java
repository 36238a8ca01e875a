package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.util.function.IntSupplier;

/** A tensor of a model whose values do not depend on its input. */
sealed interface Constant {
  /** Returns the extents. */
  Shape shape();

  /**
   * Returns the tensor of shape {@code to} whose elements, in row-major order, are those of this
   * one at the positions that {@code source} gives one after the other.
   */
  Constant pick(Shape to, IntSupplier source);

  /** Returns the bytes of one element. */
  int elementSize();

  /** Returns the same elements in row-major order under another shape of the same size. */
  Constant reshape(Shape to);

  /** Floating-point values: weights, mostly. */
  record Reals(Parameter values) implements Constant {
    @Override
    public Shape shape() {
      return values.shape();
    }

    @Override
    public Reals pick(Shape to, IntSupplier source) {
      float[] picked = new float[to.size()];
      for (int i = 0; i < picked.length; i++) picked[i] = values.get(source.getAsInt());
      return new Reals(Parameter.of(to, picked));
    }

    @Override
    public Reals reshape(Shape to) {
      return new Reals(values.reshape(to));
    }

    @Override
    public int elementSize() {
      return Float.BYTES;
    }
  }

  /** Integers or truth values, not to be modified: shapes, axes, positions. */
  record Integers(Shape shape, long... values) implements Constant {
    @Override
    public Integers pick(Shape to, IntSupplier source) {
      long[] picked = new long[to.size()];
      for (int i = 0; i < picked.length; i++) picked[i] = values[source.getAsInt()];
      return new Integers(to, picked);
    }

    @Override
    public Integers reshape(Shape to) {
      return new Integers(to, values);
    }

    @Override
    public int elementSize() {
      return Long.BYTES;
    }
  }
}
