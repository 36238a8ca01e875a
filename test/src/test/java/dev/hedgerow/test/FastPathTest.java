package dev.hedgerow.test;

import static dev.hedgerow.test.TensorAssert.assertClose;
import static dev.hedgerow.test.TensorAssert.assertCosine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.app.Photograph;
import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Attributor.Request;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.weights.OnnxModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an engine that is not exact may differ by from one that is. */
class FastPathTest {
  private static final int PHOTOGRAPHS = 35;
  private static final int SIDE = 224;

  /** Largest error of a pixel, of the largest magnitude of its map. */
  private static final double CLOSE = 2e-3;

  private static final List<Float> GAMMAS = List.of(1f, 2f);
  private static final ForkJoinPool POOL = new ForkJoinPool(2);

  private final Engine engine = Engine.parallel(POOL);
  private final Attributor hedge = Methods.standard().find("gradient-hedge");

  @AfterAll
  static void shutDown() {
    POOL.close();
  }

  /** Each target and γ of which there is a map, with either policy. */
  @ParameterizedTest
  @EnumSource
  void staysCloseOnTheGoldens(Golden golden) throws IOException {
    String name = golden.toString();
    List<Request> requests = new ArrayList<>();
    for (Golden.Map map : golden.maps()) {
      for (AddPolicy policy : AddPolicy.values()) {
        Options options = golden.options().withAddPolicy(policy).withGamma(map.gamma());
        requests.add(new Request(map.target(), options));
      }
    }
    assertFalse(requests.isEmpty(), name);
    Graph graph = golden.graph();
    Tensor x = golden.input();
    assertLogitsStayClose(name, graph, x);
    Set<Node> kept = hedge.keeps(graph, requests.getFirst().options());
    assertMapsStayClose(
        name,
        graph.record(engine.exact(), x, kept),
        graph.record(engine, x, kept),
        requests,
        CLOSE);
  }

  /**
   * Their recordings are exact, so that maps differ by what the passes down add. Neither network
   * has additions, so that there is one policy.
   */
  @ParameterizedTest
  @ValueSource(strings = {"squeezenet1_1", "googlenet_bvlc"})
  void staysCloseOnPhotographs(String name) throws IOException {
    Graph graph = OnnxModel.read(Shared.file("models/" + name + ".onnx")).graph();
    for (Path photograph : photographs()) {
      String what = name + " " + photograph.getFileName();
      Tensor x = Photograph.read(engine, photograph, Preprocessing.caffe());
      int target = assertLogitsStayClose(what, graph, x);
      Recording exact = graph.record(engine.exact(), x, graph.nodes());
      Recording fast = graph.record(engine, x, graph.nodes());
      assertMapsStayClose(what, exact, fast, requests(target), 1e-5);
    }
  }

  /**
   * Convolutions that are so large that Winograd's algorithm computes them when they are recorded
   * too, of noise beside a flat part, whose values are equal to the last bit before each max pool.
   * Winners that differ in the last bits may be others.
   */
  @Test
  void staysCloseWhereRecordingsTakeShortcuts() {
    Graph graph = large();
    Shape shape = graph.input().shape();
    for (int i = 0; i < 3; i++) {
      float[] picture = HeWeights.of("picture" + i, shape).toArray();
      for (int k = 0; k < picture.length; k++) {
        if (k % SIDE < SIDE / 2) picture[k] = 1f + k / (SIDE * SIDE);
      }
      Tensor x = Tensor.of(shape, picture);
      Recording exact = graph.record(engine.exact(), x, graph.nodes());
      Recording fast = graph.record(engine, x, graph.nodes());
      Node logits = graph.logits();
      assertFalse(Arrays.equals(exact.output(logits).toArray(), fast.output(logits).toArray()));
      assertMapsStayClose("large" + i, exact, fast, requests(1), 1e-2);
    }
  }

  /** Returns the first two stages of VGG-16, and a classifier. */
  private static Graph large() {
    Graph.Builder builder = Graph.builder("large");
    Node node = builder.input("input", Shape.of(1, 3, SIDE, SIDE));
    int[] channels = {3, 64, 64, 128, 128};
    for (int i = 1; i < channels.length; i++) {
      Shape shape = Shape.of(channels[i], channels[i - 1], 3, 3);
      Parameter weight = HeWeights.of("weight" + i, shape);
      Parameter bias = HeWeights.of("bias" + i, Shape.of(channels[i]));
      var convolution = new Conv2d(Convolution.of(weight, bias, Window.of(3, 1, 1), 1));
      node = builder.add("relu" + i, new Relu(), builder.add("conv" + i, convolution, node));
      if (i % 2 == 1) continue;
      node = builder.add("pool" + i, new MaxPool2d(new MaxPool(Window.of(2, 2, 0), false)), node);
    }
    node = builder.add("mean", new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1)), node);
    node = builder.add("flatten", new Flatten(1), node);
    var dense =
        Dense.of(HeWeights.of("fc.weight", Shape.of(5, 128)), HeWeights.of("fc.bias", Shape.of(5)));
    return builder.build(builder.add("fc", new Linear(dense), node));
  }

  private static List<Path> photographs() throws IOException {
    Path index = Shared.file("images/imagenet-val/index.tsv");
    try (Stream<String> lines = Files.lines(index)) {
      List<Path> files =
          lines
              .filter(line -> !line.startsWith("#"))
              .map(line -> index.resolveSibling(line.split("\t", -1)[0]))
              .toList();
      assertEquals(PHOTOGRAPHS, files.size());
      return files;
    }
  }

  private static List<Request> requests(int target) {
    return GAMMAS.stream()
        .map(gamma -> new Request(target, Options.standard().withGamma(gamma)))
        .toList();
  }

  /** Returns the best class. */
  private int assertLogitsStayClose(String name, Graph graph, Tensor x) {
    float[] exact = graph.run(engine.exact(), x).toArray();
    float[] fast = graph.run(engine, x).toArray();
    assertClose(name + " logits", exact, fast, 1e-4);
    assertArrayEquals(best(exact), best(fast), name + " top 5");
    return best(exact)[0];
  }

  /** Explains one recording exactly and the other not. */
  private void assertMapsStayClose(
      String name, Recording exact, Recording fast, List<Request> requests, double bound) {
    List<Attribution> expected = hedge.explainAll(engine.exact(), exact, requests);
    List<Attribution> actual = hedge.explainAll(engine, fast, requests);
    for (int k = 0; k < requests.size(); k++) {
      Options options = requests.get(k).options();
      String what =
          "%s, class %d, gamma %s, %s"
              .formatted(name, requests.get(k).target(), options.gamma(), options.addPolicy());
      assertSumsStayClose(what, exact.graph(), expected.get(k), actual.get(k), options.gamma());
      float[] map = expected.get(k).heatmap().toArray();
      assertClose(what, map, actual.get(k).heatmap().toArray(), bound);
      assertCosine(what, map, actual.get(k).heatmap().toArray(), 0.99999);
    }
  }

  /**
   * Sums are held against 1, the magnitude of a section. That of a map is γ − 2 less the leak where
   * relevance last passed a convolution larger than 1×1, as in vgg16-mini, and near 0 after a 1×1.
   */
  private static void assertSumsStayClose(
      String name, Graph graph, Attribution exact, Attribution fast, float gamma) {
    assertEquals(exact.sum(), fast.sum(), 1e-3, name + " sum");
    assertEquals(exact.warnings(), fast.warnings(), name);
    for (float value : fast.heatmap().toArray()) assertTrue(Float.isFinite(value), name);
    Account.assertAddsUp(graph, exact, gamma);
    Account.assertAddsUp(graph, fast, gamma);
  }

  private static int[] best(float[] logits) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -logits[i]))
        .limit(5)
        .mapToInt(i -> i)
        .toArray();
  }
}
