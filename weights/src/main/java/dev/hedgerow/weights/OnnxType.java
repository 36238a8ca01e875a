package dev.hedgerow.weights;

import org.jspecify.annotations.Nullable;

/** The element types of ONNX tensors that this reader converts. */
enum OnnxType {
  FLOAT(1, ElementType.F32, Field.FLOATS),
  UINT8(2, ElementType.U8, Field.INTS),
  INT8(3, ElementType.I8, Field.INTS),
  UINT16(4, ElementType.U16, Field.INTS),
  INT16(5, ElementType.I16, Field.INTS),
  INT32(6, ElementType.I32, Field.INTS),
  INT64(7, ElementType.I64, Field.LONGS),
  BOOL(9, ElementType.BOOL, Field.INTS),
  FLOAT16(10, ElementType.F16, Field.INTS),
  DOUBLE(11, ElementType.F64, Field.DOUBLES),
  UINT32(12, ElementType.U32, Field.UNSIGNED),
  UINT64(13, ElementType.U64, Field.UNSIGNED),
  BFLOAT16(16, ElementType.BF16, Field.INTS);

  /** The typed fields of a tensor message. */
  static final class Field {
    static final int FLOATS = 4;
    static final int INTS = 5;
    static final int LONGS = 7;
    static final int DOUBLES = 10;
    static final int UNSIGNED = 11;

    private Field() {}
  }

  private final int number;
  private final ElementType element;
  private final int field;

  OnnxType(int number, ElementType element, int field) {
    this.number = number;
    this.element = element;
    this.field = field;
  }

  /** Returns the type with ONNX's number; null if this reader does not know it. */
  static @Nullable OnnxType of(int number) {
    for (OnnxType type : values()) {
      if (type.number == number) return type;
    }
    return null;
  }

  /** Returns the type's name as errors and listings show it: {@code F32}, {@code I64}. */
  static String nameOf(int number) {
    OnnxType type = of(number);
    return type == null ? "type " + number : type.element.name();
  }

  /** Returns how an element lies in raw data. */
  ElementType element() {
    return element;
  }

  /** Returns the number of the field that holds elements outside raw data. */
  int field() {
    return field;
  }

  /** Returns whether elements are floating-point numbers. */
  boolean isReal() {
    return element.kind() == ElementType.Kind.FLOATING;
  }

  /** Returns the value of a real type's element, rounded to float32. */
  float real(long bits) {
    return switch (this) {
      case FLOAT -> Float.intBitsToFloat((int) bits);
      case FLOAT16 -> Float.float16ToFloat((short) bits);
      case BFLOAT16 -> Float.intBitsToFloat((int) bits << 16);
      case DOUBLE -> (float) Double.longBitsToDouble(bits);
      default -> throw new IllegalStateException(this + " is not real");
    };
  }

  /** Returns the value of an integer type's element; also what a wider value is cast to. */
  long integer(long bits) {
    return switch (this) {
      case UINT8 -> bits & 0xff;
      case INT8 -> (byte) bits;
      case UINT16 -> bits & 0xffff;
      case INT16 -> (short) bits;
      case INT32 -> (int) bits;
      case UINT32 -> bits & 0xffff_ffffL;
      case INT64, UINT64 -> bits;
      case BOOL -> bits == 0 ? 0 : 1;
      default -> throw new IllegalStateException(this + " is no integer");
    };
  }
}
