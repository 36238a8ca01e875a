package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;

/** Messages of ONNX, as they are written. */
final class OnnxProto {
  private OnnxProto() {}

  /** Returns a TensorProto without its values. */
  static ProtobufWriter header(String name, Shape shape, int type) {
    var tensor = new ProtobufWriter();
    for (int extent : shape.toArray()) tensor.varint(1, extent);
    return tensor.varint(2, type).text(8, name);
  }

  /** Returns an AttributeProto without its value. */
  static ProtobufWriter attribute(String name, int type) {
    return new ProtobufWriter().text(1, name).varint(20, type);
  }

  static ProtobufWriter real(String name, float value) {
    return attribute(name, 1).fixed32(2, value);
  }

  static ProtobufWriter integer(String name, long value) {
    return attribute(name, 2).varint(3, value);
  }

  static ProtobufWriter integers(String name, long... values) {
    var attribute = attribute(name, 7);
    for (long value : values) attribute.varint(8, value);
    return attribute;
  }
}
