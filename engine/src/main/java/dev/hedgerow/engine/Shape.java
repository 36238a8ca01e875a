package dev.hedgerow.engine;

import java.util.Arrays;

/**
 * The extent of a tensor along each of its axes, outermost first; immutable. Images and activations
 * are {@code [N, C, H, W]}.
 */
public final class Shape {
  private final int[] extents;

  private Shape(int[] extents) {
    this.extents = extents;
  }

  /**
   * Returns the shape with the given extents.
   *
   * @throws IllegalArgumentException if an extent is negative or the product exceeds {@code int}
   */
  public static Shape of(int... extents) {
    long size = 1;
    for (int extent : extents) {
      if (extent < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(extents) + " has a negative extent");
      }
      size *= extent;
      if (size > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(extents) + " has more than 2^31-1 elements");
      }
    }
    return new Shape(extents.clone());
  }

  /** Returns the number of axes. */
  public int rank() {
    return extents.length;
  }

  /** Returns the extent of axis {@code axis}; a negative axis counts from the last one. */
  public int extent(int axis) {
    return extents[axis < 0 ? axis + extents.length : axis];
  }

  /** Returns the number of elements: the product of the extents, 1 for a scalar. */
  public int size() {
    int size = 1;
    for (int extent : extents) size *= extent;
    return size;
  }

  /** Returns the extents as a new array. */
  public int[] toArray() {
    return extents.clone();
  }

  /** Returns this shape with the extent of {@code axis} replaced. */
  public Shape with(int axis, int extent) {
    int[] changed = extents.clone();
    changed[axis < 0 ? axis + extents.length : axis] = extent;
    return of(changed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(extents);
  }

  /** Returns the extents in brackets: {@code [1, 3, 224, 224]}. */
  @Override
  public String toString() {
    return Arrays.toString(extents);
  }
}
