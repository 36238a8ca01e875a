package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Shape;
import java.util.List;

/** Checks that layers share. */
final class Axes {
  private Axes() {}

  /** Returns the only input. */
  static <T> T only(String kind, List<T> inputs) {
    check(kind, inputs, 1);
    return inputs.getFirst();
  }

  static void check(String kind, List<?> inputs, int expected) {
    if (inputs.size() != expected) {
      throw new IllegalArgumentException(
          kind + ": " + inputs.size() + " inputs, expected " + expected);
    }
  }

  /** Returns {@code axis} counted from the first one; the batch axis is refused. */
  static int inner(String kind, int axis, Shape shape) {
    int counted = axis < 0 ? axis + shape.rank() : axis;
    if (counted < 1 || counted >= shape.rank()) {
      throw new IllegalArgumentException(
          kind + ": axis " + axis + " of input " + shape + ", expected one after the batch axis");
    }
    return counted;
  }

  static int[] toArray(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
