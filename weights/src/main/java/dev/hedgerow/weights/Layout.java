package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.util.Arrays;

/**
 * How the values of a stored tensor are arranged anew: position {@code (i, j, ...)} of {@code
 * extents} reads the stored value number {@code start + i·strides[0] + j·strides[1] + ...}; what
 * comes out is called {@code shape}.
 */
final class Layout {
  /** Rows of the result that are read together: a cache line of float32. */
  private static final int BLOCK = 16;

  private final Shape shape;
  private final int[] extents;
  private final int[] strides;
  private final int start;

  private Layout(Shape shape, int[] extents, int[] strides, int start) {
    this.shape = shape;
    this.extents = extents;
    this.strides = strides;
    this.start = start;
  }

  /** Returns the layout of a tensor as it is stored, in row-major order. */
  static Layout of(Shape stored) {
    int[] extents = stored.toArray();
    int[] strides = new int[extents.length];
    int stride = 1;
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= extents[axis];
    }
    return new Layout(stored, extents, strides, 0);
  }

  /**
   * Returns this layout with its axes in another order: axis k of the result is {@code axes[k]}.
   */
  Layout permuted(int... axes) {
    return new Layout(
        Shape.of(Arrays.stream(axes).map(axis -> extents[axis]).toArray()),
        Arrays.stream(axes).map(axis -> extents[axis]).toArray(),
        Arrays.stream(axes).map(axis -> strides[axis]).toArray(),
        start);
  }

  /** Returns this layout with one axis backwards. */
  Layout flipped(int axis) {
    int[] backwards = strides.clone();
    backwards[axis] = -backwards[axis];
    return new Layout(shape, extents, backwards, start + (extents[axis] - 1) * strides[axis]);
  }

  /**
   * Returns this layout with another name for the shape of its result, which has as many values.
   */
  Layout reshaped(Shape to) {
    return new Layout(to, extents, strides, start);
  }

  /** Returns the shape of the result. */
  Shape shape() {
    return shape;
  }

  /** Returns the values of a stored tensor so arranged: in place if they are already. */
  Parameter apply(Parameter stored) {
    if (isStoredOrder()) return stored.reshape(shape);
    float[] values = new float[shape.size()];
    if (values.length == 0) return Parameter.of(shape, values);
    int rows = extents[0];
    int columns = values.length / rows;
    if (strides[0] == 1) {
      readColumns(stored, values, rows, columns);
    } else {
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          values[row * columns + column] = stored.get(position(column) + row * strides[0]);
        }
      }
    }
    return Parameter.of(shape, values);
  }

  /** Reads whole columns, which lie together, some side by side. */
  private void readColumns(Parameter stored, float[] values, int rows, int columns) {
    float[] block = new float[BLOCK * rows];
    for (int first = 0; first < columns; first += BLOCK) {
      int count = Math.min(BLOCK, columns - first);
      for (int i = 0; i < count; i++) stored.copy(position(first + i), block, i * rows, rows);
      for (int row = 0; row < rows; row++) {
        int at = row * columns + first;
        for (int i = 0; i < count; i++) values[at + i] = block[i * rows + row];
      }
    }
  }

  /** Returns where the value of a column of the first row is stored. */
  private int position(int column) {
    int position = start;
    for (int axis = extents.length - 1; axis > 0; axis--) {
      position += column % extents[axis] * strides[axis];
      column /= extents[axis];
    }
    return position;
  }

  private boolean isStoredOrder() {
    int stride = 1;
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      if (extents[axis] > 1 && strides[axis] != stride) return false;
      stride *= extents[axis];
    }
    return start == 0;
  }
}
