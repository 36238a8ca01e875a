package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Linear;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BindingTest {
  private static final Family RESNET50 = Families.find("resnet50").orElseThrow();
  private static final Family CIFAR = Families.find("cifar_resnet20").orElseThrow();
  private static final Shape PICTURE = Shape.of(1, 3, 64, 64);

  /** Tensors without values that notes which of them were read. */
  private static final class Declared implements WeightSource {
    final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    final Map<String, Parameter> read = new HashMap<>();

    Declared(Family family, int classes) {
      family.parameters(classes).forEach(this::put);
    }

    void put(String name, Shape shape) {
      put(name, shape, "F32");
    }

    void put(String name, Shape shape, String type) {
      tensors.put(name, new TensorInfo(name, shape, type, 0));
    }

    @Override
    public Path file() {
      return Path.of("weights.pth");
    }

    @Override
    public Collection<TensorInfo> tensors() {
      return tensors.values();
    }

    @Override
    public boolean contains(String name) {
      return tensors.containsKey(name);
    }

    @Override
    public Parameter parameter(String name) {
      Shape shape = Objects.requireNonNull(tensors.get(name), name).shape();
      Parameter parameter =
          shape.rank() == 1
              ? Parameter.of(shape, new float[shape.size()])
              : Parameter.declared(shape);
      assertEquals(null, read.put(name, parameter), name + " was read twice");
      return parameter;
    }
  }

  @Test
  void theClassesAreTheFilesOwn() throws IOException {
    for (int classes : new int[] {1, 10, 1000}) {
      Graph graph = Binding.bind(RESNET50, new Declared(RESNET50, classes), PICTURE);
      assertEquals(classes, graph.classes());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"squeezenet1_1", "mobilenet_v2", "alexnet", "densenet121"})
  void anyClassifierSaysHowManyClassesThereAre(String name) throws IOException {
    Family family = Families.find(name).orElseThrow();
    assertEquals(20, Binding.bind(family, new Declared(family, 20), PICTURE).classes());
  }

  @Test
  void headsThatHelpedTrainingArePassedOver() throws IOException {
    Family googlenet = Families.find("googlenet").orElseThrow();
    var weights = new Declared(googlenet, 1000);
    weights.put("aux1.conv.conv.weight", Shape.of(128, 512, 1, 1));
    weights.put("aux2.fc2.bias", Shape.of(1000));
    assertEquals(1000, Binding.bind(googlenet, weights, PICTURE).classes());
    weights.put("aux3.fc2.bias", Shape.of(1000));
    assertRefused(
        "googlenet: 1 tensor unexpected (aux3.fc2.bias) in weights.pth", googlenet, weights);
    Family inception = Families.find("inception_v3").orElseThrow();
    var more = new Declared(inception, 1000);
    more.put("AuxLogits.conv0.conv.weight", Shape.of(128, 768, 1, 1));
    assertTrue(Binding.compare(inception, more).isEmpty());
  }

  @Test
  void everyTensorIsReadOnceAndUsedAsItIs() throws IOException {
    var weights = new Declared(RESNET50, 10);
    Graph graph = Binding.bind(RESNET50, weights, PICTURE);
    assertEquals(weights.tensors.keySet(), weights.read.keySet());
    Conv2d conv = (Conv2d) graph.node("layer3.0.conv2").layer();
    assertSame(weights.read.get("layer3.0.conv2.weight"), conv.convolution().weight());
    Linear linear = (Linear) graph.node("fc").layer();
    assertSame(weights.read.get("fc.weight"), linear.dense().weight());
    assertSame(weights.read.get("fc.bias"), linear.dense().bias());
  }

  @Test
  void allDifferencesAreNamedInOneLine() {
    var weights = new Declared(RESNET50, 1000);
    weights.tensors.remove("layer4.2.bn3.weight");
    weights.tensors.remove("fc.bias");
    weights.put("head.weight", Shape.of(10, 2048));
    weights.put("fc.weight", Shape.of(10, 2048));
    assertRefused(
        "resnet50: 2 tensors missing (layer4.2.bn3.weight, fc.bias), 1 unexpected (head.weight),"
            + " 1 of another shape (fc.weight: file [10, 2048], model [1000, 2048])"
            + " in weights.pth",
        RESNET50,
        weights);
  }

  @Test
  void oneDifferenceIsNamedAlone() {
    var missing = new Declared(RESNET50, 1000);
    missing.tensors.remove("conv1.weight");
    assertRefused("resnet50: 1 tensor missing (conv1.weight) in weights.pth", RESNET50, missing);
    var unexpected = new Declared(RESNET50, 1000);
    unexpected.put("a\nb", Shape.of(1));
    assertRefused("resnet50: 1 tensor unexpected (a\\nb) in weights.pth", RESNET50, unexpected);
    var otherShape = new Declared(RESNET50, 1000);
    otherShape.put("conv1.weight", Shape.of(64, 3, 3, 3));
    otherShape.put("bn1.bias", Shape.of(32));
    assertRefused(
        "resnet50: 2 tensors of another shape (conv1.weight: file [64, 3, 3, 3], model [64, 3, 7,"
            + " 7], bn1.bias: file [32], model [64]) in weights.pth",
        RESNET50,
        otherShape);
  }

  @Test
  void longListsAreWhole() {
    Family resnet56 = Families.find("cifar_resnet56").orElseThrow();
    var weights = new Declared(resnet56, 10);
    List<String> more =
        weights.tensors.keySet().stream()
            .filter(name -> name.matches("layer\\d\\.[3-8]\\..*"))
            .toList();
    assertEquals(180, more.size());
    assertRefused(
        "cifar_resnet20: 180 tensors unexpected ("
            + String.join(", ", more)
            + ") in weights.pth; these are the weights of cifar_resnet56",
        CIFAR,
        weights);
    assertEquals(more, Binding.compare(resnet56, new Declared(CIFAR, 10)).missing());
  }

  @Test
  void otherShapesAreAllNamed() {
    var weights = new Declared(RESNET50, 1000);
    var expected = new ArrayList<String>();
    for (int i = 0; i < 3; i++) {
      for (int k = 1; k <= 3; k++) {
        String name = "layer1." + i + ".bn" + k + ".bias";
        weights.put(name, Shape.of(7));
        expected.add(name + ": file [7], model [" + (k == 3 ? 256 : 64) + "]");
      }
    }
    assertRefused(
        "resnet50: 9 tensors of another shape (" + String.join(", ", expected) + ") in weights.pth",
        RESNET50,
        weights);
  }

  @Test
  void theNearestFamilyIsNamedWhereItIsClearlyCloser() throws IOException {
    var weights = new Declared(Families.find("cifar_resnet56").orElseThrow(), 10);
    weights.tensors.remove("bn1.bias");
    assertEquals(
        "cifar_resnet56: 1 tensor missing (bn1.bias)",
        Binding.nearest(weights, Families.all()).orElseThrow().mismatch().toString());
    assertTrue(
        String.valueOf(
                assertThrows(
                        MismatchException.class, () -> Binding.bind(CIFAR, weights, CIFAR.input()))
                    .getMessage())
            .endsWith("; nearest: cifar_resnet56, 1 difference"));
    weights.tensors.keySet().removeIf(name -> name.startsWith("layer"));
    assertTrue(Binding.nearest(weights, Families.all()).isEmpty());
  }

  @Test
  void whatBelongsToTrainingIsPassedOver() throws IOException {
    var weights = new Declared(RESNET50, 10);
    weights.put("bn1.num_batches_tracked", Shape.of(), "I64");
    weights.put("layer1.0.bn1.num_batches_tracked", Shape.of(), "F32");
    weights.put("index", Shape.of(4), "I32");
    weights.put("mask", Shape.of(4), "BOOL");
    Binding.bind(RESNET50, weights, PICTURE);
    assertTrue(weights.read.keySet().stream().noneMatch(name -> name.endsWith("tracked")));
    for (String type : List.of("F16", "BF16", "F64", "F8_E4M3")) {
      weights.put("extra", Shape.of(4), type);
      assertEquals(List.of("extra"), Binding.compare(RESNET50, weights).unexpected(), type);
    }
  }

  @Test
  void aClassifierThatIsNotWholeDoesNotSayHowManyClassesThereAre() {
    var weights = new Declared(RESNET50, 10);
    weights.put("fc.weight", Shape.of(Integer.MAX_VALUE, 1));
    assertShapes(
        "[fc.weight: file [2147483647, 1], model [1000, 2048],"
            + " fc.bias: file [10], model [1000]]",
        weights);
    weights.put("fc.weight", Shape.of());
    assertShapes(
        "[fc.weight: file [], model [1000, 2048], fc.bias: file [10], model [1000]]", weights);
    weights.put("fc.weight", Shape.of(0, 2048));
    weights.put("fc.bias", Shape.of(0));
    assertShapes(
        "[fc.weight: file [0, 2048], model [1000, 2048], fc.bias: file [0], model [1000]]",
        weights);
  }

  private static void assertShapes(String expected, WeightSource weights) {
    assertEquals(expected, Binding.compare(RESNET50, weights).otherShape().toString());
  }

  private static void assertRefused(String message, Family family, WeightSource weights) {
    assertEquals(
        message,
        assertThrows(MismatchException.class, () -> Binding.bind(family, weights, family.input()))
            .getMessage());
  }

  @Test
  void aFileThatFitsHasNoMismatch() {
    Mismatch none = Binding.compare(RESNET50, new Declared(RESNET50, 10));
    assertTrue(none.isEmpty());
    assertEquals("resnet50: all tensors fit", none.toString());
  }
}
