package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Composites;
import dev.hedgerow.attribution.Epsilon;
import dev.hedgerow.attribution.LayerMap;
import dev.hedgerow.attribution.Lrp;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.WSquare;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Head;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.DoubleStream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** What must not change the logits, the gradient and the maps of random networks. */
class InvariancePropertiesTest {
  private static final ForkJoinPool TWO = new ForkJoinPool(2);
  private static final ForkJoinPool FOUR = new ForkJoinPool(4);

  /** Runs of the network that a method takes a mean over. */
  private static final int SAMPLES = 3;

  private static final Set<String> AVERAGED_GRADIENTS =
      Set.of("smoothgrad", "integrated-gradients");

  /** Others fold normalizations where nothing is kept, so that passes differ by rounding. */
  private final Engine engine = Engine.sequential().exact();

  @AfterContainer
  static void shutDown() {
    TWO.close();
    FOUR.close();
  }

  @Provide
  Arbitrary<RandomNetwork> explained() {
    return RandomNetwork.all(Block.EXPLAINED, EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE));
  }

  @Provide
  Arbitrary<RandomNetwork> any() {
    return RandomNetwork.all(EnumSet.allOf(Block.class), EnumSet.allOf(Numbers.class));
  }

  @Provide
  Arbitrary<RandomNetwork> integer() {
    return RandomNetwork.all(
        EnumSet.complementOf(EnumSet.of(Block.AVERAGE_POOL, Block.LRN, Block.EXCITE, Block.SWISH)),
        EnumSet.of(Numbers.INTEGER));
  }

  @Property(tries = 150, seed = "41")
  void threadsDoNotChangeABit(
      @ForAll("explained") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Options standard =
        Options.standard().withGamma(gamma).withAddPolicy(policy).withSamples(SAMPLES);
    Engine single = Engine.sequential();
    Engine two = Engine.parallel(TWO);
    Engine four = Engine.parallel(FOUR);
    Tensor image = network.image(0);
    float[] logits = graph.run(single, image).toArray();
    assertArrayEquals(logits, graph.run(two, image).toArray());
    assertArrayEquals(logits, graph.run(four, image).toArray());
    for (Attributor method : Methods.standard().allWithVariants()) {
      Options options = network.started(method, graph, standard);
      Attribution one = explain(single, network, graph, method, options);
      for (Engine parallel : List.of(two, four)) {
        Attribution other = explain(parallel, network, graph, method, options);
        assertArrayEquals(one.relevance().toArray(), other.relevance().toArray(), method.name());
        assertArrayEquals(one.heatmap().toArray(), other.heatmap().toArray(), method.name());
        assertEquals(one.layers(), other.layers());
        assertEquals(one.warnings(), other.warnings());
        assertEquals(one.notes(), other.notes());
      }
    }
  }

  /** Large enough that convolutions are split into many tasks. */
  @Example
  void threadsDoNotChangeABitOfALargerNetwork() {
    List<Block> blocks =
        List.of(Block.PLAIN, Block.BOTTLENECK, Block.FIRE, Block.SEPARABLE, Block.DENSE);
    threadsDoNotChangeABit(
        new RandomNetwork(16, 160, 120, blocks, Head.TWO_LAYERS, Numbers.GAUSSIAN, 3),
        1.5f,
        AddPolicy.CONSERVING);
  }

  @Property(tries = 150, seed = "42")
  void recordingAndExplainingDoNotChangeTheLogits(
      @ForAll("explained") RandomNetwork network, @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Options standard = Options.standard().withAddPolicy(policy).withSamples(SAMPLES);
    Tensor image = network.image(0);
    float[] pixels = image.toArray();
    float[] logits = graph.run(engine, image).toArray();
    for (Attributor method : Methods.standard().all()) {
      Options options = network.started(method, graph, standard);
      Recording recording = graph.record(engine, image, method.keeps(graph, options));
      assertArrayEquals(logits, recording.logits().toArray());
      method.explain(engine, recording, network.target(graph), options);
      assertArrayEquals(logits, recording.logits().toArray());
      assertArrayEquals(logits, graph.run(engine, image).toArray());
      // A recording can be read again.
      assertArrayEquals(
          method.explain(engine, recording, network.target(graph), options).heatmap().toArray(),
          method.explain(engine, recording, network.target(graph), options).heatmap().toArray());
    }
    assertArrayEquals(pixels, image.toArray());
  }

  @Property(tries = 150, seed = "43")
  void keepingEveryValueDoesNotChangeTheLogits(@ForAll("any") RandomNetwork network) {
    Graph graph = network.graph();
    float[] logits = graph.run(engine, network.image(0)).toArray();
    assertArrayEquals(logits, graph.record(engine, network.image(0)).logits().toArray());
    assertArrayEquals(
        logits, graph.record(engine, network.image(0), everything(graph)).logits().toArray());
  }

  @Property(tries = 150, seed = "44")
  void imagesOfABatchDoNotMix(@ForAll("any") RandomNetwork network) {
    Graph graph = network.graph();
    List<Tensor> images = List.of(network.image(0), network.image(1), network.image(2));
    float[] batch = graph.run(engine, Structure.stack(images)).toArray();
    float[] recorded = graph.record(engine, Structure.stack(images)).logits().toArray();
    int classes = graph.classes();
    for (int n = 0; n < images.size(); n++) {
      float[] alone = graph.run(engine, images.get(n)).toArray();
      assertArrayEquals(alone, Arrays.copyOfRange(batch, n * classes, (n + 1) * classes));
      float[] aloneRecorded = graph.record(engine, images.get(n)).logits().toArray();
      assertArrayEquals(
          aloneRecorded, Arrays.copyOfRange(recorded, n * classes, (n + 1) * classes));
    }
  }

  @Property(tries = 150, seed = "45")
  void logitsOfBothKernelsAreTheNaiveOnesWithinTheRoundingBound(
      @ForAll("any") RandomNetwork network) {
    Graph graph = network.graph();
    NaiveNetwork.Value expected = NaiveNetwork.run(graph, network.image(0).toArray()).logits();
    for (Engine each : List.of(engine, Engine.reference())) {
      float[] logits = graph.run(each, network.image(0)).toArray();
      for (int i = 0; i < logits.length; i++) {
        assertEquals(expected.values()[i], logits[i], expected.errors()[i], each.kernelName());
      }
    }
  }

  @Property(tries = 150, seed = "46")
  void integerLogitsAreTheSameBits(@ForAll("integer") RandomNetwork network) {
    Graph graph = network.graph();
    NaiveNetwork naive = NaiveNetwork.run(graph, network.image(0).toArray());
    Assume.that(naive.isExactOnIntegers());
    float[] expected = floats(naive.logits().values());
    assertArrayEquals(expected, graph.run(engine, network.image(0)).toArray());
    assertArrayEquals(expected, graph.run(Engine.reference(), network.image(0)).toArray());
  }

  @Property(tries = 150, seed = "47")
  void bothKernelsGiveTheSameMaps(
      @ForAll("explained") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Options standard =
        Options.standard().withGamma(gamma).withAddPolicy(policy).withSamples(SAMPLES);
    Engine reference = Engine.reference();
    Assume.that(
        piece(engine, network, graph, graph).equals(piece(reference, network, graph, graph)));
    for (Attributor method : Methods.standard().allWithVariants()) {
      Options options = network.started(method, graph, standard);
      // Their gradients are of other images, which may be in another piece for each kernel.
      if (AVERAGED_GRADIENTS.contains(method.name())) continue;
      Attribution expected = explain(reference, network, graph, method, options);
      Assume.that(isMoreThanRounding(expected));
      double moved = moved(expected, network, method, options);
      assertSameMap(expected, explain(engine, network, graph, method, options), moved);
    }
  }

  /**
   * The factor of an output channel cancels in J, unless it is 0, or what it multiplies is: then
   * batch normalization drops relevance. The factors of the input convolution are positive, since
   * negative ones swap w⁺ and w⁻.
   */
  @Property(tries = 150, seed = "48")
  void foldingBatchNormalizationDoesNotChangeTheMap(
      @ForAll("explained") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Graph folded = Folding.fold(graph);
    Options options =
        Options.standard()
            .withGamma(gamma)
            .withAddPolicy(policy)
            .withStartLayer(network.startLayer(graph));
    Attributor method = Methods.standard().find("gradient-hedge");
    Assume.that(folded.nodes().size() < graph.nodes().size());
    Assume.that(noNormalizationReadsZero(network, graph));
    Assume.that(
        piece(engine, network, graph, folded).equals(piece(engine, network, folded, folded)));
    Attribution expected = explain(engine, network, graph, method, options);
    Assume.that(isMoreThanRounding(expected));
    double moved = moved(expected, network, method, options);
    assertSameMap(expected, explain(engine, network, folded, method, options), moved);
  }

  /** What a rule sees of a merged convolution is what it sees of a folded one. */
  @Property(tries = 100, seed = "49")
  void mergingBatchNormalizationIsFolding(@ForAll("explained") RandomNetwork network) {
    Graph graph = network.graph();
    Graph folded = Folding.fold(graph);
    Assume.that(folded.nodes().size() < graph.nodes().size());
    Assume.that(
        piece(engine, network, graph, folded).equals(piece(engine, network, folded, folded)));
    List<LayerMap> maps =
        List.of(
            Composites.EPSILON_PLUS,
            Composites.EPSILON_PLUS_FLAT,
            Composites.EPSILON_GAMMA_BOX,
            Composites.EPSILON_ALPHA2_BETA1,
            Composites.EPSILON_ALPHA2_BETA1_FLAT,
            Composites.DEEP_TAYLOR,
            LayerMap.of(new Epsilon(1e-6f)),
            LayerMap.of(new WSquare()));
    for (int i = 0; i < maps.size(); i++) {
      Attributor method = Lrp.of("lrp-" + i, "", maps.get(i));
      Options options = Options.standard();
      Attribution expected = explain(engine, network, folded, method, options);
      double moved = moved(expected, network, method, options);
      assertSameMap(expected, explain(engine, network, graph, method, options), moved);
    }
  }

  /**
   * Asserts that two maps are equal to 1e-5 of the largest magnitude, or to what moves this map
   * when the weights move by 16 roundings: sums cancel in ΣG, in Grad-CAM's sum of channels, and
   * before sections are normalised, by as much as the network has it. In 90,000 maps of 20,000
   * networks the difference stayed below a third of this. A contrast of two maps counts as as large
   * as the first of them was on average.
   */
  private static void assertSameMap(Attribution expected, Attribution actual, double moved) {
    double largest = 0;
    for (float value : expected.relevance().toArray()) largest = Math.max(largest, Math.abs(value));
    if (expected.method().startsWith("contrastive-")) {
      double magnitude = expected.layers().getLast().magnitude();
      largest = Math.max(largest, magnitude / expected.relevance().shape().size());
    }
    double tolerance = 1e-5 * largest + 4 * moved;
    assertEquals(0, difference(expected, actual), tolerance, expected.method());
  }

  private double moved(
      Attribution expected, RandomNetwork network, Attributor method, Options options) {
    double moved = 0;
    for (int number = 0; number < 2; number++) {
      Attribution other = explain(engine, network, network.perturbed(number), method, options);
      moved = Math.max(moved, difference(expected, other));
    }
    return moved;
  }

  /** Returns the largest difference of two maps. */
  private static double difference(Attribution one, Attribution other) {
    float[] a = one.relevance().toArray();
    float[] b = other.relevance().toArray();
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
    }
    return largest;
  }

  /**
   * Returns whether no convolution hands down a section that is rounding alone, for the next to
   * normalise. With one input, an active one, and γ = 1, C − Ψ + A + U is exactly 0, for example.
   */
  private static boolean isMoreThanRounding(Attribution attribution) {
    return attribution.layers().stream()
        .filter(report -> report.kind().equals("Conv2d"))
        .flatMapToDouble(
            report ->
                DoubleStream.of(
                    (report.magnitude() + report.sum()) / 2,
                    (report.magnitude() - report.sum()) / 2))
        .allMatch(section -> section < 1e-12 || section > 1e-5);
  }

  private boolean noNormalizationReadsZero(RandomNetwork network, Graph graph) {
    Recording recording = graph.record(engine, network.image(0), everything(graph));
    return graph.nodes().stream()
        .filter(node -> node.layer() instanceof BatchNorm && node.input().layer() instanceof Conv2d)
        .map(node -> recording.output(node.input()))
        .allMatch(x -> Reductions.countNonZero(engine, x) == x.shape().size());
  }

  private static Attribution explain(
      Engine engine, RandomNetwork network, Graph graph, Attributor method, Options options) {
    Recording recording = graph.record(engine, network.image(0), method.keeps(graph, options));
    return method.explain(engine, recording, network.target(graph), options);
  }

  /** Returns the piece the image is in, by the nodes that another graph has as well. */
  private static Piece piece(Engine engine, RandomNetwork network, Graph graph, Graph other) {
    Recording recording = graph.record(engine, network.image(0), everything(graph));
    return Piece.of(
        other.nodes().subList(0, other.logits().index()).stream()
            .map(node -> graph.node(node.name()))
            .toList(),
        node -> doubles(recording.output(node).toArray()));
  }

  private static List<Node> everything(Graph graph) {
    return graph.nodes();
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) doubles[i] = values[i];
    return doubles;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    // Adding 0 turns the -0 of an empty sum with negative terms into 0.
    for (int i = 0; i < values.length; i++) floats[i] = (float) values[i] + 0f;
    return floats;
  }
}
