package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A tensor in a file: which elements of which storage, in which steps. */
final class StoredTensor {
  /** Tensors of more axes than this are refused, as NumPy refuses them. */
  static final int MOST_AXES = 64;

  private final TensorInfo info;
  private final ElementType type;
  private final ByteOrder order;
  private final Storage storage;
  private final long start;
  private final long[] strides;

  private StoredTensor(
      TensorInfo info,
      ElementType type,
      ByteOrder order,
      Storage storage,
      long start,
      long[] strides) {
    this.info = info;
    this.type = type;
    this.order = order;
    this.storage = storage;
    this.start = start;
    this.strides = strides;
  }

  /**
   * Returns a tensor whose elements lie one after the other in row-major order and fit into the
   * storage.
   *
   * @param start where the first element lies in the storage, in bytes
   */
  static StoredTensor contiguous(
      String name, Shape shape, ElementType type, ByteOrder order, Storage storage, long start) {
    return new StoredTensor(
        info(name, shape, type, storage, start),
        type,
        order,
        storage,
        start,
        contiguousStrides(shape));
  }

  /**
   * Returns a tensor whose elements lie {@code strides} apart along its axes.
   *
   * @param start where the first element lies in the storage, in bytes: at most its size
   * @param strides in elements, as many as {@code shape} has axes; kept, not copied
   * @throws FormatException if a stride is negative or an element lies outside of the storage
   */
  static StoredTensor strided(
      Path file,
      String name,
      Shape shape,
      ElementType type,
      ByteOrder order,
      Storage storage,
      long start,
      long[] strides)
      throws FormatException {
    var info = info(name, shape, type, storage, start);
    if (shape.size() > 0 && !fits(shape, strides, (storage.size() - start) / type.bytes())) {
      throw new FormatException(
          file,
          "elements outside of their storage of " + storage.size() + " bytes",
          "tensor " + name,
          "offset, shape " + shape + " and strides that stay inside");
    }
    return new StoredTensor(info, type, order, storage, start, strides);
  }

  /**
   * Returns the shape with the given extents.
   *
   * @throws FormatException if an extent is negative, or they are too many or too large
   */
  static Shape shape(Path file, String where, long[] extents) throws FormatException {
    if (extents.length > MOST_AXES) {
      throw new FormatException(
          file, "more than " + MOST_AXES + " axes", where, "at most " + MOST_AXES + " axes");
    }
    int[] narrow = new int[extents.length];
    for (int axis = 0; axis < extents.length; axis++) {
      narrow[axis] = (int) extents[axis];
      if (extents[axis] < 0 || extents[axis] != narrow[axis]) {
        throw new FormatException(
            file, "axis " + axis + " has extent " + extents[axis], where, "0 to 2^31-1");
      }
    }
    try {
      return Shape.of(narrow);
    } catch (IllegalArgumentException e) {
      throw new FormatException(file, String.valueOf(e.getMessage()), where, "");
    }
  }

  TensorInfo info() {
    return info;
  }

  ElementType type() {
    return type;
  }

  /**
   * Returns the elements as float32 values.
   *
   * @param file for errors
   */
  Parameter parameter(Path file) throws FormatException {
    Shape shape = info.shape();
    int count = shape.size();
    if (count == 0) return Parameter.of(shape);
    boolean contiguous = isContiguous();
    boolean inPlace = contiguous && type == ElementType.F32 && order == ByteOrder.LITTLE_ENDIAN;
    long memory = storage.expansion() + (inPlace ? 0 : (long) Float.BYTES * count);
    if (!storage.affords(memory)) {
      throw new FormatException(
          file,
          "shape " + shape + " needs " + memory + " bytes, the file holds " + storage.held(),
          "tensor " + info.name(),
          "a tensor that is stored, not one that repeats its elements");
    }
    if (inPlace) {
      var bytes = storage.bytes();
      return Parameter.inPlace(shape, bytes.asSlice(start, (long) Float.BYTES * count));
    }
    float[] values = new float[count];
    int[] to = new int[1];
    this.<FormatException>forEachRun(
        count,
        (bytes, offset, stride, run) -> {
          type.read(bytes, offset, stride, order, values, to[0], run);
          to[0] += run;
        });
    return Parameter.of(shape, values);
  }

  /** Takes elements that lie in equal steps. */
  @FunctionalInterface
  interface Run<E extends IOException> {
    /**
     * Takes {@code count} elements.
     *
     * @param bytes the storage
     * @param offset where the first lies in it, in bytes
     * @param stride from one to the next, in elements
     */
    void take(MemorySegment bytes, long offset, long stride, int count) throws E;
  }

  /**
   * Passes on all elements in row-major order.
   *
   * @param longest how many at once, at most
   * @throws FormatException if their storage is damaged
   * @throws E if that is what {@code run} throws
   */
  <E extends IOException> void forEachRun(int longest, Run<E> run) throws FormatException, E {
    Shape shape = info.shape();
    if (shape.size() == 0) return;
    MemorySegment bytes = storage.bytes();
    if (isContiguous()) {
      forEachPart(bytes, 0, 1, shape.size(), longest, run);
      return;
    }
    int last = shape.rank() - 1;
    int[] index = new int[last];
    long at = 0;
    for (int left = shape.size(); left > 0; left -= shape.extent(last)) {
      forEachPart(bytes, at, strides[last], shape.extent(last), longest, run);
      for (int axis = last - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++index[axis] < shape.extent(axis)) break;
        at -= strides[axis] * shape.extent(axis);
        index[axis] = 0;
      }
    }
  }

  private <E extends IOException> void forEachPart(
      MemorySegment bytes, long at, long stride, int count, int longest, Run<E> run) throws E {
    for (int done = 0; done < count; done += longest) {
      long first = at + done * stride;
      // Elements of less than a byte come in whole bytes.
      run.take(
          bytes, start + first * type.bits() / Byte.SIZE, stride, Math.min(longest, count - done));
    }
  }

  ByteOrder order() {
    return order;
  }

  private static TensorInfo info(
      String name, Shape shape, ElementType type, Storage storage, long start) {
    return new TensorInfo(
        name, shape, type.name(), storage.offset() + (storage.expansion() > 0 ? 0 : start));
  }

  /** Returns whether the elements of a tensor lie within the first {@code count}. */
  private static boolean fits(Shape shape, long[] strides, long count) {
    long room = count - 1;
    for (int axis = 0; axis < shape.rank(); axis++) {
      long steps = shape.extent(axis) - 1L;
      if (strides[axis] < 0 || steps > 0 && strides[axis] > room / steps) return false;
      room -= steps * strides[axis];
    }
    return room >= 0;
  }

  private static long[] contiguousStrides(Shape shape) {
    long[] strides = new long[shape.rank()];
    long stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape.extent(axis);
    }
    return strides;
  }

  private boolean isContiguous() {
    Shape shape = info.shape();
    long stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      if (shape.extent(axis) > 1 && strides[axis] != stride) return false;
      stride *= shape.extent(axis);
    }
    return true;
  }
}
