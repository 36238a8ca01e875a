package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.attribute;
import static dev.hedgerow.weights.OnnxProto.header;

import dev.hedgerow.engine.Shape;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes small ONNX models; by default of operator set 13, from "x" to "y". */
final class OnnxWriter {
  /** The path that models in memory have in errors. */
  static final Path FILE = Path.of("net.onnx");

  private final ProtobufWriter graph = new ProtobufWriter();
  private final ProtobufWriter tail = new ProtobufWriter();
  private long opset = 13;
  private boolean hasOutput;

  /** Returns a model with input "x" of the given extents; 0 for one that is left open. */
  static OnnxWriter opset(long opset, int... extents) {
    return bare(opset).input("x", 1, extents);
  }

  /** Returns a model with input "x" of the given extents, written for operator set 13. */
  static OnnxWriter of(int... extents) {
    return opset(13, extents);
  }

  /** Returns a model without an input. */
  static OnnxWriter bare(long opset) {
    var writer = new OnnxWriter();
    writer.opset = opset;
    return writer;
  }

  OnnxWriter input(String name, int elementType, int... extents) {
    var shape = new ProtobufWriter();
    for (int extent : extents) {
      var dimension = new ProtobufWriter();
      shape.message(1, extent == 0 ? dimension.text(2, "N") : dimension.varint(1, extent));
    }
    var tensor = new ProtobufWriter().varint(1, elementType).message(2, shape);
    var type = new ProtobufWriter().message(1, tensor);
    graph.message(11, new ProtobufWriter().text(1, name).message(2, type));
    return this;
  }

  OnnxWriter output(String name) {
    hasOutput = true;
    graph.message(12, new ProtobufWriter().text(1, name));
    return this;
  }

  /** Adds an unnamed node with one output. */
  OnnxWriter node(String operator, String inputs, String output, ProtobufWriter... attributes) {
    return node("", operator, inputs, output, attributes);
  }

  /**
   * Adds a node.
   *
   * @param operator the operator, after its domain and a colon if it has one
   * @param inputs the inputs' names, separated by spaces; "-" for one that is left out
   * @param outputs likewise
   */
  OnnxWriter node(
      String name, String operator, String inputs, String outputs, ProtobufWriter... attributes) {
    var node = new ProtobufWriter();
    addNames(node, 1, inputs);
    addNames(node, 2, outputs);
    if (!name.isEmpty()) node.text(3, name);
    int colon = operator.indexOf(':');
    node.text(4, operator.substring(colon + 1));
    for (ProtobufWriter attribute : attributes) node.message(5, attribute);
    if (colon >= 0) node.text(7, operator.substring(0, colon));
    graph.message(1, node);
    return this;
  }

  private static void addNames(ProtobufWriter node, int field, String names) {
    for (String name : names.split(" ", -1)) {
      if (!name.isEmpty()) node.text(field, name.equals("-") ? "" : name);
    }
  }

  /** Adds a float32 tensor in raw data. */
  OnnxWriter floats(String name, Shape shape, float... values) {
    return tensor(rawFloats(name, shape, values));
  }

  /** Adds a list of 64-bit integers. */
  OnnxWriter longs(String name, long... values) {
    return tensor(longTensor(name, Shape.of(values.length), values));
  }

  OnnxWriter tensor(ProtobufWriter tensor) {
    graph.message(5, tensor);
    return this;
  }

  /** Adds a field to the graph. */
  OnnxWriter graphField(int field, ProtobufWriter value) {
    graph.message(field, value);
    return this;
  }

  /** Adds a field to the model. */
  OnnxWriter modelField(int field, ProtobufWriter value) {
    tail.message(field, value);
    return this;
  }

  byte[] bytes() {
    if (!hasOutput) output("y");
    var model = new ProtobufWriter().varint(1, 8).text(2, "hand").text(3, "1.0");
    model.message(7, graph);
    if (opset > 0) model.message(8, new ProtobufWriter().text(1, "").varint(2, opset));
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(model.toByteArray());
    bytes.writeBytes(tail.toByteArray());
    return bytes.toByteArray();
  }

  OnnxModel read() throws FormatException {
    return read(null);
  }

  OnnxModel read(@Nullable Shape input) throws FormatException {
    return read(bytes(), input);
  }

  static OnnxModel read(byte[] bytes, @Nullable Shape input) throws FormatException {
    return OnnxModel.read(FILE, MemorySegment.ofArray(bytes), input);
  }

  static ProtobufWriter rawFloats(String name, Shape shape, float... values) {
    var raw = new ProtobufWriter();
    for (float value : values) raw.little(Float.floatToRawIntBits(value), 4);
    return header(name, shape, 1).message(9, raw);
  }

  static ProtobufWriter longTensor(String name, Shape shape, long... values) {
    var raw = new ProtobufWriter();
    for (long value : values) raw.little(value, 8);
    return header(name, shape, 7).message(9, raw);
  }

  static ProtobufWriter external(String name, Shape shape, int type, List<String> keysAndValues) {
    var tensor = header(name, shape, type);
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      tensor.message(
          13, new ProtobufWriter().text(1, keysAndValues.get(i)).text(2, keysAndValues.get(i + 1)));
    }
    return tensor.varint(14, 1);
  }

  static ProtobufWriter text(String name, String value) {
    return attribute(name, 3).text(4, value);
  }

  static ProtobufWriter tensor(String name, ProtobufWriter value) {
    return attribute(name, 4).message(5, value);
  }

  static ProtobufWriter reals(String name, float... values) {
    return attribute(name, 6).packedFloats(7, values);
  }

  /** Returns packed numbers in double precision. */
  static ProtobufWriter doubles(double... values) {
    var packed = new ProtobufWriter();
    for (double value : values) packed.little(Double.doubleToRawLongBits(value), 8);
    return packed;
  }
}
