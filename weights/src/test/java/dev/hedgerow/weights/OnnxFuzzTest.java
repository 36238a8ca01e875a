package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.header;
import static dev.hedgerow.weights.OnnxProto.integer;
import static dev.hedgerow.weights.OnnxProto.integers;
import static dev.hedgerow.weights.OnnxProto.real;
import static dev.hedgerow.weights.OnnxWriter.longTensor;
import static dev.hedgerow.weights.OnnxWriter.tensor;
import static dev.hedgerow.weights.OnnxWriter.text;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Broken models either load or give the one error, in little time and memory. */
class OnnxFuzzTest {
  /** Convolution, normalization, pools, residual sum, slices and pads as exporters write them. */
  private static OnnxWriter residual() {
    return OnnxWriter.of(0, 1, 6, 6)
        .floats("w", Shape.of(4, 1, 3, 3), new float[36])
        .floats("ones", Shape.of(4), 1, 1, 1, 1)
        .tensor(header("halves", Shape.of(4), 10).packedVarints(5, 0, 0x3c00, 0, 1))
        .node("conv", "Conv", "x w ones", "a", integers("pads", 1, 1, 1, 1), integer("group", 1))
        .node("bn", "BatchNormalization", "a ones halves ones ones", "b", real("epsilon", 1e-5f))
        .node("relu", "Relu", "b", "c")
        .node(
            "pool", "MaxPool", "c", "d", integers("kernel_shape", 2, 2), integers("strides", 2, 2))
        .longs("starts", 0, 0)
        .longs("ends", Long.MAX_VALUE, Long.MAX_VALUE)
        .longs("axes", 2, 3)
        .longs("steps", 2, 2)
        .node("Slice", "x starts ends axes steps", "e")
        .node(
            "Constant", "", "given", tensor("value", longTensor("", Shape.of(6), 0, 0, 0, 0, 1, 2)))
        .longs("two", 2)
        .node("ConstantOfShape", "two", "zeros", tensor("value", longTensor("", Shape.of(1), 0)))
        .node("Concat", "given zeros", "all", integer("axis", 0))
        .longs("pairs", -1, 2)
        .node("Reshape", "all pairs", "table")
        .longs("minus", -1)
        .longs("least", -Long.MAX_VALUE)
        .longs("zero", 0)
        .node("Slice", "table minus least zero minus", "reversed")
        .node("Transpose", "reversed", "turned", integers("perm", 1, 0))
        .node("Reshape", "turned minus", "list")
        .node("Cast", "list", "pads", integer("to", 7))
        .node("Pad", "e pads -", "f", text("mode", "constant"))
        .node("Add", "d f", "g")
        .node("GlobalAveragePool", "g", "h")
        .node("Flatten", "h", "y");
  }

  /** Shape arithmetic, matrix products, clips and a closing softmax. */
  private static OnnxWriter classifier() {
    return OnnxWriter.opset(12, 2, 2, 3, 3)
        .floats("w", Shape.of(18, 3), new float[54])
        .floats("b", Shape.of(3), 1, 2, 3)
        .tensor(header("v", Shape.of(3, 3), 11).message(10, OnnxWriter.doubles(new double[9])))
        .floats("mean", Shape.of(1, 2, 1, 1), 1, 2)
        .node("Sub", "x mean", "s")
        .node("Mul", "s mean", "t")
        .node(
            "AveragePool", "t", "u", integers("kernel_shape", 3, 3), text("auto_pad", "SAME_UPPER"))
        .node("Concat", "u t", "v2", integer("axis", 1))
        .node("LRN", "v2", "l", integer("size", 3))
        .node("Slice2", "l", "unused")
        .longs("first", 0)
        .longs("second", 2)
        .longs("channels", 1)
        .node("Slice", "l first second channels", "m")
        .node("Shape", "m", "shape")
        .node("Gather", "shape first", "n", integer("axis", 0))
        .longs("open", -1)
        .node("Concat", "n open", "to", integer("axis", 0))
        .node("Reshape", "m to", "r")
        .node("MatMul", "r w", "p")
        .node("Add", "p b", "q")
        .node("Clip", "q", "clipped")
        .node("Gemm", "clipped v b", "z", real("alpha", 2), integer("transB", 1))
        .node("Dropout", "z", "dropped mask")
        .node("Softmax", "dropped", "y");
  }

  /** The fields of a model's graph, to put together again with one of them exchanged. */
  private record Parts(List<Integer> fields, List<byte[]> values, ProtobufWriter opset) {
    static Parts of(byte[] model) throws FormatException {
      var parts = new Parts(new ArrayList<>(), new ArrayList<>(), new ProtobufWriter());
      Protobuf message =
          Protobuf.of(new OnnxFile(OnnxWriter.FILE, MemorySegment.ofArray(model)), "ModelProto");
      while (message.next()) {
        if (message.field() == 8) append(parts.opset, message.raw().toArray(ValueLayout.JAVA_BYTE));
        if (message.field() != 7) continue;
        Protobuf graph = message.message("GraphProto");
        while (graph.next()) {
          parts.fields.add(graph.field());
          parts.values.add(graph.raw().toArray(ValueLayout.JAVA_BYTE));
        }
      }
      return parts;
    }

    private static ProtobufWriter append(ProtobufWriter writer, byte[] bytes) {
      for (byte each : bytes) writer.little(each, 1);
      return writer;
    }

    /** Returns each part after its number in two bytes. */
    List<byte[]> numbered() {
      List<byte[]> numbered = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        numbered.add(append(new ProtobufWriter().little(i, 2), values.get(i)).toByteArray());
      }
      return numbered;
    }

    /** Returns the model with the part that a number is followed by. */
    byte[] with(byte[] numbered) {
      int number = numbered.length < 2 ? 0 : (numbered[0] & 0xff | (numbered[1] & 0xff) << 8);
      byte[] value = Arrays.copyOfRange(numbered, Math.min(2, numbered.length), numbered.length);
      var graph = new ProtobufWriter();
      for (int i = 0; i < values.size(); i++) {
        graph.bytes(fields.get(i), i == number % values.size() ? value : values.get(i));
      }
      return new ProtobufWriter().message(7, graph).message(8, opset).toByteArray();
    }
  }

  /**
   * Rewrites a message with some of its integers exchanged for extreme ones: the bytes of {@code
   * choices} say in turn, for every integer, which one to take instead; 0 for none.
   */
  private record Twist(ByteBuffer choices) {
    private static final long[] EXTREMES = {
      -1,
      0,
      1,
      2,
      3,
      7,
      64,
      65,
      32_767,
      32_768,
      1 << 20,
      Integer.MAX_VALUE,
      Integer.MIN_VALUE,
      1L << 31,
      1L << 32,
      1L << 62,
      Long.MAX_VALUE,
      Long.MIN_VALUE
    };

    /** For each message, its fields that are messages. */
    private static final Map<String, Map<Integer, String>> MESSAGES =
        Map.of(
            "Model", Map.of(7, "Graph", 8, "Opset"),
            "Graph", Map.of(1, "Node", 5, "Tensor", 11, "Value"),
            "Node", Map.of(5, "Attribute"),
            "Attribute", Map.of(5, "Tensor"),
            "Value", Map.of(2, "Type"),
            "Type", Map.of(1, "TensorType"),
            "TensorType", Map.of(2, "Shape"),
            "Shape", Map.of(1, "Dimension"));

    ProtobufWriter rewrite(Protobuf message, String type) throws FormatException {
      var to = new ProtobufWriter();
      while (message.next()) {
        int field = message.field();
        String inner = MESSAGES.getOrDefault(type, Map.of()).get(field);
        if (inner != null) {
          to.message(field, rewrite(message.message(inner), inner));
        } else if (message.isLengthDelimited()) {
          byte[] bytes = message.raw().toArray(ValueLayout.JAVA_BYTE);
          if (type.equals("Tensor") && field == 9 && bytes.length % 8 == 0) twist(bytes);
          to.bytes(field, bytes);
        } else if (type.equals("Attribute") && field == 2) {
          to.fixed32(field, message.real());
        } else {
          to.varint(field, twist(message.integer()));
        }
      }
      return to;
    }

    /** Integers in raw data. */
    private void twist(byte[] bytes) {
      ByteBuffer longs = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = 0; at < bytes.length; at += 8) longs.putLong(at, twist(longs.getLong(at)));
    }

    private long twist(long value) {
      int choice = choices.hasRemaining() ? choices.get() & 0xff : 0;
      return choice == 0 ? value : EXTREMES[choice % EXTREMES.length];
    }
  }

  @Test
  void modelsWithExtremeNumbers() throws Exception {
    for (OnnxWriter model : List.of(residual(), classifier())) {
      byte[] bytes = model.bytes();
      check(
          3000,
          30,
          List.of(new byte[400]),
          choices -> {
            var file = new OnnxFile(OnnxWriter.FILE, MemorySegment.ofArray(bytes));
            var twist = new Twist(ByteBuffer.wrap(choices));
            ProtobufWriter twisted = twist.rewrite(Protobuf.of(file, "Model"), "Model");
            OnnxWriter.read(twisted.toByteArray(), null);
          });
    }
  }

  private static void check(int inputs, int least, List<byte[]> valid, Mutations.Reader reader)
      throws IOException {
    int read = Mutations.check(20_261_122, inputs, valid, reader);
    assertTrue(read >= least, () -> "only " + read + " of " + inputs + " could be read");
  }

  @Test
  void brokenModels() throws Exception {
    check(
        3000,
        30,
        List.of(residual().bytes(), classifier().bytes()),
        bytes -> OnnxWriter.read(bytes, null));
  }

  @Test
  void modelsWithOneBrokenPart() throws Exception {
    for (OnnxWriter model : List.of(residual(), classifier())) {
      Parts parts = Parts.of(model.bytes());
      check(3000, 30, parts.numbered(), part -> OnnxWriter.read(parts.with(part), null));
    }
  }

  @Test
  void brokenCifarNetwork() throws Exception {
    Path file = Shared.file("models/resnet20_cifar10.onnx");
    byte[] whole = Files.readAllBytes(file);
    // The nodes come before the weights.
    byte[] head = Arrays.copyOf(whole, 24_000);
    byte[] tail = Arrays.copyOfRange(whole, head.length, whole.length);
    check(
        500,
        1,
        List.of(head),
        start -> {
          byte[] bytes = Arrays.copyOf(start, start.length + tail.length);
          System.arraycopy(tail, 0, bytes, start.length, tail.length);
          OnnxWriter.read(bytes, null);
        });
    Parts parts = Parts.of(whole);
    check(1000, 10, parts.numbered(), part -> OnnxWriter.read(parts.with(part), null));
  }
}
