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
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Networks against what the authors' code computed in float64: logits, gradients, start relevance
 * and every map.
 */
class GoldenTest {
  private static final Pattern GRADIENT = Pattern.compile("target(\\d+)\\.input_gradient");

  @ParameterizedTest
  @EnumSource
  void agreesWithFloat64(Golden golden) throws IOException {
    assertAgreesWithFloat64(golden, golden.graph(), golden.options());
  }

  /** Its weights have torchvision's names but for {@code layers}, which a subclass added. */
  @Test
  void theFamilyOfDenseNetsAgreesWithFloat64() throws IOException {
    WeightSource weights = Safetensors.open(Golden.DENSENET_MINI.file(".weights.safetensors"));
    Graph graph =
        Families.find("densenet121")
            .orElseThrow()
            .with("densenet-mini", new DenseNet(16, 8, 2, List.of(2, 3, 2, 2), 1e-5f))
            .graph(
                Shape.of(1, 3, 96, 96),
                10,
                (name, shape) ->
                    parameter(weights, name.replaceFirst("(denseblock.)", "$1.layers"), shape));
    assertAgreesWithFloat64(Golden.DENSENET_MINI, graph, Options.standard());
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

  private static void assertAgreesWithFloat64(Golden golden, Graph graph, Options options)
      throws IOException {
    WeightSource expected = golden.expected();
    Tensor x = golden.input();
    try (var pool = new ForkJoinPool(2)) {
      Engine engine = Engine.parallel(pool).exact();
      float[] logits = graph.run(engine, x).toArray();
      assertClose(golden + " logits", expected.parameter("logits").toArray(), logits, 1e-5);

      List<Golden.Map> maps = golden.maps();
      for (Golden.Map map : maps) {
        String name = map.tensor().name();
        float[] values = expected.parameter(name).toArray();
        Attribution attribution =
            explain(
                engine, graph, x, "gradient-hedge", map.target(), options.withGamma(map.gamma()));
        float[] actual =
            map.tensor().shape().extent(1) == 1
                ? attribution.heatmap().toArray()
                : attribution.relevance().toArray();
        assertClose(golden + " " + name, values, actual, 1e-5);
        assertCosine(golden + " " + name, values, actual, 0.999999);
        assertEquals(List.of(), attribution.warnings());
      }
      assertTrue(maps.size() >= 4, "only " + maps.size() + " maps in " + expected.file());

      for (TensorInfo info : expected.tensors()) {
        Matcher gradient = GRADIENT.matcher(info.name());
        if (!gradient.matches()) continue;
        float[] values = expected.parameter(info.name()).toArray();
        int target = Integer.parseInt(gradient.group(1));
        Attribution attribution = explain(engine, graph, x, "gradient", target, options);
        assertClose(golden + " " + info.name(), values, attribution.relevance().toArray(), 1e-4);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "2, 2", "5, 1", "5, 2"})
  void conservingAddAgreesWithFloat64(int target, int gamma) throws IOException {
    Golden golden = Golden.RESNET_MINI;
    Path file = golden.file(".t%d.g%d.conserving.npy".formatted(target, gamma));
    float[] expected = Npy.read(file).toArray();
    Attribution attribution =
        explain(
            Engine.sequential().exact(),
            golden.graph(),
            golden.input(),
            "gradient-hedge",
            target,
            golden.options().withGamma(gamma).withAddPolicy(AddPolicy.CONSERVING));
    assertClose(file.toString(), expected, attribution.heatmap().toArray(), 1e-5);
    assertCosine(file.toString(), expected, attribution.heatmap().toArray(), 0.999999);
  }

  @ParameterizedTest
  @CsvSource({
    "VGG16_MINI, 3, 1",
    "VGG16_MINI, 3, 1.5",
    "VGG16_MINI, 7, 2",
    "RESNET_MINI, 2, 1",
    "RESNET_MINI, 5, 2",
    "DENSENET_MINI, 0, 1",
    "DENSENET_MINI, 8, 2",
  })
  void mapsInFilesOfTheirOwnAgree(Golden golden, int target, String gamma) throws IOException {
    Graph graph = golden.graph();
    Tensor x = Golden.tensor(Npy.read(golden.file(".input.npy")));
    Path file = golden.file(".t%d.g%s.npy".formatted(target, gamma));
    float[] expected = Npy.read(file).toArray();
    Options options = golden.options().withGamma(Float.parseFloat(gamma));
    Attribution attribution =
        explain(Engine.sequential().exact(), graph, x, "gradient-hedge", target, options);
    assertClose(file.toString(), expected, attribution.heatmap().toArray(), 1e-5);
  }

  private static Attribution explain(
      Engine engine, Graph graph, Tensor x, String name, int target, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording = graph.record(engine, x, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }
}
