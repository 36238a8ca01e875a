package dev.hedgerow.engine;

import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The learned values of a layer: immutable float32 numbers in row-major order, either in the heap
 * or in place in a mapped file, so that a network of half a gigabyte is not copied before it runs.
 */
public final class Parameter {
  private static final ValueLayout.OfFloat LITTLE_ENDIAN =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Values that a task copies. */
  private static final int COPIED = 1 << 18;

  private final Shape shape;
  private final MemorySegment values;
  private final ValueLayout.OfFloat layout;

  /** Whether values are of a file that nobody writes to through this mapping. */
  private final boolean ofFile;

  private Parameter(Shape shape, MemorySegment values, ValueLayout.OfFloat layout, boolean ofFile) {
    this.shape = shape;
    this.values = values;
    this.layout = layout;
    this.ofFile = ofFile;
  }

  private static Parameter inHeap(Shape shape, MemorySegment array) {
    return new Parameter(shape, array, ValueLayout.JAVA_FLOAT_UNALIGNED, false);
  }

  /**
   * Returns a parameter of heap values.
   *
   * @param shape the extents
   * @param values row-major values, as many as {@code shape} has; kept, not copied
   */
  public static Parameter of(Shape shape, float... values) {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(
          "parameter: " + values.length + " values for shape " + shape);
    }
    return inHeap(shape, MemorySegment.ofArray(values));
  }

  /**
   * Returns a parameter over little-endian float32 values in place, of any alignment.
   *
   * @param shape the extents
   * @param values row-major values, {@code 4 * shape.size()} bytes, alive as long as the parameter.
   *     Pages of a read-only mapping of a file are let go of when they have been read ({@link
   *     MemorySegment#unload}), so what was written to a private one has to be passed as writable
   */
  public static Parameter inPlace(Shape shape, MemorySegment values) {
    if (values.byteSize() != 4L * shape.size()) {
      throw new IllegalArgumentException(
          "parameter: " + values.byteSize() + " bytes for shape " + shape);
    }
    boolean ofFile = values.isMapped() && values.isReadOnly();
    return new Parameter(shape, values.asReadOnly(), LITTLE_ENDIAN, ofFile);
  }

  /**
   * Returns a parameter of which only the shape is known, to wire a network without its weights;
   * reading a value fails.
   */
  public static Parameter declared(Shape shape) {
    return inHeap(shape, MemorySegment.NULL);
  }

  /** Returns the extents. */
  public Shape shape() {
    return shape;
  }

  /** Returns the same values under another shape of the same size. */
  public Parameter reshape(Shape to) {
    if (to.size() != shape.size()) {
      throw new IllegalArgumentException("parameter: cannot reshape " + shape + " to " + to);
    }
    return new Parameter(to, values, layout, ofFile);
  }

  /** Returns the value at row-major position {@code index}. */
  public float get(int index) {
    return values.get(layout, 4L * index);
  }

  /**
   * Copies {@code count} values from row-major position {@code from}.
   *
   * @param to written from {@code at} on
   */
  public void copy(int from, float[] to, int at, int count) {
    MemorySegment.copy(values, layout, 4L * from, to, at, count);
  }

  /**
   * Lets go of the pages of a mapped file that have been read, if the system takes the hint. It may
   * have them cached, and they may be read again.
   */
  void unload() {
    if (!ofFile) return;
    try {
      values.unload();
    } catch (Exception kept) {
      // Pages that are locked in memory stay there; nothing depends on it.
    }
  }

  /** Returns the values as a new row-major array. */
  public float[] toArray() {
    float[] copy = new float[shape.size()];
    copy(0, copy, 0, copy.length);
    return copy;
  }

  /**
   * Returns the same values in an array, from {@code ORIGIN} on: this parameter, if that is where
   * they are, or if the heap has not room for them three times over.
   */
  Parameter inHeap(Engine engine) {
    if (array() != null || values.equals(MemorySegment.NULL)) return this;
    Runtime machine = Runtime.getRuntime();
    long room = machine.maxMemory() - machine.totalMemory() + machine.freeMemory();
    if (room / 3 < values.byteSize()) return this;
    int size = shape.size();
    float[] heap = new float[Math.addExact(ORIGIN, size)];
    engine.forEach(
        Math.ceilDiv(size, COPIED),
        task -> {
          int from = task * COPIED;
          copy(from, heap, ORIGIN + from, Math.min(COPIED, size - from));
        });
    return inHeap(shape, MemorySegment.ofArray(heap).asSlice(4L * ORIGIN));
  }

  /**
   * Returns the array in which the values are from {@link #origin} on; null if they are in place.
   * (A base that is not hidden by a read-only segment is an array of ours, or of {@link #of}.)
   */
  float @Nullable [] array() {
    return values.heapBase().orElse(null) instanceof float[] array ? array : null;
  }

  /** Returns where in {@link #array} the values begin, which is not null. */
  int origin() {
    return Math.toIntExact(values.address() / Float.BYTES);
  }

  @Override
  public String toString() {
    return "Parameter" + shape;
  }
}
