package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import java.util.Objects;

/**
 * A float32 array with a {@link Shape}.
 *
 * <p>To the outside every tensor is row-major: {@code [N, C, H, W]} for images and activations. A
 * tensor of rank 4 is stored in blocks of 16 channels, {@code [N, ceil(C/16), H, W, 16]}, so that
 * one pixel's channels are one or more whole vectors; the channels beyond C in the last block, its
 * <em>padding lanes</em>, are always zero. Other ranks are stored row-major.
 *
 * <p>Operations return new tensors; a tensor handed out is not written to again, unless an
 * operation's documentation says so.
 */
public final class Tensor {
  /** Channels per block of a stored tensor of rank 4. */
  static final int BLOCK = Kernels.BLOCK;

  private final Shape shape;
  final float[] data;

  Tensor(Shape shape, float[] data) {
    this.shape = shape;
    this.data = data;
    assert data.length == storageSize(shape) : shape + " in " + data.length;
  }

  /** Returns a tensor of zeros. */
  public static Tensor zeros(Shape shape) {
    return new Tensor(shape, new float[storageSize(shape)]);
  }

  /**
   * Returns a tensor with the given values.
   *
   * @param shape the extents
   * @param values row-major values, as many as {@code shape} has; copied
   * @throws IllegalArgumentException if their number differs
   */
  public static Tensor of(Shape shape, float... values) {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException("tensor: " + values.length + " values for shape " + shape);
    }
    Tensor tensor = zeros(shape);
    tensor.set(values);
    return tensor;
  }

  /** Stores row-major values, and leaves padding lanes as they are. */
  private void set(float[] values) {
    if (shape.rank() != 4) {
      System.arraycopy(values, 0, data, 0, values.length);
      return;
    }
    int channels = shape.extent(1);
    int area = shape.extent(2) * shape.extent(3);
    for (int n = 0, at = 0; n < shape.extent(0); n++) {
      for (int c = 0; c < channels; c++) {
        int to = offset(n, c);
        for (int i = 0; i < area; i++, to += BLOCK) data[to] = values[at++];
      }
    }
  }

  /** Returns the extents. */
  public Shape shape() {
    return shape;
  }

  /** Returns the element at the given position, one index an axis. */
  public float get(int... index) {
    if (index.length != shape.rank()) {
      throw new IllegalArgumentException("tensor: " + index.length + " indices for shape " + shape);
    }
    for (int axis = 0; axis < index.length; axis++) {
      if (index[axis] < 0 || index[axis] >= shape.extent(axis)) {
        throw new IndexOutOfBoundsException(
            "tensor: index " + Arrays.toString(index) + " outside shape " + shape);
      }
    }
    if (shape.rank() == 4) {
      return data[offset(index[0], index[1]) + (index[2] * shape.extent(3) + index[3]) * BLOCK];
    }
    int at = 0;
    for (int axis = 0; axis < index.length; axis++) at = at * shape.extent(axis) + index[axis];
    return data[at];
  }

  /** Returns the values as a new row-major array. */
  public float[] toArray() {
    float[] values = new float[shape.size()];
    copy(values);
    return values;
  }

  private void copy(float[] values) {
    if (shape.rank() != 4) {
      System.arraycopy(data, 0, values, 0, values.length);
      return;
    }
    int channels = shape.extent(1);
    int area = shape.extent(2) * shape.extent(3);
    for (int n = 0, at = 0; n < shape.extent(0); n++) {
      for (int c = 0; c < channels; c++) {
        int from = offset(n, c);
        for (int i = 0; i < area; i++, from += BLOCK) values[at++] = data[from];
      }
    }
  }

  /** Returns whether every element is 0. */
  public boolean isZero() {
    for (float value : data) if (value != 0) return false;
    return true;
  }

  /**
   * Returns the same elements in row-major order under another shape; may share storage with this
   * tensor.
   *
   * @throws IllegalArgumentException if the number of elements differs
   */
  public Tensor reshape(Shape to) {
    if (to.size() != shape.size()) {
      throw new IllegalArgumentException("reshape: " + shape + " has not the size of " + to);
    }
    if (to.equals(shape)) return this;
    if (to.rank() != 4 && shape.rank() != 4) return new Tensor(to, data);
    return of(to, toArray());
  }

  /** Returns what {@link #reshape(Shape)} does; a copy is made on the engine. */
  public Tensor reshape(Engine engine, Shape to) {
    if (to.size() != shape.size() || (to.rank() == 4) == (shape.rank() == 4)) return reshape(to);
    Tensor copy = engine.zeros(to);
    if (to.rank() == 4) copy.set(data);
    else copy(copy.data);
    return copy;
  }

  /**
   * Returns a copy of one element of the first axis, that of a batch, as a batch of one.
   *
   * @throws IndexOutOfBoundsException if there is no such element
   */
  public Tensor image(int n) {
    int images = shape.extent(0);
    Objects.checkIndex(n, images);
    int size = data.length / images;
    return new Tensor(shape.with(0, 1), Arrays.copyOfRange(data, n * size, (n + 1) * size));
  }

  @Override
  public String toString() {
    return "Tensor" + shape;
  }

  /** Offset in {@link #data} of channel {@code c} of sample {@code n} at the first position. */
  int offset(int n, int c) {
    int area = shape.extent(2) * shape.extent(3);
    return ((n * blocks(shape.extent(1)) + c / BLOCK) * area) * BLOCK + c % BLOCK;
  }

  /** Number of channel blocks that hold {@code channels} channels. */
  static int blocks(int channels) {
    return Math.ceilDiv(channels, BLOCK);
  }

  /** Number of floats that a tensor of this shape is stored in. */
  static int storageSize(Shape shape) {
    if (shape.rank() != 4) return shape.size();
    long size =
        (long) shape.extent(0)
            * blocks(shape.extent(1))
            * BLOCK
            * shape.extent(2)
            * shape.extent(3);
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("tensor: shape " + shape + " is too large");
    }
    return (int) size;
  }

  /** Zeroes the padding lanes, after an operation that does not map 0 to 0. */
  void clearPaddingLanes() {
    if (shape.rank() != 4) return;
    int channels = shape.extent(1);
    int used = channels % BLOCK;
    if (used == 0) return;
    int area = shape.extent(2) * shape.extent(3);
    for (int n = 0; n < shape.extent(0); n++) {
      int start = offset(n, channels - used);
      for (int i = 0; i < area; i++) {
        Arrays.fill(data, start + i * BLOCK + used, start + (i + 1) * BLOCK, 0f);
      }
    }
  }
}
