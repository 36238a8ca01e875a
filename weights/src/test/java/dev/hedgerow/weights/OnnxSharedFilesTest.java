package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks that exporters wrote, against logits computed in double precision. */
class OnnxSharedFilesTest {
  @ParameterizedTest
  @CsvSource({
    "golden/vgg16-mini.onnx, golden/vgg16-mini",
    "golden/resnet-mini.onnx, golden/resnet-mini",
    "golden/densenet-mini.onnx, golden/densenet-mini",
    "models/squeezenet1_1.onnx, golden/squeezenet1_1-real"
  })
  void logits(String model, String golden) throws Exception {
    Graph graph = OnnxModel.read(Shared.file(model)).graph();
    WeightSource reference = WeightFile.open(Shared.file(golden + ".golden.safetensors"));
    Tensor x = Tensor.of(graph.input().shape(), reference.parameter("input").toArray());
    float[] expected = reference.parameter("logits").toArray();
    float[] logits = graph.run(Engine.sequential(), x).toArray();
    assertEquals(expected.length, logits.length);
    float largest = 0;
    for (float logit : expected) largest = Math.max(largest, Math.abs(logit));
    for (int i = 0; i < logits.length; i++) {
      assertEquals(expected[i], logits[i], 1e-5f * largest, "logit " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 56})
  void cifarNetworks(int depth) throws Exception {
    OnnxModel model = OnnxModel.read(Shared.file("models/resnet" + depth + "_cifar10.onnx"));
    Graph graph = model.graph();
    assertEquals(Shape.of(1, 3, 32, 32), graph.input().shape());
    assertEquals(10, graph.classes());
    // One slice a sliced axis and one pad in each of the two shortcuts that change the shape.
    List<Node> shortcuts =
        graph.nodes().stream()
            .filter(node -> node.layer() instanceof Slice || node.layer() instanceof Pad)
            .toList();
    assertEquals(6, shortcuts.size());
    var pad = assertInstanceOf(Pad.class, graph.node("/layer2/layer2.0/Pad").layer());
    assertEquals(List.of(0, 8, 0, 0), pad.before());
    assertEquals(List.of(0, 8, 0, 0), pad.after());
    assertEquals(Shape.of(1, 32, 16, 16), graph.node("/layer2/layer2.0/Pad_output_0").shape());
    assertEquals(17, model.opset());
    assertEquals("pytorch 2.13.0", model.producer());
    assertEquals(depth - 1, model.operators().get("Conv"));
    assertEquals(
        depth,
        graph.nodes().stream().filter(node -> node.layer() instanceof WeightedLayer).count());
  }

  @Test
  void googleNet() throws Exception {
    OnnxModel model = OnnxModel.read(Shared.file("models/googlenet_bvlc.onnx"));
    Graph graph = model.graph();
    assertEquals(1000, graph.classes());
    assertEquals(Shape.of(1, 1024, 7, 7), graph.node("/inc5b/Concat").shape());
    assertEquals(116, model.tensors().size());
    TensorInfo last = model.tensors().getLast();
    assertEquals("fc.bias", last.name());
    assertEquals(Shape.of(1000), last.shape());
  }

  @Test
  void peersNeedTheirWeights() throws Exception {
    Path file = Shared.file("peers/vgg16.onnx");
    assertEquals(
        file
            + ": tensor \"w0\" lies in \"vgg16.bin\", which is not there, expected 6912 bytes from"
            + " offset 0",
        assertThrows(FormatException.class, () -> OnnxModel.read(file)).getMessage());
  }

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"vgg16, 553430176, 38", "resnet50, 102440608, 176"})
  void peersWithTheirWeights(String name, long size, int nodes) throws Exception {
    Path file = folder.resolve(name + ".onnx");
    Files.copy(Shared.file("peers/" + name + ".onnx"), file);
    makeSparse(folder.resolve(name + ".bin"), size);
    Graph graph = OnnxModel.read(file).graph();
    assertEquals(nodes, graph.nodes().size());
    assertEquals(1000, graph.classes());
  }

  private static void makeSparse(Path file, long size) throws IOException {
    try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(size);
    }
  }
}
