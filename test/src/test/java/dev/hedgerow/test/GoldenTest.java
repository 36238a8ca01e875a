package dev.hedgerow.test;

import static dev.hedgerow.test.TensorAssert.assertClose;
import static dev.hedgerow.test.TensorAssert.assertCosine;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.DenseNet;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.weights.Npy;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.Safetensors;
import dev.hedgerow.weights.TensorInfo;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Networks against what the authors' code computed in float64: logits, gradients, start relevance
 * and every map.
 */
class GoldenTest {
  private static final Pattern MAP = Pattern.compile("target(\\d+)\\.gamma([\\d.]+)\\.relevance");
  private static final Pattern GRADIENT = Pattern.compile("target(\\d+)\\.input_gradient");

  @ParameterizedTest
  @CsvSource({
    "vgg16-mini, golden/vgg16-mini.onnx, ",
    "resnet-mini, golden/resnet-mini.onnx, ",
    "densenet-mini, golden/densenet-mini.onnx, /features/norm5/BatchNormalization",
    "squeezenet1_1-real, models/squeezenet1_1.onnx, ",
  })
  void agreesWithFloat64(String name, String model, String start) throws IOException {
    Path file =
        model.startsWith("golden/") ? Shared.golden(model.substring(7)) : Shared.file(model);
    Options options = Options.standard().withStartLayer(start);
    assertAgreesWithFloat64(name, OnnxModel.read(file).graph(), options);
  }

  /** Its weights have torchvision's names but for {@code layers}, which a subclass added. */
  @Test
  void theFamilyOfDenseNetsAgreesWithFloat64() throws IOException {
    WeightSource weights = Safetensors.open(Shared.golden("densenet-mini.weights.safetensors"));
    Graph graph =
        Families.find("densenet121")
            .orElseThrow()
            .with("densenet-mini", new DenseNet(16, 8, 2, List.of(2, 3, 2, 2), 1e-5f))
            .graph(
                Shape.of(1, 3, 96, 96),
                10,
                (name, shape) ->
                    parameter(weights, name.replaceFirst("(denseblock.)", "$1.layers"), shape));
    assertAgreesWithFloat64("densenet-mini", graph, Options.standard());
  }

  private static Parameter parameter(WeightSource weights, String name, Shape shape) {
    try {
      Parameter parameter = weights.parameter(name);
      assertEquals(shape, parameter.shape(), name);
      return parameter;
    } catch (IOException unexpected) {
      throw new UncheckedIOException(unexpected);
    }
  }

  private static void assertAgreesWithFloat64(String name, Graph graph, Options options)
      throws IOException {
    Path golden = Shared.golden(name + ".golden.safetensors");
    WeightSource expected = Safetensors.open(golden);
    Tensor x = tensor(expected.parameter("input"));
    try (var pool = new ForkJoinPool(2)) {
      Engine engine = Engine.parallel(pool).exact();
      float[] logits = graph.run(engine, x).toArray();
      assertClose(name + " logits", expected.parameter("logits").toArray(), logits, 1e-5);

      int maps = 0;
      for (TensorInfo info : expected.tensors()) {
        float[] values = expected.parameter(info.name()).toArray();
        Matcher map = MAP.matcher(info.name());
        Matcher gradient = GRADIENT.matcher(info.name());
        if (map.matches()) {
          Attribution attribution =
              explain(
                  engine,
                  graph,
                  x,
                  "gradient-hedge",
                  Integer.parseInt(map.group(1)),
                  options.withGamma(Float.parseFloat(map.group(2))));
          float[] actual =
              info.shape().extent(1) == 1
                  ? attribution.heatmap().toArray()
                  : attribution.relevance().toArray();
          assertClose(name + " " + info.name(), values, actual, 1e-5);
          assertCosine(name + " " + info.name(), values, actual, 0.999999);
          assertEquals(List.of(), attribution.warnings());
          maps++;
        } else if (gradient.matches()) {
          int target = Integer.parseInt(gradient.group(1));
          Attribution attribution = explain(engine, graph, x, "gradient", target, options);
          assertClose(name + " " + info.name(), values, attribution.relevance().toArray(), 1e-4);
        }
      }
      assertTrue(maps >= 4, "only " + maps + " maps in " + golden);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "2, 2", "5, 1", "5, 2"})
  void conservingAddAgreesWithFloat64(int target, int gamma) throws IOException {
    Graph graph = OnnxModel.read(Shared.golden("resnet-mini.onnx")).graph();
    Tensor x =
        tensor(
            Safetensors.open(Shared.golden("resnet-mini.golden.safetensors")).parameter("input"));
    String name = "resnet-mini.t%d.g%d.conserving.npy".formatted(target, gamma);
    float[] expected = Npy.read(Shared.golden(name)).toArray();
    Attribution attribution =
        explain(
            Engine.sequential().exact(),
            graph,
            x,
            "gradient-hedge",
            target,
            Options.standard().withGamma(gamma).withAddPolicy(AddPolicy.CONSERVING));
    assertClose(name, expected, attribution.heatmap().toArray(), 1e-5);
    assertCosine(name, expected, attribution.heatmap().toArray(), 0.999999);
  }

  @ParameterizedTest
  @CsvSource({
    "vgg16-mini, 3, 1",
    "vgg16-mini, 3, 1.5",
    "vgg16-mini, 7, 2",
    "resnet-mini, 2, 1",
    "resnet-mini, 5, 2",
    "densenet-mini, 0, 1",
    "densenet-mini, 8, 2",
  })
  void mapsInFilesOfTheirOwnAgree(String name, int target, String gamma) throws IOException {
    Graph graph = OnnxModel.read(Shared.golden(name + ".onnx")).graph();
    Tensor x = tensor(Npy.read(Shared.golden(name + ".input.npy")));
    String file = "%s.t%d.g%s.npy".formatted(name, target, gamma);
    float[] expected = Npy.read(Shared.golden(file)).toArray();
    String start = name.equals("densenet-mini") ? "/features/norm5/BatchNormalization" : null;
    Options options = Options.standard().withGamma(Float.parseFloat(gamma)).withStartLayer(start);
    Attribution attribution =
        explain(Engine.sequential().exact(), graph, x, "gradient-hedge", target, options);
    assertClose(file, expected, attribution.heatmap().toArray(), 1e-5);
  }

  private static Tensor tensor(Parameter parameter) {
    return Tensor.of(parameter.shape(), parameter.toArray());
  }

  private static Attribution explain(
      Engine engine, Graph graph, Tensor x, String name, int target, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording = graph.record(engine, x, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }
}
