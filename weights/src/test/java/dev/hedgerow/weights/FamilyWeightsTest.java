package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.ResNet;
import dev.hedgerow.nn.ResNet.Block;
import dev.hedgerow.nn.ResNet.Stage;
import dev.hedgerow.nn.Vgg;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Families with real weights; skipped where the shared data is absent. */
final class FamilyWeightsTest {
  private static final Engine ENGINE = Engine.sequential();
  private static final Path SHARED =
      Path.of(System.getProperty("hedgerow.root", ".")).resolve("../shared").normalize();

  @BeforeAll
  static void sharedDataIsThere() {
    assumeTrue(Files.isDirectory(SHARED), "skipped: there is no " + SHARED);
  }

  @Test
  void aNarrowVgg16HasItsGoldenLogits() throws IOException {
    WeightSource weights = WeightFile.open(SHARED.resolve("golden/vgg16-mini.weights.safetensors"));
    Family family = family("vgg16");
    var stages = new ArrayList<List<Integer>>();
    int at = 0;
    for (List<Integer> stage : ((Vgg) family.topology()).stages()) {
      var channels = new ArrayList<Integer>();
      for (int i = 0; i < stage.size(); i++, at += 2) {
        channels.add(rows(weights, "features." + at));
      }
      stages.add(channels);
      at++;
    }
    Vgg narrow = new Vgg(stages, rows(weights, "classifier.0"), false, Vgg.Form.TORCHVISION);
    assertGoldenLogits("vgg16-mini", family.with("vgg16-mini", narrow), weights);
  }

  @Test
  void aNarrowResnetHasItsGoldenLogits() throws IOException {
    WeightSource weights =
        WeightFile.open(SHARED.resolve("golden/resnet-mini.weights.safetensors"));
    var stages = new ArrayList<Stage>();
    for (int s = 1; s <= 4; s++) {
      int blocks = 0;
      while (weights.contains("layer" + s + "." + blocks + ".conv1.weight")) blocks++;
      int width = rows(weights, "layer" + s + ".0.conv1");
      stages.add(new Stage(blocks, width, rows(weights, "layer" + s + ".0.conv3")));
    }
    ResNet narrow =
        new ResNet(Block.BOTTLENECK, rows(weights, "conv1"), stages, 1, ResNet.Form.torchvision());
    assertGoldenLogits("resnet-mini", family("resnet50").with("resnet-mini", narrow), weights);
  }

  private static void assertGoldenLogits(String name, Family family, WeightSource weights)
      throws IOException {
    WeightSource golden = WeightFile.open(SHARED.resolve("golden/" + name + ".golden.safetensors"));
    Tensor input = tensor(golden, "input");
    Graph graph = Binding.bind(family, weights, input.shape());
    assertClose(tensor(golden, "logits"), graph.run(ENGINE, input));
    Node start = graph.startLayer().orElseThrow();
    assertClose(
        tensor(golden, "start_activation"), graph.record(ENGINE, input, start).output(start));
  }

  /** Asserts equality to 10⁻⁵ of the largest magnitude. */
  private static void assertClose(Tensor golden, Tensor actual) {
    assertEquals(golden.shape(), actual.shape());
    float[] expected = golden.toArray();
    float[] values = actual.toArray();
    double largest = 0;
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, Math.abs((double) values[i] - expected[i]));
    }
    assertTrue(error <= 1e-5 * largest, error + " of " + largest);
  }

  @ParameterizedTest
  @CsvSource({
    "cifar_resnet20, resnet20-12fca82f.th",
    "cifar_resnet56, resnet56-4bfd9763.th",
  })
  void aCifarNetworkRecognizesNineteenOfTwentyPictures(String name, String file)
      throws IOException {
    WeightSource weights = WeightFile.open(SHARED.resolve("models").resolve(file));
    Family family = family(name);
    assertEquals(
        family.parameterCount(),
        weights.tensors().stream()
            .filter(tensor -> !tensor.name().contains("running_"))
            .mapToLong(tensor -> tensor.shape().size())
            .sum());
    Graph graph = Binding.bind(family, weights, family.input());
    List<Path> pictures;
    try (var files = Files.list(SHARED.resolve("images/cifar10"))) {
      pictures = files.sorted().toList();
    }
    assertEquals(20, pictures.size());
    int right = 0;
    for (Path picture : pictures) {
      String expected = picture.getFileName().toString().replaceAll(".*_(\\d+)\\.png", "$1");
      Tensor x = family.preprocessing().apply(ENGINE, pixels(picture));
      float[] logits = graph.run(ENGINE, x).toArray();
      int best = 0;
      for (int i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
      if (best == Integer.parseInt(expected)) right++;
    }
    assertTrue(right >= 19, right + " of 20");
  }

  private static Tensor pixels(Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    int area = image.getWidth() * image.getHeight();
    float[] values = new float[3 * area];
    for (int i = 0; i < area; i++) {
      int rgb = image.getRGB(i % image.getWidth(), i / image.getWidth());
      for (int c = 0; c < 3; c++) values[c * area + i] = rgb >> (16 - 8 * c) & 255;
    }
    return Tensor.of(Shape.of(3, image.getHeight(), image.getWidth()), values);
  }

  private static Tensor tensor(WeightSource source, String name) throws IOException {
    var parameter = source.parameter(name);
    return Tensor.of(parameter.shape(), parameter.toArray());
  }

  private static int rows(WeightSource weights, String module) throws IOException {
    return weights.parameter(module + ".weight").shape().extent(0);
  }

  private static Family family(String name) {
    return Families.find(name).orElseThrow();
  }
}
