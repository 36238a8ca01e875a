package dev.hedgerow.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.layer.Relu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class FamiliesTest {
  @Test
  void familiesAreFoundByName() {
    for (Family family : Families.all()) {
      assertSame(family, Families.find(family.name()).orElseThrow());
    }
    assertTrue(Families.find("resnet49").isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "cifar_resnet20, 269722",
    "cifar_resnet32, 464154",
    "cifar_resnet44, 658586",
    "cifar_resnet56, 853018"
  })
  void parameterCountsAreThePublishedOnes(String name, long count) {
    assertEquals(count, family(name).parameterCount());
  }

  @Test
  void aDeclaredParameterHasNoValues() {
    Parameter declared = Parameter.declared(Shape.of(50_000, 40_000));
    assertEquals(Shape.of(50_000, 40_000), declared.shape());
    assertThrows(IndexOutOfBoundsException.class, () -> declared.get(0));
  }

  @Test
  void cifarResnet32NamesAndShapesAreThePublishedOnes() {
    var expected = new LinkedHashMap<String, Shape>();
    expected.put("conv1.weight", Shape.of(16, 3, 3, 3));
    putBatchNorm(expected, "bn1", 16);
    int in = 16;
    for (int s = 0; s < 3; s++) {
      int width = 16 << s;
      for (int b = 0; b < 5; b++) {
        String block = "layer" + (s + 1) + "." + b + ".";
        expected.put(block + "conv1.weight", Shape.of(width, in, 3, 3));
        putBatchNorm(expected, block + "bn1", width);
        expected.put(block + "conv2.weight", Shape.of(width, width, 3, 3));
        putBatchNorm(expected, block + "bn2", width);
        in = width;
      }
    }
    expected.put("linear.weight", Shape.of(10, 64));
    expected.put("linear.bias", Shape.of(10));
    assertParameters(expected, family("cifar_resnet32").parameters(10));
  }

  /** Asserts the same names, in the same order, and shapes. */
  private static void assertParameters(Map<String, Shape> expected, Map<String, Shape> actual) {
    assertEquals(List.copyOf(expected.entrySet()), List.copyOf(actual.entrySet()));
  }

  private static void putBatchNorm(Map<String, Shape> expected, String name, int channels) {
    for (String vector : List.of("weight", "bias", "running_mean", "running_var")) {
      expected.put(name + "." + vector, Shape.of(channels));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "vgg16, 224, 224, features.0, 64, 224, 224",
    "vgg16, 224, 224, features.29, 512, 14, 14",
    "vgg16, 224, 224, avgpool, 512, 7, 7",
    "vgg16, 500, 375, features.29, 512, 31, 23",
    "vgg16, 500, 375, avgpool, 512, 7, 7",
    "vgg16, 32, 32, avgpool, 512, 7, 7",
    "resnet50, 224, 224, relu, 64, 112, 112",
    "resnet50, 224, 224, maxpool, 64, 56, 56",
    "resnet50, 224, 224, layer1, 256, 56, 56",
    "resnet50, 224, 224, layer2.0.conv1, 128, 56, 56",
    "resnet50, 224, 224, layer2.0.conv2, 128, 28, 28",
    "resnet50, 224, 224, layer2.0, 512, 28, 28",
    "resnet50, 224, 224, layer3.5, 1024, 14, 14",
    "resnet50, 224, 224, layer4, 2048, 7, 7",
    "resnet50, 300, 200, layer4, 2048, 10, 7",
    "resnet50, 300, 200, avgpool, 2048, 1, 1",
    "cifar_resnet20, 32, 32, layer1, 16, 32, 32",
    "cifar_resnet20, 32, 32, layer2.0.shortcut.slice, 16, 16, 16",
    "cifar_resnet20, 32, 32, layer2.0.shortcut.pad, 32, 16, 16",
    "cifar_resnet20, 32, 32, layer3, 64, 8, 8",
    "cifar_resnet20, 33, 31, layer3, 64, 9, 8",
  })
  void activationsHaveTheirShapes(
      String name, int height, int width, String node, int channels, int rows, int columns) {
    Graph graph = unlearned(family(name), Shape.of(1, 3, height, width));
    assertEquals(Shape.of(1, channels, rows, columns), graph.node(node).shape());
  }

  @ParameterizedTest
  @MethodSource("families")
  void aFamilyIsReadyToExplain(Family family) {
    Graph graph = unlearned(family, family.input());
    assertEquals(family.name(), graph.name());
    assertEquals(family.classes().size(), graph.classes());
    assertTrue(graph.ancestors(graph.logits()).contains(graph.node(family.classifier())));
    assertSame(graph.node(family.startLayer()), graph.startLayer().orElseThrow());
    Map<String, Shape> parameters = family.parameters(7);
    assertEquals(
        7, Objects.requireNonNull(parameters.get(family.classifier() + ".weight")).extent(0));
    assertEquals(Shape.of(7), parameters.get(family.classifier() + ".bias"));
    assertFalse(parameters.keySet().stream().anyMatch(family::isAuxiliary));
  }

  @ParameterizedTest
  @CsvSource({
    "alexnet, features.12, MaxPool2d, 256, 6",
    "vgg11, features.19, Relu, 512, 14",
    "vgg11_bn, features.27, Relu, 512, 14",
    "vgg13, features.23, Relu, 512, 14",
    "vgg13_bn, features.33, Relu, 512, 14",
    "vgg16, features.29, Relu, 512, 14",
    "vgg16_bn, features.42, Relu, 512, 14",
    "vgg19, features.35, Relu, 512, 14",
    "vgg19_bn, features.51, Relu, 512, 14",
    "resnet18, layer4, Relu, 512, 7",
    "resnet152, layer4, Relu, 2048, 7",
    "densenet121, features.norm5, BatchNorm, 1024, 7",
    "inception_v3, Mixed_7c, Concat, 2048, 8",
    "googlenet, inception5b, Concat, 1024, 7",
    "squeezenet1_0, features.12, Concat, 512, 13",
    "squeezenet1_1, features.12, Concat, 512, 13",
    "mobilenet_v2, features.18, Clip, 1280, 7",
    "cifar_resnet56, layer3, Relu, 64, 8",
  })
  void explanationsBeginWhereThePaperDoes(
      String name, String layer, String kind, int channels, int side) {
    Family family = family(name);
    assertEquals(layer, family.startLayer());
    Node start = unlearned(family, family.input()).startLayer().orElseThrow();
    assertEquals(layer, start.outputName());
    assertEquals(kind, start.layer().getClass().getSimpleName());
    assertEquals(Shape.of(1, channels, side, side), start.shape());
  }

  @Test
  void aStartLayerMustLeadToTheLogits() {
    Graph.Builder graph = Graph.builder("net");
    Node x = graph.input("input", Shape.of(1, 3, 4, 4));
    Node aside = graph.add("aside", new Relu(), x);
    Node output = graph.add("output", new Relu(), x);
    assertTrue(graph.build(output).startLayer().isEmpty());
    graph.startLayer(aside);
    assertEquals(
        "net: output (Relu [1, 3, 4, 4]) does not depend on the start layer"
            + " aside (Relu [1, 3, 4, 4])",
        refusal(() -> graph.build(output)));
  }

  static List<Family> families() {
    return Families.all();
  }

  @Test
  void aStageAndItsLastBlockAreOneNode() {
    Graph graph = unlearned(family("resnet50"), Shape.of(1, 3, 224, 224));
    assertSame(graph.node("layer4"), graph.node("layer4.2"));
    assertEquals("layer4.2.add", graph.node("layer4").input().name());
    assertFalse(graph.node("layer3") == graph.node("layer3.4"));
  }

  @Test
  void everyParameterIsAskedForOnce() {
    for (Family family : Families.all()) {
      var asked = new ArrayList<String>();
      family.graph(
          family.input(),
          10,
          (name, shape) -> {
            asked.add(name);
            return unlearned(shape);
          });
      assertEquals(new HashSet<>(asked).size(), asked.size(), family.name());
      assertEquals(List.copyOf(family.parameters(10).keySet()), asked);
    }
  }

  @Test
  void anInputThatCannotBeIsRefused() {
    assertEquals(
        "resnet50: input is [1, 1, 224, 224] but [1, 3, H, W] is expected",
        refusal(() -> unlearned(family("resnet50"), Shape.of(1, 1, 224, 224))));
    assertEquals(
        "resnet50: input is [2, 3, 224, 224] but [1, 3, H, W] is expected",
        refusal(() -> unlearned(family("resnet50"), Shape.of(2, 3, 224, 224))));
    assertEquals(
        "resnet50: input is [3, 224, 224] but [1, 3, H, W] is expected",
        refusal(() -> unlearned(family("resnet50"), Shape.of(3, 224, 224))));
    String tooSmall = refusal(() -> unlearned(family("vgg16"), Shape.of(1, 3, 16, 16)));
    assertTrue(tooSmall.startsWith("features.30: "), tooSmall);
  }

  @Test
  void aParameterOfAnotherShapeIsRefused() {
    Family family = family("vgg16");
    assertEquals(
        "features.0.weight is [2, 2] but the network expects [64, 3, 3, 3]",
        refusal(
            () ->
                family.graph(
                    family.input(),
                    10,
                    (name, shape) -> unlearned(name.endsWith("weight") ? Shape.of(2, 2) : shape))));
  }

  private static String refusal(Executable action) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, action).getMessage());
  }

  /** With a stem and blocks that change nothing, the shortcuts are all there is. */
  @Test
  void cifarShortcutsTakeEverySecondPixelAndSurroundTheChannels() {
    Family family = family("cifar_resnet20").with("tiny", new CifarResNet(1, List.of(2, 6)));
    Graph graph =
        family.graph(
            Shape.of(1, 3, 5, 4),
            2,
            (name, shape) -> {
              float[] values = new float[shape.size()];
              if (name.equals("conv1.weight")) {
                values[4] = 1; // channel 0 is red
                values[3 * 9 + 2 * 9 + 4] = 1; // channel 1 is blue
              }
              if (name.equals("bn1.weight")) Arrays.fill(values, 1);
              if (name.endsWith("running_var")) Arrays.fill(values, 1 - 1e-5f);
              return Parameter.of(shape, values);
            });
    float[] pixels = new float[60];
    for (int i = 0; i < pixels.length; i++) pixels[i] = i;
    Tensor x = Tensor.of(Shape.of(1, 3, 5, 4), pixels);
    Engine engine = Engine.sequential();
    Tensor out = graph.record(engine, x, graph.node("layer2")).output(graph.node("layer2"));
    float[] expected = new float[36];
    float[] red = {0, 2, 8, 10, 16, 18};
    for (int i = 0; i < red.length; i++) {
      expected[2 * 6 + i] = red[i];
      expected[3 * 6 + i] = red[i] + 40;
    }
    assertEquals(Shape.of(1, 6, 3, 2), out.shape());
    assertArrayEquals(expected, out.toArray(), 1e-5f);
  }

  private static Family family(String name) {
    return Families.find(name).orElseThrow();
  }

  private static Graph unlearned(Family family, Shape input) {
    return family.graph(input, family.classes().size(), (name, shape) -> unlearned(shape));
  }

  private static Parameter unlearned(Shape shape) {
    return shape.rank() == 1
        ? Parameter.of(shape, new float[shape.size()])
        : Parameter.declared(shape);
  }
}
