package dev.hedgerow.weights;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Subtract;
import dev.hedgerow.nn.layer.Transpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written is read as the same network. */
final class OnnxExportTest {
  private static final Shape INPUT = Shape.of(1, 8, 9, 12);
  private static final Engine ENGINE = Engine.sequential();

  private final SplittableRandom random = new SplittableRandom(1);

  @TempDir private Path folder;

  static Stream<Layer> layers() {
    Window uneven = new Window(3, 2, 2, 1, 1, 1, 1, 0, 0, 1);
    Window dilated = new Window(2, 3, 1, 1, 2, 1, 0, 0, 0, 0);
    var random = new SplittableRandom(2);
    return Stream.of(
        new Conv2d(
            Convolution.of(
                values(random, 6, 8, 3, 2),
                values(random, 6),
                new Window(3, 2, 2, 1, 1, 3, 1, 0, 0, 1),
                1)),
        new Conv2d(Convolution.of(values(random, 8, 1, 3, 3), null, Window.of(3, 1, 1), 8)),
        new BatchNorm(
            BatchNormalization.of(
                values(random, 8),
                values(random, 8),
                values(random, 8),
                positive(random, 8),
                1e-5f)),
        new BatchNorm(
            BatchNormalization.of(
                values(random, 8),
                values(random, 8),
                values(random, 8),
                positive(random, 8),
                1e-3f)),
        new Relu(),
        new LeakyRelu(0.3f),
        new HardSwish(),
        new Sigmoid(),
        new Softmax(1),
        new Clip(-0.5f, 0.25f),
        new Lrn(new LocalResponseNormalization(3, 0.5f, 0.75f, 2)),
        new MaxPool2d(new MaxPool(uneven, true)),
        new MaxPool2d(new MaxPool(dilated, false)),
        new AveragePool2d(new AveragePool(uneven, false, true)),
        new AveragePool2d(new AveragePool(uneven, true, false)),
        new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1)),
        new AdaptiveAveragePool2d(new AdaptiveAveragePool(3, 6)),
        new Identity(),
        new Flatten(1),
        new Reshape(Shape.of(1, 12, 72)),
        new Transpose(List.of(0, 3, 1, 2)),
        new Affine(
            Tensor.of(Shape.of(1, 8, 1, 1), values(random, 8).toArray()),
            Tensor.of(Shape.of(1, 8, 1, 1), values(random, 8).toArray())),
        new Slice(List.of(0, 1, 0, 2), List.of(1, 7, 9, 12), List.of(1, 2, 1, 3)),
        new Pad(List.of(0, 1, 2, 0), List.of(0, 0, 1, 3), 0.5f));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void writesEachKindOfLayer(Layer layer) throws IOException {
    Graph.Builder net = Graph.builder("net");
    assertSame(net.build(net.add("it", layer, net.input("image", INPUT))));
  }

  @Test
  void writesLayersOfSeveralInputsAndLinearOnes() throws IOException {
    Graph.Builder net = Graph.builder("net");
    Node x = net.input("image", INPUT);
    Node y = net.add("y", new Sigmoid(), x);
    Node sum = net.add("sum", new Add(), y, net.add("pos", new Relu(), y));
    Node product = net.add("product", new Multiply(), sum, y);
    Node difference = net.add("difference", new Subtract(), product, y);
    Node joined = net.add("joined", new Concat(1), difference, y, sum);
    Node flat = net.add("flat", new Flatten(1), joined);
    int size = flat.shape().extent(1);
    Dense dense = Dense.of(values(random, 5, size), values(random, 5));
    Dense transposed = Dense.ofTransposed(values(random, 5, 7), null);
    Node hidden = net.add("hidden", new Linear(dense), flat);
    assertSame(net.build(net.add("out", new Linear(transposed), hidden)));
  }

  @Test
  void refusesWhatOnnxDoesNotHave() throws IOException {
    Path file = folder.resolve("net.onnx");
    Graph.Builder net = Graph.builder("net");
    Node x = net.input("image", INPUT);
    var pool = new AdaptiveAveragePool2d(new AdaptiveAveragePool(2, 5));
    Graph uneven = net.build(net.add("pool", pool, x));
    assertEquals(
        "pool: there is no pool of ONNX from [1, 8, 9, 12] to [1, 8, 2, 5]",
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.write(uneven, file))
            .getMessage());
    assertFalse(Files.exists(file));
    assertThrows(IllegalArgumentException.class, () -> OnnxExport.check(uneven));
    Graph same = net.build(x);
    Path nowhere = folder.resolve("nowhere/net.onnx");
    assertThrows(IOException.class, () -> OnnxExport.write(same, nowhere));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void checksAModelWithoutItsWeights() {
    Graph.Builder net = Graph.builder("net");
    Node x = net.input("image", Shape.of(1, 30_000));
    Dense half = Dense.of(Parameter.declared(Shape.of(15_000, 30_000)), null);
    Node one = net.add("one", new Linear(half), x);
    OnnxExport.check(net.build(one));
    Graph large = net.build(net.add("sum", new Add(), one, net.add("two", new Linear(half), x)));
    String message =
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.check(large)).getMessage();
    assertTrue(message.endsWith(" bytes, expected less than 2 GiB in one file"), message);
  }

  @Test
  void slicesNoBatch() throws IOException {
    Graph.Builder net = Graph.builder("net");
    Node x = net.input("image", INPUT);
    var part = new Slice(List.of(0, 1, 0, 2), List.of(1, 7, 9, 12), List.of(1, 2, 1, 3));
    OnnxGraph written = read(written(net.build(net.add("part", part, x))));
    assertArrayEquals(new long[] {1, 0, 2}, integers(written, "part.starts"));
    assertArrayEquals(new long[] {7, 9, 12}, integers(written, "part.ends"));
    assertArrayEquals(new long[] {1, 2, 3}, integers(written, "part.axes"));
    assertArrayEquals(new long[] {2, 1, 3}, integers(written, "part.steps"));
  }

  @Test
  void namesTheGraphAndItsOutputsType() throws IOException {
    Graph.Builder net = Graph.builder("net");
    Node x = net.input("image", INPUT);
    Graph graph = net.build(net.add("flat", new Flatten(1), x));
    Protobuf written = written(graph);
    String name = "";
    for (Protobuf fields = written.restart(); fields.next(); ) {
      if (fields.field() == 2) name = fields.text();
    }
    assertEquals("net", name);
    long open = OnnxValue.DYNAMIC;
    OnnxGraph read = read(written);
    assertEquals(List.of(new OnnxValue("image", 1, List.of(open, 8L, 9L, 12L))), read.inputs());
    assertEquals(List.of(new OnnxValue("flat", 1, List.of(open, 864L))), read.outputs());
  }

  private OnnxGraph read(Protobuf graph) throws IOException {
    Path path = folder.resolve("net.onnx");
    return OnnxGraph.read(new OnnxFile(path, MappedFile.map(path)), graph.restart());
  }

  private static long[] integers(OnnxGraph graph, String name) throws IOException {
    OnnxTensor tensor = requireNonNull(graph.initializers().get(name));
    return assertInstanceOf(Constant.Integers.class, tensor.constant()).values();
  }

  /** Returns the GraphProto that is written for a network. */
  private Protobuf written(Graph graph) throws IOException {
    Path path = folder.resolve("net.onnx");
    OnnxExport.write(graph, path);
    var file = new OnnxFile(path, MappedFile.map(path));
    Protobuf model = Protobuf.of(file, "ModelProto");
    while (model.next()) {
      if (model.field() == 7) return model.message("GraphProto");
    }
    throw new AssertionError("no graph");
  }

  /** Asserts that a batch of two has the same outputs, by the written file to 10⁻⁶. */
  private void assertSame(Graph graph) throws IOException {
    Path file = folder.resolve("net.onnx");
    OnnxExport.write(graph, file);
    OnnxModel read = OnnxModel.read(file);
    assertEquals("hedgerow", read.producer());
    assertEquals(graph.input().shape(), read.graph().input().shape());
    Shape two = graph.input().shape().with(0, 2);
    Tensor x = Tensor.of(two, values(random, two.toArray()).toArray());
    Tensor expected = graph.run(ENGINE, x);
    Tensor actual = read.graph().run(ENGINE, x);
    assertEquals(expected.shape(), actual.shape());
    float largest = 0;
    for (float value : expected.toArray()) largest = Math.max(largest, Math.abs(value));
    assertTrue(largest > 0);
    assertArrayEquals(expected.toArray(), actual.toArray(), 1e-6f * largest);
  }

  private static Parameter values(SplittableRandom random, int... extents) {
    float[] values = new float[Shape.of(extents).size()];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextDouble(-1, 1);
    return Parameter.of(Shape.of(extents), values);
  }

  private static Parameter positive(SplittableRandom random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) values[i] = (float) random.nextDouble(0.5, 2);
    return Parameter.of(Shape.of(size), values);
  }
}
