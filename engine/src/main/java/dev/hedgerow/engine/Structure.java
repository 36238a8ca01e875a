package dev.hedgerow.engine;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Operations that move elements and compute nothing. */
public final class Structure {
  private static final int BLOCK = Tensor.BLOCK;

  private Structure() {}

  /**
   * Returns tensors joined along an axis.
   *
   * @param parts at least one, of the same shape but for the extent of {@code axis}; not modified
   * @param axis a negative axis counts from the last one
   */
  public static Tensor concat(Engine engine, List<Tensor> parts, int axis) {
    Shape shape = concatShape(parts.stream().map(Tensor::shape).toList(), axis);
    int along = axis < 0 ? axis + shape.rank() : axis;
    Tensor joined = engine.zeros(shape);
    int[] zeros = new int[shape.rank()];
    int[] ones = ones(shape.rank());
    int at = 0;
    for (Tensor part : parts) {
      int[] to = zeros.clone();
      to[along] = at;
      copy(engine, part, zeros, ones, joined, to, ones, part.shape().toArray());
      at += part.shape().extent(along);
    }
    return joined;
  }

  /**
   * Returns the shape of tensors of the given shapes joined along an axis.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public static Shape concatShape(List<Shape> parts, int axis) {
    if (parts.isEmpty()) throw new IllegalArgumentException("concat: no input");
    Shape first = parts.getFirst();
    int rank = first.rank();
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException("concat: axis " + axis + " of input " + first);
    }
    int extent = 0;
    for (Shape part : parts) {
      if (part.rank() != rank || !part.with(axis, 0).equals(first.with(axis, 0))) {
        throw new IllegalArgumentException(
            "concat: inputs are "
                + first
                + " and "
                + part
                + ", expected the same but for axis "
                + axis);
      }
      extent = Math.addExact(extent, part.extent(axis));
    }
    return first.with(axis, extent);
  }

  /**
   * Returns tensors joined along the first axis, the batch.
   *
   * @param parts at least one, of the same shape but for the extent of the first axis; not modified
   */
  public static Tensor stack(List<Tensor> parts) {
    Shape shape = concatShape(parts.stream().map(Tensor::shape).toList(), 0);
    Tensor joined = Tensor.zeros(shape);
    int at = 0;
    for (Tensor part : parts) {
      System.arraycopy(part.data, 0, joined.data, at, part.data.length);
      at += part.data.length;
    }
    return joined;
  }

  /**
   * Returns every {@code steps}-th element from {@code starts} up to, not including, {@code ends}.
   *
   * @param x any shape; not modified
   * @param starts for each axis, at least 0
   * @param ends for each axis, at most the extent
   * @param steps for each axis, at least 1
   */
  public static Tensor slice(Engine engine, Tensor x, int[] starts, int[] ends, int[] steps) {
    Shape shape = sliceShape(x.shape(), starts, ends, steps);
    Tensor y = engine.zeros(shape);
    int rank = shape.rank();
    copy(engine, x, starts, steps, y, new int[rank], ones(rank), shape.toArray());
    return y;
  }

  /**
   * Returns the shape of a slice.
   *
   * @throws IllegalArgumentException if it is not inside {@code input}
   */
  public static Shape sliceShape(Shape input, int[] starts, int[] ends, int[] steps) {
    int rank = input.rank();
    if (starts.length != rank || ends.length != rank || steps.length != rank) {
      throw new IllegalArgumentException(
          "slice: input is " + input + " but " + starts.length + " axes are given");
    }
    int[] extents = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      if (starts[axis] < 0 || ends[axis] > input.extent(axis) || steps[axis] < 1) {
        throw new IllegalArgumentException(
            "slice: "
                + starts[axis]
                + ":"
                + ends[axis]
                + ":"
                + steps[axis]
                + " of axis "
                + axis
                + " of "
                + input);
      }
      extents[axis] = Math.ceilDiv(Math.max(0, ends[axis] - starts[axis]), steps[axis]);
    }
    return Shape.of(extents);
  }

  /**
   * Returns a tensor of zeros with s where {@link #slice} took its elements from: its adjoint.
   *
   * @param s of the slice's shape; not modified
   * @param input the shape of the result
   */
  public static Tensor sliceReverse(
      Engine engine, Tensor s, Shape input, int[] starts, int[] ends, int[] steps) {
    Shape expected = sliceShape(input, starts, ends, steps);
    UniformPool.checkReverse("slice", s, input, expected);
    Tensor x = Tensor.zeros(input);
    int rank = input.rank();
    copy(engine, s, new int[rank], ones(rank), x, starts, steps, expected.toArray());
    return x;
  }

  /**
   * Returns x with a border. A negative width cuts off.
   *
   * @param x any shape; not modified
   * @param before for each axis, elements added before the first
   * @param after for each axis, elements added after the last
   * @param value the value of the border
   */
  public static Tensor pad(Engine engine, Tensor x, int[] before, int[] after, float value) {
    Shape shape = padShape(x.shape(), before, after);
    Tensor y = engine.zeros(shape);
    if (value != 0) {
      Arrays.fill(y.data, value);
      y.clearPaddingLanes();
    }
    int rank = shape.rank();
    int[] from = new int[rank];
    int[] to = new int[rank];
    int[] extents = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      from[axis] = Math.max(0, -before[axis]);
      to[axis] = Math.max(0, before[axis]);
      extents[axis] = Math.max(0, x.shape().extent(axis) - from[axis] - Math.max(0, -after[axis]));
    }
    copy(engine, x, from, ones(rank), y, to, ones(rank), extents);
    return y;
  }

  /**
   * Returns the shape of a padded tensor.
   *
   * @throws IllegalArgumentException if an extent would be negative
   */
  public static Shape padShape(Shape input, int[] before, int[] after) {
    int rank = input.rank();
    if (before.length != rank || after.length != rank) {
      throw new IllegalArgumentException(
          "pad: input is " + input + " but " + before.length + " axes are given");
    }
    int[] extents = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      extents[axis] = Math.addExact(Math.addExact(input.extent(axis), before[axis]), after[axis]);
    }
    return Shape.of(extents);
  }

  /**
   * Returns x with its axes reordered: axis i of the result is axis {@code permutation[i]} of x.
   *
   * @param x any shape; not modified
   */
  public static Tensor transpose(Tensor x, int[] permutation) {
    Shape shape = transposeShape(x.shape(), permutation);
    int rank = shape.rank();
    int[] strides = new int[rank];
    for (int axis = rank - 1, stride = 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= x.shape().extent(axis);
    }
    float[] from = x.toArray();
    float[] to = new float[from.length];
    int[] index = new int[rank];
    for (int i = 0, at = 0; i < to.length; i++) {
      to[i] = from[at];
      for (int axis = rank - 1; axis >= 0; axis--) {
        int stride = strides[permutation[axis]];
        at += stride;
        if (++index[axis] < shape.extent(axis)) break;
        at -= index[axis] * stride;
        index[axis] = 0;
      }
    }
    return Tensor.of(shape, to);
  }

  /**
   * Returns the shape of a transposed tensor.
   *
   * @throws IllegalArgumentException if {@code permutation} does not name each axis once
   */
  public static Shape transposeShape(Shape input, int[] permutation) {
    int[] sorted = permutation.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, IntStream.range(0, input.rank()).toArray())) {
      throw new IllegalArgumentException(
          "transpose: input is %s but the permutation is %s"
              .formatted(input, Arrays.toString(permutation)));
    }
    return Shape.of(Arrays.stream(permutation).map(input::extent).toArray());
  }

  private static int[] ones(int rank) {
    int[] ones = new int[rank];
    Arrays.fill(ones, 1);
    return ones;
  }

  /**
   * Copies a box of elements: position {@code from + i·fromStep} of x goes to {@code to + i·toStep}
   * of y, for every i below {@code extents}.
   */
  private static void copy(
      Engine engine,
      Tensor x,
      int[] from,
      int[] fromStep,
      Tensor y,
      int[] to,
      int[] toStep,
      int[] extents) {
    if (Shape.of(extents).size() == 0) return;
    if (x.shape().rank() != 4) {
      copyRowMajor(x, from, fromStep, y, to, toStep, extents, 0, 0, 0);
      return;
    }
    boolean together = fromStep[1] == 1 && toStep[1] == 1;
    int tasks = Tensor.blocks(extents[1]);
    engine.forEach(
        extents[0] * tasks,
        task -> {
          int n = task / tasks;
          int first = task % tasks * BLOCK;
          int end = Math.min(first + BLOCK, extents[1]);
          // Channels that share a block in x and in y move together.
          for (int c = first, lanes; c < end; c += lanes) {
            int room = Math.min(BLOCK - (from[1] + c) % BLOCK, BLOCK - (to[1] + c) % BLOCK);
            lanes = together ? Math.min(room, end - c) : 1;
            copyPixels(
                x,
                x.offset(from[0] + n * fromStep[0], from[1] + c * fromStep[1]),
                from,
                fromStep,
                y,
                y.offset(to[0] + n * toStep[0], to[1] + c * toStep[1]),
                to,
                toStep,
                extents,
                lanes);
          }
        });
  }

  /** Copies {@code lanes} channels of every pixel of the box, given both channels' offsets. */
  private static void copyPixels(
      Tensor x,
      int xAt,
      int[] from,
      int[] fromStep,
      Tensor y,
      int yAt,
      int[] to,
      int[] toStep,
      int[] extents,
      int lanes) {
    int columns = extents[3];
    int xStep = fromStep[3] * BLOCK;
    int yStep = toStep[3] * BLOCK;
    boolean whole = lanes == BLOCK && xStep == BLOCK && yStep == BLOCK;
    for (int row = 0; row < extents[2]; row++) {
      int i = xAt + ((from[2] + row * fromStep[2]) * x.shape().extent(3) + from[3]) * BLOCK;
      int j = yAt + ((to[2] + row * toStep[2]) * y.shape().extent(3) + to[3]) * BLOCK;
      if (whole) {
        System.arraycopy(x.data, i, y.data, j, columns * BLOCK);
        continue;
      }
      for (int column = 0; column < columns; column++, i += xStep, j += yStep) {
        for (int lane = 0; lane < lanes; lane++) y.data[j + lane] = x.data[i + lane];
      }
    }
  }

  private static void copyRowMajor(
      Tensor x,
      int[] from,
      int[] fromStep,
      Tensor y,
      int[] to,
      int[] toStep,
      int[] extents,
      int axis,
      int xAt,
      int yAt) {
    if (axis == extents.length) {
      y.data[yAt] = x.data[xAt];
      return;
    }
    for (int i = 0; i < extents[axis]; i++) {
      copyRowMajor(
          x,
          from,
          fromStep,
          y,
          to,
          toStep,
          extents,
          axis + 1,
          xAt * x.shape().extent(axis) + from[axis] + i * fromStep[axis],
          yAt * y.shape().extent(axis) + to[axis] + i * toStep[axis]);
    }
  }
}
