package dev.hedgerow.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * A cursor over the fields of one protobuf message, in the order the file has them.
 *
 * <pre>
 * while (message.next()) {
 *   switch (message.field()) {
 *     case 1 -&gt; name = message.text();
 *     case 2 -&gt; size = message.integer();
 *     default -&gt; {} // skipped
 *   }
 * }
 * </pre>
 *
 * <p>A field's value is read at most once; values that are not read are skipped. Nothing is read
 * beyond the message, and nothing is copied but strings and the numbers asked for.
 */
final class Protobuf {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;

  /** What the objects made from a message or a string are reckoned to take beside its contents. */
  private static final int MESSAGE_SIZE = 320;

  private static final int STRING_SIZE = 160;

  private final OnnxFile file;
  private final String type;
  private final MemorySegment bytes;
  private final long start;
  private final long end;
  private long position;
  private int field;
  private int wire;

  /** Where the current field's value starts and ends; for varints, the value itself too. */
  private long valueStart;

  private long valueEnd;
  private long value;

  private Protobuf(OnnxFile file, String type, long start, long end) {
    this.file = file;
    this.type = type;
    this.bytes = file.bytes();
    this.start = start;
    this.end = end;
    this.position = start;
  }

  /** Returns a cursor over a whole file that is one message of the given type. */
  static Protobuf of(OnnxFile file, String type) {
    return new Protobuf(file, type, 0, file.bytes().byteSize());
  }

  /** Returns a new cursor at the start of this message. */
  Protobuf restart() {
    return new Protobuf(file, type, start, end);
  }

  /** Returns where the message starts in the file. */
  long start() {
    return start;
  }

  /** Moves to the next field; returns false if there is none. */
  boolean next() throws FormatException {
    if (position == end) return false;
    long tagStart = position;
    long tag = varint();
    field = (int) (tag >>> 3);
    wire = (int) (tag & 7);
    if (tag >>> 32 != 0 || field == 0) {
      throw file.error(type + " has a field tag " + tag, tagStart, "an ONNX model");
    }
    valueStart = position;
    switch (wire) {
      case VARINT -> value = varint();
      case FIXED_64 -> skip(8);
      case FIXED_32 -> skip(4);
      case BYTES -> {
        long length = varint();
        valueStart = position;
        skip(length);
      }
      default ->
          throw file.error(type + " has a field of wire type " + wire, tagStart, "an ONNX model");
    }
    valueEnd = position;
    return true;
  }

  /** Returns the number of the current field. */
  int field() {
    return field;
  }

  /** Returns where the current field's value starts in the file. */
  long valueStart() {
    return valueStart;
  }

  /** Returns the current field's value: an integer, a boolean or an enumeration's number. */
  long integer() throws FormatException {
    expect(VARINT);
    return value;
  }

  /** Returns the current field's value: a single-precision number. */
  float real() throws FormatException {
    expect(FIXED_32);
    return Float.intBitsToFloat(bytes.get(INT, valueStart));
  }

  /** Returns the current field's value: a string. */
  String text() throws FormatException {
    expect(BYTES);
    long length = valueEnd - valueStart;
    file.allocate(type, STRING_SIZE + 4 * length);
    byte[] utf8 = bytes.asSlice(valueStart, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** Returns a cursor over the current field's value: a message of the given type. */
  Protobuf message(String messageType) throws FormatException {
    expect(BYTES);
    file.allocate(type, MESSAGE_SIZE);
    return new Protobuf(file, messageType, valueStart, valueEnd);
  }

  /** Returns the current field's value in place: bytes, or packed numbers. */
  MemorySegment raw() throws FormatException {
    expect(BYTES);
    return bytes.asSlice(valueStart, valueEnd - valueStart);
  }

  /** Returns whether the current field's value is bytes, a message or packed numbers. */
  boolean isLengthDelimited() {
    return wire == BYTES;
  }

  /** Adds the current field's value, one integer of a repeated field or several packed ones. */
  void integers(LongStream.Builder to) throws FormatException {
    if (wire == VARINT) {
      file.allocate(type, 2 * Long.BYTES);
      to.add(value);
      return;
    }
    Numbers numbers = varints();
    while (numbers.hasNext()) {
      file.allocate(type, 2 * Long.BYTES);
      to.add(numbers.next());
    }
  }

  /** Adds the current field's value, one float of a repeated field or several packed ones. */
  void reals(DoubleStream.Builder to) throws FormatException {
    Numbers numbers = fixed32();
    while (numbers.hasNext()) {
      file.allocate(type, 2 * Double.BYTES);
      to.add(Float.intBitsToFloat((int) numbers.next()));
    }
  }

  /** Returns the current field's value or values: varints of a repeated field, packed or not. */
  Numbers varints() throws FormatException {
    return numbers(VARINT);
  }

  /** Returns the bits of the current field's value or values: floats, packed or not. */
  Numbers fixed32() throws FormatException {
    return numbers(FIXED_32);
  }

  /** Returns the bits of the current field's value or values: doubles, packed or not. */
  Numbers fixed64() throws FormatException {
    return numbers(FIXED_64);
  }

  private Numbers numbers(int encoding) throws FormatException {
    if (wire != BYTES) expect(encoding);
    return new Numbers(new Protobuf(file, type, valueStart, valueEnd), encoding);
  }

  /** The numbers of one occurrence of a repeated field. */
  static final class Numbers {
    private final Protobuf packed;
    private final int encoding;

    private Numbers(Protobuf packed, int encoding) {
      this.packed = packed;
      this.encoding = encoding;
    }

    boolean hasNext() {
      return packed.position < packed.end;
    }

    /** Returns the next number's bits. */
    long next() throws FormatException {
      long at = packed.position;
      return switch (encoding) {
        case FIXED_32 -> {
          packed.skip(Integer.BYTES);
          yield Integer.toUnsignedLong(packed.bytes.get(INT, at));
        }
        case FIXED_64 -> {
          packed.skip(Long.BYTES);
          yield packed.bytes.get(LONG, at);
        }
        default -> packed.varint();
      };
    }
  }

  private void expect(int expected) throws FormatException {
    if (wire != expected) {
      throw file.error(
          "field " + field + " of " + type + " has wire type " + wire,
          valueStart,
          "wire type " + expected);
    }
  }

  private void skip(long length) throws FormatException {
    if (length < 0 || length > end - position) {
      throw file.error(
          type + " has a field of " + Long.toUnsignedString(length) + " bytes",
          position,
          "at most the " + (end - position) + " that are left");
    }
    position += length;
  }

  private long varint() throws FormatException {
    long from = position;
    long number = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (position == end) {
        throw file.error(type + " ends within a number", position, "more bytes");
      }
      byte b = bytes.get(ValueLayout.JAVA_BYTE, position++);
      number |= (b & 0x7fL) << shift;
      if (b >= 0) return number;
    }
    throw file.error(type + " has a number of more than 10 bytes", from, "a varint");
  }
}
