package dev.hedgerow.weights;

import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A named constant of an ONNX node; its value is read when it is asked for. */
final class OnnxAttribute {
  /** What kinds of value an attribute may have. */
  enum Kind {
    FLOAT(1, 2),
    INT(2, 3),
    STRING(3, 4),
    TENSOR(4, 5),
    FLOATS(6, 7),
    INTS(7, 8);

    private final int number;
    private final int field;

    Kind(int number, int field) {
      this.number = number;
      this.field = field;
    }
  }

  private final OnnxFile file;
  private final Protobuf message;
  private final String name;
  private final int kind;

  private OnnxAttribute(OnnxFile file, Protobuf message, String name, int kind) {
    this.file = file;
    this.message = message;
    this.name = name;
    this.kind = kind;
  }

  /** Reads an AttributeProto, except its value. */
  static OnnxAttribute read(OnnxFile file, Protobuf message) throws FormatException {
    String name = "";
    int kind = 0;
    while (message.next()) {
      switch (message.field()) {
        case 1 -> name = message.text();
        case 20 -> kind = (int) message.integer();
        default -> {}
      }
    }
    return new OnnxAttribute(file, message.restart(), name, kind);
  }

  /** Returns the name. */
  String name() {
    return name;
  }

  /** Returns whether the value is of that kind, or may be because the file does not say. */
  boolean is(Kind wanted) {
    return kind == wanted.number || kind == 0;
  }

  /** Returns the value of an attribute that is a FLOAT; 0 if it is left out. */
  float real() throws FormatException {
    float value = 0;
    for (Protobuf fields = message.restart(); fields.next(); ) {
      if (fields.field() == Kind.FLOAT.field) value = fields.real();
    }
    return value;
  }

  /** Returns the value of an attribute that is an INT; 0 if it is left out. */
  long integer() throws FormatException {
    long value = 0;
    for (Protobuf fields = message.restart(); fields.next(); ) {
      if (fields.field() == Kind.INT.field) value = fields.integer();
    }
    return value;
  }

  /** Returns the value of an attribute that is a STRING; empty if it is left out. */
  String text() throws FormatException {
    String value = "";
    for (Protobuf fields = message.restart(); fields.next(); ) {
      if (fields.field() == Kind.STRING.field) value = fields.text();
    }
    return value;
  }

  /** Returns the value of an attribute that is a TENSOR; null if it is left out. */
  @Nullable OnnxTensor tensor() throws FormatException {
    OnnxTensor value = null;
    for (Protobuf fields = message.restart(); fields.next(); ) {
      if (fields.field() == Kind.TENSOR.field) {
        value = OnnxTensor.read(file, fields.message("TensorProto"));
      }
    }
    return value;
  }

  /** Returns the value of an attribute that is FLOATS. */
  float[] reals() throws FormatException {
    DoubleStream.Builder values = DoubleStream.builder();
    for (Protobuf fields = message.restart(); fields.next(); ) {
      if (fields.field() == Kind.FLOATS.field) fields.reals(values);
    }
    double[] wide = values.build().toArray();
    float[] reals = new float[wide.length];
    for (int i = 0; i < reals.length; i++) reals[i] = (float) wide[i];
    return reals;
  }

  /** Returns the value of an attribute that is INTS. */
  long[] integers() throws FormatException {
    LongStream.Builder values = LongStream.builder();
    for (Protobuf fields = message.restart(); fields.next(); ) {
      if (fields.field() == Kind.INTS.field) fields.integers(values);
    }
    return values.build().toArray();
  }
}
