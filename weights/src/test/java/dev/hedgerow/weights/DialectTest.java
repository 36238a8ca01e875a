package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.InceptionV3;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.Twins;
import dev.hedgerow.weights.Published.Layer;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of other projects give the logits that these projects' own definitions give. */
final class DialectTest {
  private static final Engine ENGINE = Engine.sequential();

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "vgg16, timm-vgg16, timm",
    "vgg19, timm-vgg19, timm",
    "resnet18, transformers-resnet18, transformers",
    "resnet50, transformers-resnet50, transformers",
    "vgg16, torchray-vgg16, TorchRay",
    "resnet50, torchray-resnet50, TorchRay",
    "densenet121, torchvision-old-densenet121, torchvision",
  })
  void readsTheNamesOfPyTorchProjects(String family, String network, String dialect)
      throws IOException {
    Published published = Published.read(network);
    var parameters = new LinkedHashMap<String, Parameter>();
    for (Layer layer : published.layers()) {
      layer.tensors().forEach((name, shape) -> parameters.put(name, Published.torch(name, shape)));
    }
    assertLogits(family, dialect, published, Samples.read(npz(parameters)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vgg16", "vgg19", "resnet50", "resnet101", "densenet121", "inception_v3"})
  void readsKerasFromEveryFormat(String family) throws IOException {
    Published published = Published.read("keras-" + family);
    assertLogits(family, "Keras", published, WeightFile.open(keras2(published)));
    assertLogits(family, "Keras", published, WeightFile.open(keras3(published)));
    assertLogits(family, "Keras", published, WeightFile.open(archive(published)));
    assertLogits(family, "Keras", published, Samples.read(arrays(published)));
  }

  @Test
  void readsTheFirstResNet() throws IOException {
    Published published = Published.read("keras-old-resnet50");
    assertLogits("resnet50", "Keras", published, WeightFile.open(keras1(published)));
    assertLogits("resnet50", "Keras", published, WeightFile.open(keras2(published)));
    assertLogits("resnet50", "Keras", published, WeightFile.open(archive(published)));
    assertLogits("resnet50", "Keras", published, Samples.read(arrays(published)));
  }

  /** The files that Keras downloads have other names than its current definitions. */
  @ParameterizedTest
  @CsvSource({"resnet50, probs", "resnet101, probs", "densenet121, fc1000"})
  void readsTheClassifierByItsOldName(String family, String classifier) throws IOException {
    Published published = Published.read("keras-" + family);
    var parameters = new LinkedHashMap<String, Parameter>();
    for (Layer layer : published.layers()) {
      String name = layer.name().equals("predictions") ? classifier : layer.name();
      layer
          .tensors()
          .forEach(
              (part, shape) ->
                  parameters.put(name + "/" + part, Published.keras(layer.name(), part, shape)));
    }
    assertLogits(family, "Keras", published, Samples.read(npz(parameters)));
  }

  @Test
  void readsLayersThatAreNamedLikeFolders() throws IOException {
    Published published = Published.read("keras-densenet121");
    var parameters = new LinkedHashMap<String, Parameter>();
    for (Layer layer : published.layers()) {
      String path = layer.name().replaceFirst("^(conv1|conv._block.*_.)_(conv|bn)$", "$1/$2");
      layer
          .tensors()
          .forEach(
              (part, shape) ->
                  parameters.put(
                      path + "/" + path + "/" + part + ":0",
                      Published.keras(layer.name(), part, shape)));
    }
    assertLogits("densenet121", "Keras", published, Samples.read(npz(parameters)));
  }

  @Test
  void countsInceptionsLayersFromWhereverTheyBegin() throws IOException {
    Published published = Published.read("keras-inception_v3");
    var parameters = new LinkedHashMap<String, Parameter>();
    for (Layer layer : published.layers().reversed()) {
      int end = layer.name().lastIndexOf('_');
      String last = layer.name().substring(end + 1);
      boolean first = !last.matches("\\d+");
      String moved =
          layer.type().equals("Dense")
              ? layer.name()
              : (first ? layer.name() : layer.name().substring(0, end))
                  + "_"
                  + (94 + (first ? 0 : Integer.parseInt(last)));
      layer
          .tensors()
          .forEach(
              (part, shape) ->
                  parameters.put(moved + "/" + part, Published.keras(layer.name(), part, shape)));
    }
    assertLogits("inception_v3", "Keras", published, Samples.read(npz(parameters)));
  }

  @Test
  void namesWhatIsMissingFromAKerasFile() throws IOException {
    Published published = Published.read("keras-vgg16");
    var parameters = new LinkedHashMap<String, Parameter>();
    for (Layer layer : published.layers()) {
      if (layer.name().equals("block3_conv2")) continue;
      layer
          .tensors()
          .forEach(
              (part, shape) ->
                  parameters.put(
                      layer.name() + "/" + part, Published.keras(layer.name(), part, shape)));
    }
    Mismatch mismatch =
        Binding.compare(
            Twins.of(Families.find("vgg16").orElseThrow()), Samples.read(npz(parameters)));
    assertEquals(List.of("features.12.weight", "features.12.bias"), mismatch.missing());
    assertEquals(List.of(), mismatch.unexpected());
  }

  @Test
  void torchvisionsOwnFilesStayInPlace() throws IOException {
    Family family = Twins.of(Families.find("resnet18").orElseThrow());
    var parameters = new LinkedHashMap<String, Parameter>();
    family
        .parameters(3)
        .forEach((name, shape) -> parameters.put(name, Published.torch(name, shape)));
    WeightSource plain = Samples.read(npz(parameters));
    Release release = Release.of(family, plain);
    assertEquals(new Release("torchvision", family, plain), release);
    var prefixed = new LinkedHashMap<String, Parameter>();
    parameters.forEach((name, values) -> prefixed.put("model.backbone." + name, values));
    Release other = Release.of(family, Samples.read(npz(prefixed)));
    assertTrue(Binding.compare(family, other.weights()).isEmpty());
    assertEquals(parameters.keySet(), names(other.weights()));
  }

  /**
   * timm's weights from Gluon want ImageNet's mean and deviation without torchvision's change to
   * those of TensorFlow; no tensor says so. The description in docs/weights.md undoes that change.
   */
  @Test
  void gluonsInceptionCanBePreparedFor() throws IOException {
    var imagenet = Preprocessing.imagenet();
    var mean = new ArrayList<Double>();
    var std = new ArrayList<Double>();
    for (int c = 0; c < 3; c++) {
      double m = imagenet.mean().get(c);
      double s = imagenet.std().get(c);
      mean.add(m + s * (2 * m - 1));
      std.add(2 * s * s);
    }
    String page =
        Files.readString(
            Path.of(System.getProperty("hedgerow.root", "..")).resolve("docs/weights.md"));
    assertTrue(
        page.contains("\"mean\":" + rounded(mean) + ",\"std\":" + rounded(std)), mean + " " + std);
    Family family = Twins.of(Families.find("inception_v3").orElseThrow());
    InceptionV3 net = (InceptionV3) family.topology();
    Family gluon = family.with(new InceptionV3(net.width(), false, net.countPadding()), imagenet);
    var undone = new Preprocessing(299, 299, imagenet.scale(), mean, std);
    var picture = Formula.picture(107, 107);
    float[][] logits = new float[2][];
    for (int i = 0; i < 2; i++) {
      Family each = i == 0 ? family : gluon;
      Graph graph =
          each.graph(Shape.of(1, 3, 107, 107), 10, (name, shape) -> Published.torch(name, shape));
      var x = (i == 0 ? undone : imagenet).apply(ENGINE, picture, 107, 107);
      logits[i] = graph.run(ENGINE, x).toArray();
    }
    double largest = 0;
    for (float logit : logits[1]) largest = Math.max(largest, Math.abs(logit));
    for (int i = 0; i < 10; i++) assertEquals(logits[1][i], logits[0][i], 1e-5 * largest);
  }

  private static String rounded(List<Double> numbers) {
    return numbers.stream()
        .map(number -> BigDecimal.valueOf(number).setScale(6, RoundingMode.HALF_EVEN).toString())
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static Set<String> names(WeightSource source) {
    return source.tensors().stream().map(TensorInfo::name).collect(Collectors.toSet());
  }

  private static void assertLogits(
      String name, String dialect, Published published, WeightSource source) throws IOException {
    Family family = Twins.of(Families.find(name).orElseThrow());
    Release release = Release.of(family, source);
    assertEquals(dialect, release.dialect());
    int size = published.size();
    var x = release.preprocessing().apply(ENGINE, Formula.picture(size, size), size, size);
    Graph graph = Binding.bind(release, Shape.of(1, 3, size, size));
    assertEquals(published.classes(), graph.classes());
    float[] actual = graph.run(ENGINE, x).toArray();
    double largest = Arrays.stream(published.logits()).map(Math::abs).max().orElseThrow();
    double error = 0;
    for (int i = 0; i < actual.length; i++) {
      error = Math.max(error, Math.abs(published.logits()[i] - actual[i]));
    }
    assertTrue(error <= 1e-5 * largest, error + " of " + largest);
  }

  private static byte[] npz(Map<String, Parameter> parameters) {
    return Samples.zip(false, TwinsTest.npyEntries(parameters));
  }

  /** Returns an archive of arrays by Keras' paths. */
  private static byte[] arrays(Published published) {
    var parameters = new LinkedHashMap<String, Parameter>();
    for (Layer layer : published.layers()) {
      layer
          .tensors()
          .forEach(
              (part, shape) ->
                  parameters.put(
                      layer.name() + "/" + part + ":0",
                      Published.keras(layer.name(), part, shape)));
    }
    return npz(parameters);
  }

  /** Writes weights as Keras 1 does. */
  private Path keras1(Published published) {
    Map<String, String> parts =
        Map.of(
            "kernel",
            "W",
            "bias",
            "b",
            "moving_mean",
            "running_mean",
            "moving_variance",
            "running_std");
    Path path = folder.resolve("keras1.h5");
    try (WritableHdfFile file = HdfFile.write(path)) {
      file.putAttribute(
          "layer_names", published.layers().stream().map(Layer::name).toArray(String[]::new));
      for (Layer layer : published.layers()) {
        WritableGroup group = file.putGroup(layer.name());
        var names = new ArrayList<String>();
        layer
            .tensors()
            .forEach(
                (part, shape) -> {
                  names.add(layer.name() + "_" + parts.getOrDefault(part, part) + ":0");
                  group.putDataset(
                      names.getLast(), nested(Published.keras(layer.name(), part, shape)));
                });
        group.putAttribute("weight_names", names.toArray(String[]::new));
      }
    }
    return path;
  }

  /** Writes weights as Keras 2 does. */
  private Path keras2(Published published) {
    Path path = folder.resolve("keras2.h5");
    try (WritableHdfFile file = HdfFile.write(path)) {
      file.putAttribute(
          "layer_names", published.layers().stream().map(Layer::name).toArray(String[]::new));
      for (Layer layer : published.layers()) {
        WritableGroup group = file.putGroup(layer.name());
        group.putAttribute(
            "weight_names",
            layer.tensors().keySet().stream()
                .map(part -> layer.name() + "/" + part + ":0")
                .toArray(String[]::new));
        WritableGroup inner = group.putGroup(layer.name());
        layer
            .tensors()
            .forEach(
                (part, shape) ->
                    inner.putDataset(
                        part + ":0", nested(Published.keras(layer.name(), part, shape))));
      }
    }
    return path;
  }

  /** Writes weights as Keras 3 does: without names, numbered in the order of the model. */
  private Path keras3(Published published) {
    Path path = folder.resolve("keras3.weights.h5");
    try (WritableHdfFile file = HdfFile.write(path)) {
      WritableGroup layers = file.putGroup("layers");
      var counts = new HashMap<String, Integer>();
      for (Layer layer : published.layers()) {
        String kind = KerasLayers.snakeCase(layer.type());
        int count = counts.merge(kind, 1, Integer::sum) - 1;
        WritableGroup variables =
            layers.putGroup(count == 0 ? kind : kind + "_" + count).putGroup("vars");
        int at = 0;
        for (var tensor : layer.tensors().entrySet()) {
          variables.putDataset(
              at++ + "", nested(Published.keras(layer.name(), tensor.getKey(), tensor.getValue())));
        }
      }
      file.putGroup("optimizer").putGroup("vars").putDataset("0", new float[] {1});
    }
    return path;
  }

  /** Writes the weights of Keras 3 with the model's JSON. */
  private Path archive(Published published) throws IOException {
    String layers =
        published.layers().stream()
            .map(
                layer ->
                    "{\"class_name\":\"%s\",\"config\":{\"name\":\"%s\"}}"
                        .formatted(layer.type(), layer.name()))
            .collect(Collectors.joining(","));
    String config = "{\"class_name\":\"Functional\",\"config\":{\"layers\":[" + layers + "]}}";
    Path path = folder.resolve("model.keras");
    Files.write(
        path,
        Samples.zip(
            false,
            Map.of(
                "config.json",
                config.getBytes(StandardCharsets.UTF_8),
                "model.weights.h5",
                Files.readAllBytes(keras3(published)))));
    return path;
  }

  /** Returns an array of arrays of the parameter's extents. */
  private static Object nested(Parameter parameter) {
    int[] extents = parameter.shape().toArray();
    Object array = Array.newInstance(float.class, extents);
    fill(array, parameter.toArray(), 0);
    return array;
  }

  private static int fill(Object array, float[] values, int at) {
    if (array instanceof float[] row) {
      System.arraycopy(values, at, row, 0, row.length);
      return at + row.length;
    }
    for (Object inner : (Object[]) array) at = fill(inner, values, at);
    return at;
  }
}
