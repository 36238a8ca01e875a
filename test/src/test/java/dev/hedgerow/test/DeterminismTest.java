package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.StartRelevance;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Head;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method and every variant gives the same bits for the same seed, on one thread or two. */
class DeterminismTest {
  private static final ForkJoinPool ONE = new ForkJoinPool(1);
  private static final ForkJoinPool TWO = new ForkJoinPool(2);

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
