package dev.hedgerow.test;

import static dev.hedgerow.test.TensorAssert.assertClose;
import static dev.hedgerow.test.TensorAssert.assertCosine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.Safetensors;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an engine that is not exact may differ by from one that is. */
class FastPathTest {
  private static final int SIDE = 224;

  /** Every so many photographs one. */
  private static final int SAMPLE = 9;

  private final Engine engine = Engine.sequential();

  @ParameterizedTest
  @ValueSource(strings = {"vgg16-mini", "resnet-mini", "densenet-mini"})
  void staysCloseOnTheGoldens(String name) throws IOException {
    Graph graph = OnnxModel.read(Shared.golden(name + ".onnx")).graph();
    Parameter input =
        Safetensors.open(Shared.golden(name + ".golden.safetensors")).parameter("input");
    assertStaysClose(name, graph, Tensor.of(input.shape(), input.toArray()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"squeezenet1_1", "googlenet_bvlc"})
  void staysCloseOnPhotographs(String name) throws IOException {
    Graph graph = OnnxModel.read(Shared.file("models/" + name + ".onnx")).graph();
    try (var files = Files.list(Shared.file("images/imagenet-val"))) {
      List<Path> photographs =
          files
              .filter(file -> file.toString().toLowerCase(Locale.ROOT).endsWith("g"))
              .sorted()
              .toList();
      for (int i = 0; i < photographs.size(); i += SAMPLE) {
        Path file = photographs.get(i);
        assertStaysClose(name + " " + file.getFileName(), graph, photograph(file, name));
      }
    }
  }

  private void assertStaysClose(String name, Graph graph, Tensor x) {
    float[] exactLogits = graph.run(engine.exact(), x).toArray();
    float[] logits = graph.run(engine, x).toArray();
    assertClose(name + " logits", exactLogits, logits, 1e-4);
    assertArrayEquals(best(exactLogits), best(logits), name + " top 5");
    int target = best(exactLogits)[0];
    Attribution exact = explain(engine.exact(), graph, x, target);
    Attribution fast = explain(engine, graph, x, target);
    assertClose(name, exact.heatmap().toArray(), fast.heatmap().toArray(), 2e-3);
    assertCosine(name, exact.heatmap().toArray(), fast.heatmap().toArray(), 0.99999);
    // The sum of a map is near zero; it is held against the sum of its magnitudes.
    double magnitude = 0;
    for (float value : exact.heatmap().toArray()) magnitude += Math.abs(value);
    assertEquals(exact.sum(), fast.sum(), 1e-3 * magnitude, name + " sum");
    assertEquals(exact.warnings(), fast.warnings(), name);
  }

  private static Attribution explain(Engine engine, Graph graph, Tensor x, int target) {
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Recording recording = graph.record(engine, x, hedge.keeps(graph, options));
    return hedge.explain(engine, recording, target, options);
  }

  private static int[] best(float[] logits) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -logits[i]))
        .limit(5)
        .mapToInt(i -> i)
        .toArray();
  }

  /** The middle of a photograph, as one or the other network likes its numbers. */
  private static Tensor photograph(Path file, String network) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    boolean caffe = network.startsWith("googlenet");
    float[] values = new float[3 * SIDE * SIDE];
    for (int i = 0; i < values.length; i++) {
      int channel = i / (SIDE * SIDE);
      int column = (i % SIDE * 2 + 1) * image.getWidth() / (2 * SIDE);
      int row = (i / SIDE % SIDE * 2 + 1) * image.getHeight() / (2 * SIDE);
      int shift = caffe ? 8 * channel : 16 - 8 * channel;
      int level = image.getRGB(column, row) >> shift & 0xff;
      values[i] = caffe ? level - 116f : (level / 255f - 0.45f) / 0.225f;
    }
    return Tensor.of(Shape.of(1, 3, SIDE, SIDE), values);
  }
}
