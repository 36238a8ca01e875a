package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.integer;
import static dev.hedgerow.weights.OnnxProto.integers;
import static dev.hedgerow.weights.OnnxTests.assertCounted;
import static dev.hedgerow.weights.OnnxTests.assertRefused;
import static dev.hedgerow.weights.OnnxWriter.external;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models as a whole: inputs, outputs, names, order, and files that are none. */
class OnnxModelTest {
  private static List<String> names(Graph graph) {
    return graph.nodes().stream().map(Node::name).toList();
  }

  @Test
  void saysWhatTheFileIs() throws Exception {
    OnnxModel model =
        OnnxWriter.opset(9, 1, 1, 1, 2)
            .floats("w", Shape.of(1, 1, 1, 1), 1)
            .longs("unused", 1, 2)
            .node("Conv", "x w", "a")
            .node("Relu", "a", "b")
            .node("Conv", "b w", "y")
            .read();
    assertEquals(9, model.opset());
    assertEquals("hand 1.0", model.producer());
    assertEquals(Map.of("Conv", 2, "Relu", 1), model.operators());
    assertEquals(List.of("w", "unused"), model.tensors().stream().map(TensorInfo::name).toList());
    assertEquals("net", model.graph().name());
  }

  @Test
  void operatorSets7To21() throws Exception {
    for (int opset = 7; opset <= 21; opset++) {
      assertEquals(opset, OnnxWriter.opset(opset, 1, 2).node("Relu", "x", "y").read().opset());
    }
    assertRefused(
        "operator set 6, expected 7 to 21", OnnxWriter.opset(6, 1, 2).node("Relu", "x", "y"));
    assertRefused(
        "operator set 22, expected 7 to 21", OnnxWriter.opset(22, 1, 2).node("Relu", "x", "y"));
    assertRefused(
        "no ONNX operator set is stated, expected 7 to 21",
        OnnxWriter.opset(0, 1, 2).node("Relu", "x", "y"));
  }

  @Test
  void otherDomainsHaveTheirOwnOperatorSets() throws Exception {
    OnnxWriter model =
        OnnxWriter.opset(13, 1, 2)
            .node("ai.onnx:Relu", "x", "y")
            .modelField(8, new ProtobufWriter().text(1, "com.example").varint(2, 90));
    assertEquals(13, model.read().opset());
  }

  @Test
  void namesAreTheNodesOrTheirOutputs() throws Exception {
    Graph graph =
        OnnxWriter.of(1, 2)
            .node("relu", "Relu", "x", "a")
            .node("relu", "Relu", "a", "b")
            .node("", "Relu", "b", "c")
            .node("y", "Relu", "c", "d")
            .node("x", "Relu", "d", "y")
            .read()
            .graph();
    assertEquals(List.of("x", "relu", "b", "c", "y", "y_2"), names(graph));
    assertSame(graph.nodes().get(1), graph.node("a"));
    assertSame(graph.nodes().get(1), graph.node("relu"));
    assertSame(graph.nodes().get(4), graph.node("d"));
    assertEquals("y", graph.output().outputName());
  }

  @Test
  void nodesMayBeInAnyOrder() throws Exception {
    OnnxWriter model =
        OnnxWriter.of(1, 2)
            .node("Add", "b c", "y")
            .node("Add", "b k", "c")
            .node("Identity", "one", "k")
            .node("Sigmoid", "x", "unused")
            .node("Relu", "x", "b")
            .floats("one", Shape.of(), 1);
    assertEquals(List.of("x", "b", "c", "y"), names(model.read().graph()));
    assertCounted(model, Shape.of(1, 2), 1, 3);
  }

  @Test
  void cyclesAreRefused() {
    assertRefused(
        "node \"b\" (Relu) and node \"a\" (Add) depend on each other",
        OnnxWriter.of(1, 2).node("Add", "x b", "a").node("Relu", "a", "b").node("Relu", "b", "y"));
    assertRefused(
        "node \"y\" (Add) and node \"y\" (Add) depend on each other",
        OnnxWriter.of(1, 2).node("Add", "x y", "y"));
  }

  @Test
  void deepGraphsDoNotOverflow() throws Exception {
    OnnxWriter model = OnnxWriter.of(1, 2);
    for (int i = 12_000; i > 0; i--) {
      model.node("Relu", i == 1 ? "x" : "t" + (i - 1), i == 12_000 ? "y" : "t" + i);
    }
    assertEquals(12_001, model.read().graph().nodes().size());
  }

  @Test
  void tooManyNodesAreRefused() {
    OnnxWriter model = OnnxWriter.of(1, 2);
    for (int i = 0; i < 65_537; i++) model.node("R", "", "");
    assertRefused("the graph has too many nodes, expected at most 65536", model);
  }

  @Test
  void tensorsMustBeMadeOnce() {
    assertRefused(
        "node \"y\" (Add) reads tensor \"b\", which nothing makes",
        OnnxWriter.of(1, 2).node("Add", "x b", "y"));
    assertRefused(
        "node \"second\" (Relu) makes tensor \"y\", as node \"first\" (Relu) does",
        OnnxWriter.of(1, 2).node("first", "Relu", "x", "y").node("second", "Relu", "x", "y"));
    assertRefused(
        "node \"x\" (Relu) makes tensor \"x\", which the file gives already",
        OnnxWriter.of(1, 2).node("Relu", "x", "x").output("x"));
    assertRefused(
        "node \"w\" (Relu) makes tensor \"w\", which the file gives already",
        OnnxWriter.of(1, 2).floats("w", Shape.of(), 1).node("Relu", "x", "w").output("w"));
    assertRefused(
        "there are two initializers \"w\"",
        OnnxWriter.of(1, 2)
            .floats("w", Shape.of(), 1)
            .floats("w", Shape.of(), 2)
            .node("Relu", "x", "y"));
  }

  @Test
  void unsupportedOperatorsAreAllNamed() {
    assertRefused(
        "node \"/features/Foo\" (Foo): operator not supported",
        OnnxWriter.of(1, 2).node("/features/Foo", "Foo", "x", "y"));
    assertRefused(
        "node \"a\" (Foo): operator not supported, nor are Erf, com.microsoft.FusedConv",
        OnnxWriter.of(1, 2)
            .node("Foo", "x", "a")
            .node("com.microsoft:FusedConv", "a", "b")
            .node("Erf", "b", "c")
            .node("Foo", "c", "y"));
    assertRefused(
        "node \"y\" (com.example.Relu): operator not supported",
        OnnxWriter.of(1, 2).node("com.example:Relu", "x", "y"));
    assertRefused(
        "node \"q\" (QuantizeLinear): operator not supported, nor are If",
        OnnxWriter.of(1, 2).node("QuantizeLinear", "x", "q").node("If", "q", "y"));
  }

  @Test
  void whatTheOutputDoesNotNeedIsNotRead() throws Exception {
    OnnxWriter model =
        OnnxWriter.of(1, 2)
            .tensor(OnnxProto.header("broken", Shape.of(9), 77))
            .node("Foo", "x broken", "z")
            .node("Relu", "x", "y");
    assertEquals(List.of("x", "y"), names(model.read().graph()));
  }

  @Test
  void initializersMayBeListedAsInputs() throws Exception {
    OnnxWriter model =
        OnnxWriter.bare(8)
            .input("w", 1, 1, 1, 1, 1)
            .input("x", 1, 1, 1, 1, 2)
            .floats("w", Shape.of(1, 1, 1, 1), 3)
            .node("Conv", "x w", "y");
    assertCounted(model, Shape.of(1, 1, 1, 2), 0, 3);
  }

  @Test
  void oneInputAndOneOutput() {
    assertRefused(
        "the network has 2 inputs: \"x\", \"mask\", expected one image batch",
        OnnxWriter.of(1, 2).input("mask", 1, 1, 2).node("Add", "x mask", "y"));
    assertRefused(
        "the network has 0 inputs, expected one image batch",
        OnnxWriter.bare(13).floats("w", Shape.of(), 1).node("Identity", "w", "y"));
    assertRefused(
        "the network has 2 outputs: \"y\", \"aux\", expected one, the logits",
        OnnxWriter.of(1, 2)
            .node("Relu", "x", "y")
            .node("Relu", "x", "aux")
            .output("y")
            .output("aux"));
    OnnxWriter many = OnnxWriter.of(1, 2);
    for (int i = 0; i < 9; i++) many.output("o" + i);
    assertRefused(
        "the network has 9 outputs: \"o0\", \"o1\", \"o2\", \"o3\", \"o4\", \"o5\", \"o6\", \"o7\","
            + " ..., expected one, the logits",
        many);
    assertRefused("no node makes the output \"y\"", OnnxWriter.of(1, 2).node("Relu", "x", "z"));
    assertRefused(
        "the output \"y\" does not depend on the input",
        OnnxWriter.of(1, 2).floats("w", Shape.of(), 1).node("Identity", "w", "y"));
  }

  private static Shape inputShape(OnnxWriter model, Shape wanted) throws FormatException {
    return model.node("Relu", "x", "y").read(wanted).graph().input().shape();
  }

  @Test
  void openExtentsAreTheCallersOrTheDefault() throws Exception {
    assertEquals(
        Shape.of(1, 3, 224, 224),
        OnnxWriter.of(0, 3, 0, 0).node("Relu", "x", "y").read().graph().input().shape());
    assertEquals(
        Shape.of(1, 3, 20, 30), inputShape(OnnxWriter.of(0, 3, 0, 0), Shape.of(1, 3, 20, 30)));
    assertEquals(
        Shape.of(1, 3, 20, 30), inputShape(OnnxWriter.of(8, 3, 20, 0), Shape.of(1, 3, 20, 30)));
    assertEquals(
        Shape.of(1, 3, 20, 30), inputShape(OnnxWriter.of(-1, 3, -1, -7), Shape.of(1, 3, 20, 30)));
    assertEquals(Shape.of(1, 4), inputShape(OnnxWriter.of(0, 0), Shape.of(9, 4)));
    assertEquals(Shape.of(1, 3, 5, 5), inputShape(OnnxWriter.of(), Shape.of(1, 3, 5, 5)));
  }

  private static void assertInputRefused(String message, OnnxWriter model, Shape wanted) {
    var error = assertThrows(FormatException.class, () -> inputShape(model, wanted));
    assertEquals("net.onnx: " + message, error.getMessage());
  }

  @Test
  void otherExtentsThanTheFilesAreRefused() {
    assertInputRefused(
        "input \"x\" is [?, 3, 32, 32], expected [1, 3, 64, 64]",
        OnnxWriter.of(0, 3, 32, 32),
        Shape.of(1, 3, 64, 64));
    assertInputRefused(
        "input \"x\" is [1, 3, ?, ?], expected [1, 1, 64, 64]",
        OnnxWriter.of(1, 3, 0, 0),
        Shape.of(1, 1, 64, 64));
    assertInputRefused(
        "input \"x\" is [1, 3], expected [1, 1, 64, 64]",
        OnnxWriter.of(1, 3),
        Shape.of(1, 1, 64, 64));
    assertRefused(
        "input \"x\" is [?, ?, 32, 32], expected [N, C, H, W]",
        OnnxWriter.of(0, 0, 32, 32).node("Relu", "x", "y"));
    assertRefused(
        "input \"x\" is [5], expected [N, C, H, W]", OnnxWriter.of(5).node("Relu", "x", "y"));
    assertRefused(
        "input \"x\" is [1, 3, 2147483647, 2147483647], expected [N, C, H, W]",
        OnnxWriter.of(1, 3, Integer.MAX_VALUE, Integer.MAX_VALUE).node("Relu", "x", "y"));
    assertRefused(
        "input \"x\" holds U8, expected floating-point numbers",
        OnnxWriter.bare(13).input("x", 2, 1, 3, 4, 4).node("Relu", "x", "y"));
  }

  @Test
  void runsOnBatches() throws Exception {
    Graph graph =
        OnnxWriter.of(4, 1, 1, 2)
            .floats("w", Shape.of(2, 2), 1, 2, 3, 4)
            .longs("rows", 4, 2)
            .node("Reshape", "x rows", "r")
            .node("MatMul", "r w", "y")
            .read()
            .graph();
    Tensor y = graph.run(Engine.reference(), Tensor.of(Shape.of(2, 1, 1, 2), 1, 0, 0, 1));
    assertEquals(Shape.of(2, 2), y.shape());
    assertArrayEquals(new float[] {1, 2, 3, 4}, y.toArray());
  }

  @Test
  void attributesMayLackTheirKind() throws Exception {
    OnnxWriter model =
        OnnxWriter.of(1, 2, 1, 1)
            .node("Flatten", "x", "y", new ProtobufWriter().text(1, "axis").varint(3, 1));
    assertCounted(model, Shape.of(1, 2), 0, 1);
  }

  @Test
  void filesThatAreNoModel() {
    List<String> messages = new ArrayList<>();
    for (String text : List.of("hello", "# Notes on the model\n", "<html>", "{}")) {
      var error =
          assertThrows(
              FormatException.class,
              () -> OnnxWriter.read(text.getBytes(StandardCharsets.UTF_8), null));
      messages.add(error.getMessage());
    }
    assertEquals(
        List.of(
            "net.onnx: looks like text, expected an ONNX model",
            "net.onnx: looks like text, expected an ONNX model",
            "net.onnx: looks like an HTML page, expected an ONNX model",
            "net.onnx: looks like text, expected an ONNX model"),
        messages);
    assertEquals(
        "net.onnx: there is no graph, expected an ONNX model",
        assertThrows(
                FormatException.class,
                () -> OnnxWriter.read(new ProtobufWriter().varint(1, 8).toByteArray(), null))
            .getMessage());
    assertRefused(
        "there are two graphs",
        OnnxWriter.of(1, 2).node("Relu", "x", "y").modelField(7, new ProtobufWriter()));
    assertRefused(
        "the graph has sparse initializers, expected dense ones",
        OnnxWriter.of(1, 2).node("Relu", "x", "y").graphField(15, new ProtobufWriter()));
  }

  @TempDir Path folder;

  private String error(String name) {
    return assertThrows(FormatException.class, () -> OnnxModel.read(folder.resolve(name)))
        .getMessage();
  }

  @Test
  void filesThatCannotBeRead() throws Exception {
    Files.createFile(folder.resolve("empty.onnx"));
    assertEquals(folder.resolve("empty.onnx") + ": is empty", error("empty.onnx"));
    assertEquals(folder.resolve("none.onnx") + ": no such file", error("none.onnx"));
    assertEquals(folder + "/.: is a directory, expected a file", error("."));
  }

  @Test
  void everyTruncationIsRefused() throws Exception {
    byte[] whole =
        OnnxWriter.of(1, 1, 1, 2)
            .floats("w", Shape.of(1, 1, 1, 1), 3)
            .node("Conv", "x w", "y", integers("pads", 0, 0, 0, 0), integer("group", 1))
            .bytes();
    OnnxWriter.read(whole, null);
    for (int length = 1; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThrows(FormatException.class, () -> OnnxWriter.read(part, null), "of " + length);
    }
  }

  @Test
  void externalWeightsLieBesideTheModel() throws Exception {
    Path file = folder.resolve("big.onnx");
    Files.write(
        file,
        OnnxWriter.of(1, 2)
            .tensor(
                external(
                    "w",
                    Shape.of(2, 1),
                    1,
                    List.of("location", "big.bin", "offset", "4", "length", "8")))
            .tensor(external("b", Shape.of(1), 1, List.of("location", "big.bin")))
            .node("Gemm", "x w b", "y")
            .bytes());
    var weights = new ProtobufWriter();
    for (float weight : new float[] {100, 1, 2}) {
      weights.little(Float.floatToRawIntBits(weight), 4);
    }
    Files.write(folder.resolve("big.bin"), weights.toByteArray());
    OnnxModel model = OnnxModel.read(file);
    Tensor y = model.graph().run(Engine.reference(), Tensor.of(Shape.of(1, 2), 10, 20));
    assertArrayEquals(new float[] {150}, y.toArray());
    assertEquals(4, model.tensors().getFirst().offset());
    Files.delete(folder.resolve("big.bin"));
    assertEquals(
        file
            + ": tensor \"w\" lies in \"big.bin\", which is not there, expected 8 bytes from offset"
            + " 4",
        error("big.onnx"));
  }
}
