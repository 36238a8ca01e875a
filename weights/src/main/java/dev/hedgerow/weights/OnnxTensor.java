package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of an ONNX file. Its values stay where they are, in the message or in an external file,
 * until {@link #constant} is asked for.
 */
final class OnnxTensor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int EXTERNAL = 1;

  private final OnnxFile file;
  private final Protobuf message;
  private final String name;
  private final int type;
  private final Shape shape;
  private final @Nullable MemorySegment raw;
  private final @Nullable External external;
  private final long offset;

  /** Where the values lie in another file; a length of -1 is not stated. */
  private record External(String location, long offset, long length) {}

  private OnnxTensor(
      OnnxFile file,
      Protobuf message,
      String name,
      int type,
      Shape shape,
      @Nullable MemorySegment raw,
      @Nullable External external,
      long offset) {
    this.file = file;
    this.message = message;
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.raw = raw;
    this.external = external;
    this.offset = offset;
  }

  /** Reads a TensorProto, except its values. */
  static OnnxTensor read(OnnxFile file, Protobuf message) throws FormatException {
    String name = "";
    int type = 0;
    LongStream.Builder dims = LongStream.builder();
    MemorySegment raw = null;
    External external = new External("", 0, -1);
    boolean isExternal = false;
    long offset = message.start();
    while (message.next()) {
      switch (message.field()) {
        case 1 -> message.integers(dims);
        case 2 -> type = (int) message.integer();
        case 3 -> throw file.error("a tensor is split into segments", message.start(), "one piece");
        case 8 -> name = message.text();
        case 9 -> {
          raw = message.raw();
          offset = message.valueStart();
        }
        case 13 ->
            external = readExternal(file, message.message("StringStringEntryProto"), external);
        case 14 -> isExternal = message.integer() == EXTERNAL;
        default -> {}
      }
    }
    return new OnnxTensor(
        file,
        message.restart(),
        name,
        type,
        StoredTensor.shape(file.path(), "tensor " + name, dims.build().toArray()),
        raw,
        isExternal ? external : null,
        isExternal ? external.offset() : offset);
  }

  private static External readExternal(OnnxFile file, Protobuf entry, External known)
      throws FormatException {
    String key = "";
    String value = "";
    while (entry.next()) {
      switch (entry.field()) {
        case 1 -> key = entry.text();
        case 2 -> value = entry.text();
        default -> {}
      }
    }
    return switch (key) {
      case "location" -> new External(value, known.offset(), known.length());
      case "offset" -> new External(known.location(), number(file, entry, value), known.length());
      case "length" -> new External(known.location(), known.offset(), number(file, entry, value));
      default -> known;
    };
  }

  private static long number(OnnxFile file, Protobuf entry, String digits) throws FormatException {
    try {
      long number = Long.parseLong(digits);
      if (number >= 0) return number;
    } catch (NumberFormatException notDigits) {
      // reported below
    }
    throw file.error(
        "external data is placed by \"" + digits + "\"", entry.start(), "a number of bytes");
  }

  /** Returns the name; empty for an attribute's value. */
  String name() {
    return name;
  }

  /** Returns the extents. */
  Shape shape() {
    return shape;
  }

  /** Returns what a listing shows of the tensor. */
  TensorInfo info() {
    return new TensorInfo(name, shape, OnnxType.nameOf(type), offset);
  }

  /**
   * Returns the values: contiguous little-endian float32 in place, everything else converted.
   *
   * @throws FormatException if the type is not supported or there are too few or too many values
   */
  Constant constant() throws FormatException {
    OnnxType known = OnnxType.of(type);
    if (known == null) {
      throw file.error("tensor \"" + name + "\" has element type " + type, "a number type of ONNX");
    }
    MemorySegment contiguous = contiguous(known);
    if (contiguous == null) checkCount(known);
    return known.isReal() ? reals(known, contiguous) : integers(known, contiguous);
  }

  private Constant reals(OnnxType known, @Nullable MemorySegment contiguous)
      throws FormatException {
    if (known == OnnxType.FLOAT && contiguous != null) {
      return new Constant.Reals(Parameter.inPlace(shape, contiguous));
    }
    // Halves become twice their bytes of the file; that much is always granted.
    file.allocate(
        "tensor \"" + name + "\"",
        (long) Math.min(known.element().bytes(), Float.BYTES) * shape.size());
    float[] values = new float[shape.size()];
    if (contiguous == null) {
      forEachTyped(known, (i, bits) -> values[i] = known.real(bits));
    } else {
      known.element().read(contiguous, 0, 1, ByteOrder.LITTLE_ENDIAN, values, 0, values.length);
    }
    return new Constant.Reals(Parameter.of(shape, values));
  }

  private Constant integers(OnnxType known, @Nullable MemorySegment contiguous)
      throws FormatException {
    file.allocate("tensor \"" + name + "\"", (long) Long.BYTES * shape.size());
    long[] values = new long[shape.size()];
    if (contiguous == null) {
      forEachTyped(known, (i, bits) -> values[i] = known.integer(bits));
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = known.integer(bits(contiguous, i, known.element().bytes()));
      }
    }
    return new Constant.Integers(shape, values);
  }

  private static long bits(MemorySegment from, long index, int width) {
    return switch (width) {
      case Byte.BYTES -> from.get(ValueLayout.JAVA_BYTE, index);
      case Short.BYTES -> from.get(SHORT, width * index);
      case Integer.BYTES -> from.get(INT, width * index);
      default -> from.get(LONG, width * index);
    };
  }

  /** Returns the values as they lie in raw data, an external file or one run of packed floats. */
  private @Nullable MemorySegment contiguous(OnnxType known) throws FormatException {
    long size = (long) known.element().bytes() * shape.size();
    if (external != null) {
      if (external.length() >= 0 && external.length() != size) {
        throw file.error(
            "tensor \""
                + name
                + "\" has "
                + external.length()
                + " bytes in \""
                + external.location()
                + "\"",
            size + " for " + OnnxType.nameOf(type) + " " + shape);
      }
      return file.external(name, external.location(), external.offset(), size);
    }
    if (raw != null) {
      if (raw.byteSize() != size) {
        throw file.error(
            "tensor \"" + name + "\" has " + raw.byteSize() + " bytes of raw data",
            offset,
            size + " for " + OnnxType.nameOf(type) + " " + shape);
      }
      return raw;
    }
    if (known != OnnxType.FLOAT) return null;
    Protobuf fields = message.restart();
    while (fields.next()) {
      if (fields.field() == known.field() && fields.isLengthDelimited()) {
        MemorySegment packed = fields.raw();
        return packed.byteSize() == size ? packed : null;
      }
    }
    return null;
  }

  private interface Element {
    void accept(int index, long bits);
  }

  private void forEachTyped(OnnxType known, Element element) throws FormatException {
    Protobuf fields = message.restart();
    for (int i = 0; fields.next(); ) {
      if (fields.field() != known.field()) continue;
      Protobuf.Numbers numbers = numbers(known, fields);
      for (; numbers.hasNext(); i++) element.accept(i, numbers.next());
    }
  }

  /** Checks, before an array is allocated for them, that all values are there. */
  private void checkCount(OnnxType known) throws FormatException {
    long count = 0;
    Protobuf fields = message.restart();
    while (fields.next()) {
      if (fields.field() != known.field()) continue;
      Protobuf.Numbers numbers = numbers(known, fields);
      for (; numbers.hasNext(); count++) numbers.next();
    }
    if (count != shape.size()) {
      throw file.error(
          "tensor \"" + name + "\" has " + count + " values",
          offset,
          shape.size() + " for " + OnnxType.nameOf(type) + " " + shape);
    }
  }

  private static Protobuf.Numbers numbers(OnnxType known, Protobuf field) throws FormatException {
    return switch (known.field()) {
      case OnnxType.Field.FLOATS -> field.fixed32();
      case OnnxType.Field.DOUBLES -> field.fixed64();
      default -> field.varints();
    };
  }
}
