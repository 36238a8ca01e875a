package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Attributor.Request;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.StartRelevance;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Twins;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Head;
import dev.hedgerow.test.RandomNetwork.Numbers;
import dev.hedgerow.weights.OnnxModel;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every method and every variant gives the same bits for the same seed, on one thread or two; so do
 * networks whose convolutions are computed by Winograd's algorithm, and on three.
 */
class DeterminismTest {
  private static final ForkJoinPool ONE = new ForkJoinPool(1);
  private static final ForkJoinPool TWO = new ForkJoinPool(2);
  private static final ForkJoinPool THREE = new ForkJoinPool(3);

  /** Additions, concatenations, pools and normalization; large enough to be split into tasks. */
  private static final RandomNetwork NETWORK =
      new RandomNetwork(
          16,
          96,
          80,
          List.of(
              Block.PLAIN,
              Block.BOTTLENECK,
              Block.FIRE,
              Block.MAX_POOL,
              Block.SEPARABLE,
              Block.DENSE,
              Block.BASIC,
              Block.INCEPTION,
              Block.AVERAGE_POOL),
          Head.TWO_LAYERS,
          Numbers.GAUSSIAN,
          3);

  private static final Graph GRAPH = NETWORK.graph();

  @AfterAll
  static void shutDown() {
    ONE.close();
    TWO.close();
    THREE.close();
  }

  static List<Attributor> methods() {
    return Methods.standard().allWithVariants();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theSameSeedGivesTheSameBits(Attributor method) {
    Options standard = Options.standard().withSamples(3).withSeed(7);
    Options others =
        standard
            .withGamma(1.5f)
            .withAddPolicy(AddPolicy.CONSERVING)
            .withStart(StartRelevance.CONTRAST);
    for (Options options : List.of(standard, others)) {
      Attribution expected = explain(Engine.sequential(), method, options);
      assertSame(expected, explain(Engine.sequential(), method, options));
      assertSame(expected, explain(Engine.parallel(ONE), method, options));
      assertSame(expected, explain(Engine.parallel(TWO), method, options));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"squeezenet1_1", "googlenet_bvlc"})
  void realNetworksDoNotDependOnTheThreads(String name) throws IOException {
    assertDoesNotDependOnTheThreads(
        OnnxModel.read(Shared.file("models/" + name + ".onnx")).graph());
  }

  /** Half as wide: of the first two stages' residual blocks, and of parts of an image. */
  @ParameterizedTest
  @ValueSource(strings = {"resnet18", "resnet50"})
  void residualNetworksDoNotDependOnTheThreads(String name) {
    assertDoesNotDependOnTheThreads(
        Twins.of(Families.find(name).orElseThrow(), 2)
            .graph(Shape.of(1, 3, 136, 112), 10, HeWeights::of));
  }

  private static void assertDoesNotDependOnTheThreads(Graph graph) {
    Shape shape = graph.input().shape();
    float[] pixels = HeWeights.of("image", shape).toArray();
    // Half of it is black, so that sums are small beside others, and computed anew.
    Arrays.fill(pixels, 0, pixels.length / 2, 0f);
    Tensor x = Tensor.of(shape, pixels);
    Engine one = Engine.sequential();
    float[] logits = graph.run(one, x).toArray();
    assertFalse(Arrays.equals(graph.run(one.exact(), x).toArray(), logits), "all is exact");
    List<Attribution> expected = hedge(one, graph, x);
    for (ForkJoinPool pool : List.of(ONE, TWO, THREE)) {
      Engine engine = Engine.parallel(pool);
      assertEquals(pool.getParallelism(), engine.threads());
      // Who does which task differs from time to time.
      for (int time = 0; time < 2; time++) {
        assertArrayEquals(logits, graph.run(engine, x).toArray());
        List<Attribution> actual = hedge(engine, graph, x);
        for (int k = 0; k < expected.size(); k++) assertSame(expected.get(k), actual.get(k));
      }
    }
  }

  private static List<Attribution> hedge(Engine engine, Graph graph, Tensor x) {
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options published = Options.standard();
    Options conserving = published.withGamma(2).withAddPolicy(AddPolicy.CONSERVING);
    Recording recording = graph.record(engine, x, hedge.keeps(graph, published));
    return hedge.explainAll(
        engine, recording, List.of(new Request(3, published), new Request(5, conserving)));
  }

  private static Attribution explain(Engine engine, Attributor method, Options options) {
    Set<Node> keep = method.keeps(GRAPH, options);
    Recording recording = GRAPH.record(engine, NETWORK.image(0), keep);
    return method.explain(engine, recording, NETWORK.target(GRAPH), options);
  }

  private static void assertSame(Attribution expected, Attribution actual) {
    assertArrayEquals(expected.relevance().toArray(), actual.relevance().toArray());
    assertArrayEquals(expected.heatmap().toArray(), actual.heatmap().toArray());
    assertEquals(expected.layers(), actual.layers());
    assertEquals(expected.warnings(), actual.warnings());
    assertEquals(expected.notes(), actual.notes());
  }
}
