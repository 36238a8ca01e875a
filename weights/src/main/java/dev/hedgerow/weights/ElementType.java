package dev.hedgerow.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** The type of a tensor's elements in a file, under the name safetensors gives it. */
enum ElementType {
  F64(64, Kind.FLOATING),
  F32(32, Kind.FLOATING),
  F16(16, Kind.FLOATING),
  BF16(16, Kind.FLOATING),
  I64(64, Kind.INTEGER),
  I32(32, Kind.INTEGER),
  I16(16, Kind.INTEGER),
  I8(8, Kind.INTEGER),
  U64(64, Kind.INTEGER),
  U32(32, Kind.INTEGER),
  U16(16, Kind.INTEGER),
  U8(8, Kind.INTEGER),
  BOOL(8, Kind.INTEGER),
  C128(128, Kind.UNREADABLE),
  C64(64, Kind.UNREADABLE),
  F8_E5M2(8, Kind.UNREADABLE),
  F8_E4M3(8, Kind.UNREADABLE),
  F8_E8M0(8, Kind.UNREADABLE),
  F6_E3M2(6, Kind.UNREADABLE),
  F6_E2M3(6, Kind.UNREADABLE),
  F4(4, Kind.UNREADABLE);

  /** What becomes of an element when it is read as a float32 number. */
  enum Kind {
    /** The nearest float32 number. */
    FLOATING,
    /** The nearest float32 number, where a format wants integers to be converted at all. */
    INTEGER,
    /** Nothing: such tensors are listed only. */
    UNREADABLE
  }

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int bits;
  private final Kind kind;

  ElementType(int bits, Kind kind) {
    this.bits = bits;
    this.kind = kind;
  }

  /** Returns the type with safetensors' name {@code name}. */
  static Optional<ElementType> find(String name) {
    for (ElementType type : values()) {
      if (type.name().equals(name)) return Optional.of(type);
    }
    return Optional.empty();
  }

  /** Returns the bits of one element; some types pack several elements into a byte. */
  int bits() {
    return bits;
  }

  /** Returns the bytes of one element of a type that packs none. */
  int bytes() {
    return bits / 8;
  }

  Kind kind() {
    return kind;
  }

  /**
   * Converts a run of elements to float32.
   *
   * @param from the bytes that hold them
   * @param offset of the first element, in bytes
   * @param stride from one element to the next, in elements
   * @param order the bytes' order
   * @param to written to, from {@code at} on
   * @param count how many
   */
  void read(
      MemorySegment from,
      long offset,
      long stride,
      ByteOrder order,
      float[] to,
      int at,
      int count) {
    boolean swap = order == ByteOrder.BIG_ENDIAN;
    long step = stride * bytes();
    switch (this) {
      case F64 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = (float) Double.longBitsToDouble(int64(from, offset + i * step, swap));
        }
      }
      case F32 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.intBitsToFloat(int32(from, offset + i * step, swap));
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.float16ToFloat(int16(from, offset + i * step, swap));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.intBitsToFloat(int16(from, offset + i * step, swap) << 16);
        }
      }
      case I64 -> {
        for (int i = 0; i < count; i++) to[at + i] = int64(from, offset + i * step, swap);
      }
      case I32 -> {
        for (int i = 0; i < count; i++) to[at + i] = int32(from, offset + i * step, swap);
      }
      case I16 -> {
        for (int i = 0; i < count; i++) to[at + i] = int16(from, offset + i * step, swap);
      }
      case I8 -> {
        for (int i = 0; i < count; i++) to[at + i] = int8(from, offset + i * step);
      }
      case U64 -> {
        for (int i = 0; i < count; i++) {
          long value = int64(from, offset + i * step, swap);
          // The lowest bit is kept so that halving does not change how the value rounds.
          to[at + i] = value >= 0 ? value : (float) (value >>> 1 | value & 1) * 2;
        }
      }
      case U32 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Integer.toUnsignedLong(int32(from, offset + i * step, swap));
        }
      }
      case U16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Short.toUnsignedInt(int16(from, offset + i * step, swap));
        }
      }
      case U8 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Byte.toUnsignedInt(int8(from, offset + i * step));
        }
      }
      case BOOL -> {
        for (int i = 0; i < count; i++) to[at + i] = int8(from, offset + i * step) == 0 ? 0 : 1;
      }
      default -> throw new IllegalArgumentException(this + " elements cannot be read");
    }
  }

  /**
   * Copies a run of elements in little-endian order. Elements of less than a byte, which come one
   * behind the other, must fill whole bytes.
   *
   * @param from the bytes that hold them
   * @param offset of the first element, in bytes
   * @param stride from one element to the next, in elements
   * @param order the bytes' order
   * @param to written to
   * @param count how many
   */
  void copy(
      MemorySegment from, long offset, long stride, ByteOrder order, ByteBuffer to, int count) {
    if (stride == 1 && (order == ByteOrder.LITTLE_ENDIAN || bits == 8)) {
      int length = (count * bits + 7) / 8;
      MemorySegment.copy(from, offset, MemorySegment.ofBuffer(to), 0, length);
      to.position(to.position() + length);
      return;
    }
    boolean swap = order == ByteOrder.BIG_ENDIAN;
    // A complex number is two numbers.
    int parts = kind == Kind.UNREADABLE && bits >= 64 ? 2 : 1;
    int width = bytes() / parts;
    for (int i = 0; i < count; i++) {
      long at = offset + i * stride * bytes();
      for (int part = 0; part < parts; part++, at += width) {
        switch (width) {
          case 1 -> to.put(int8(from, at));
          case 2 -> to.putShort(int16(from, at, swap));
          case 4 -> to.putInt(int32(from, at, swap));
          default -> to.putLong(int64(from, at, swap));
        }
      }
    }
  }

  /**
   * Writes a run of floating-point numbers of another type as this one, F32, F16 or BF16, in
   * little-endian order: rounded to nearest, ties to even. Infinities and NaN stay what they are.
   *
   * @param type the numbers' type
   * @param from the bytes that hold them
   * @param offset of the first, in bytes
   * @param stride from one to the next, in elements
   * @param order the bytes' order
   * @param to written to
   * @param count how many
   * @return how many finite numbers became infinite
   */
  long round(
      ElementType type,
      MemorySegment from,
      long offset,
      long stride,
      ByteOrder order,
      ByteBuffer to,
      int count) {
    float[] values = new float[count];
    boolean swap = order == ByteOrder.BIG_ENDIAN;
    long overflows = 0;
    if (type == F64) {
      for (int i = 0; i < count; i++) {
        double value = Double.longBitsToDouble(int64(from, offset + i * stride * Long.BYTES, swap));
        values[i] = this == F32 ? (float) value : toOdd(value);
        if (this == F32 && Float.isInfinite(values[i]) && !Double.isInfinite(value)) overflows++;
      }
    } else {
      type.read(from, offset, stride, order, values, 0, count);
    }
    for (float value : values) {
      switch (this) {
        case F32 -> to.putFloat(value);
        case F16 -> {
          short half = Float.floatToFloat16(value);
          to.putShort(half);
          if ((half & 0x7fff) == 0x7c00 && !Float.isInfinite(value)) overflows++;
        }
        case BF16 -> {
          short brain = toBfloat16(value);
          to.putShort(brain);
          if ((brain & 0x7fff) == 0x7f80 && !Float.isInfinite(value)) overflows++;
        }
        default -> throw new IllegalArgumentException("nothing is rounded to " + this);
      }
    }
    return overflows;
  }

  /** Returns the upper half of a float, rounded to nearest, ties to even. */
  private static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) return (short) (bits >>> 16 | 0x40);
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /**
   * Returns one of the two floats around a number, the one with an odd last bit, unless it is a
   * float itself. So rounding a second time, to fewer bits, gives what rounding once would have.
   */
  private static float toOdd(double value) {
    float near = (float) value;
    if (near == value || Float.isNaN(near)) return near;
    float below = Math.abs((double) near) > Math.abs(value) ? Math.nextAfter(near, 0.0) : near;
    return Float.intBitsToFloat(Float.floatToRawIntBits(below) | 1);
  }

  private static byte int8(MemorySegment from, long offset) {
    return from.get(ValueLayout.JAVA_BYTE, offset);
  }

  private static short int16(MemorySegment from, long offset, boolean swap) {
    short value = from.get(SHORT, offset);
    return swap ? Short.reverseBytes(value) : value;
  }

  private static int int32(MemorySegment from, long offset, boolean swap) {
    int value = from.get(INT, offset);
    return swap ? Integer.reverseBytes(value) : value;
  }

  private static long int64(MemorySegment from, long offset, boolean swap) {
    long value = from.get(LONG, offset);
    return swap ? Long.reverseBytes(value) : value;
  }
}
