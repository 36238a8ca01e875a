package dev.hedgerow.test;

import static dev.hedgerow.test.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.EnumSet;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.FloatRange;

/** What the account of an explanation says about every layer of random networks. */
class AccountPropertiesTest {
  private static final List<String> WITHOUT_RULES =
      List.of(
          "gradient",
          "input-x-gradient",
          "smoothgrad",
          "integrated-gradients",
          "guided-backprop",
          "guided-backprop:captum",
          "guided-backprop:smoothed",
          "deconvnet",
          "grad-cam",
          "grad-cam++",
          "grad-cam++:relevance-cam",
          "score-cam",
          "score-cam:relevance-cam",
          "fullgrad",
          "fullgrad:agf",
          "guided-grad-cam",
          "guided-grad-cam:captum",
          "occlusion",
          "rise",
          "random");

  /**
   * Its noise has the standard deviation 16 / range²: beyond all floats for the faintest images.
   */
  private static final String NOISE = "smoothgrad:agf";

  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<RandomNetwork> networks() {
    return RandomNetwork.all(Block.EXPLAINED, EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE));
  }

  @Provide
  Arbitrary<RandomNetwork> adversarial() {
    return RandomNetwork.all(
        Block.EXPLAINED, EnumSet.complementOf(EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE)));
  }

  @Provide
  Arbitrary<RandomNetwork> any() {
    return RandomNetwork.all(EnumSet.allOf(Block.class), EnumSet.allOf(Numbers.class));
  }

  /** Without ReLU6, normalization across channels, gates and hard swish. */
  @Provide
  Arbitrary<RandomNetwork> rectified() {
    return RandomNetwork.all(
        EnumSet.complementOf(
            EnumSet.of(Block.SEPARABLE, Block.CLIPPED, Block.LRN, Block.EXCITE, Block.SWISH)),
        EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE));
  }

  @Provide
  Arbitrary<WideNetwork> wide() {
    return WideNetwork.all();
  }

  @Property(tries = 400, seed = "31")
  void everyLayersSumAndLeakAddUp(
      @ForAll("networks") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    assertAddsUp(network, gamma, policy);
  }

  @Property(tries = 400, seed = "32")
  void everyLayersSumAndLeakAddUpWhateverTheNumbers(
      @ForAll("adversarial") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    assertAddsUp(network, gamma, policy);
  }

  /**
   * Those above are too narrow for it. What relevance is divided by is right to 2⁻¹³ where it is
   * small in its tile, and magnitudes of γ + 1 at most are shared by it. Where weights are 0 and
   * such a sum is tiny, a pixel of a tile that goes back may get some of another's, as the tile is
   * rounded as a whole: networks that are drawn so are off by up to 1e-2, more than is allowed to
   * others.
   */
  @Property(tries = 40, seed = "36")
  void everyLayersSumAndLeakAddUpByWinogradsAlgorithm(
      @ForAll("wide") WideNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    assertTrue(WideNetwork.byWinograd(graph) > 0, "too narrow");
    Options options = Options.standard().withGamma(gamma).withAddPolicy(policy);
    Attributor method = Methods.standard().find("gradient-hedge");
    Recording recording = graph.record(engine, network.image(), method.keeps(graph, options));
    Attribution attribution = method.explain(engine, recording, network.target(), options);
    double bound = network.sparse() ? 1e-2 : (gamma + 1) * 0x1p-13;
    Account.assertAddsUp(graph, attribution, gamma, bound);
  }

  /**
   * The logits, to what performance allows of their largest magnitude, and what the gradient makes
   * of them: biases' and pixels' shares add up to the score.
   */
  @Property(tries = 25, seed = "37")
  void logitsAndGradientsAddUpByWinogradsAlgorithm(@ForAll("wide") WideNetwork network) {
    Graph graph = network.graph();
    assertTrue(WideNetwork.byWinograd(graph) > 0, "too narrow");
    NaiveNetwork naive = NaiveNetwork.run(graph, network.image().toArray());
    float[] logits = graph.run(engine, network.image()).toArray();
    assertClose("logits", floats(naive.logits().values()), logits, 1e-4);
    Attributor method = Methods.standard().find("fullgrad");
    Options options = Options.standard();
    Recording recording = graph.record(engine, network.image(), method.keeps(graph, options));
    Attribution attribution = method.explain(engine, recording, network.target(), options);
    assertTrue(
        attribution.warnings().stream().noneMatch(warning -> warning.contains("not complete")),
        attribution.warnings() + " " + attribution.notes());
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) floats[i] = (float) values[i];
    return floats;
  }

  @Property(tries = 400, seed = "33")
  void mapsAreFiniteAndNeverSilentlyEmpty(
      @ForAll("adversarial") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Options standard = Options.standard().withGamma(gamma).withAddPolicy(policy).withSamples(3);
    for (Attributor method : Methods.standard().allWithVariants()) {
      Options options = network.started(method, graph, standard);
      Recording recording = graph.record(engine, network.image(0), method.keeps(graph, options));
      Attribution attribution;
      try {
        attribution = method.explain(engine, recording, network.target(graph), options);
      } catch (ArithmeticException tooLarge) {
        assertEquals(NOISE + ": the map is not finite", tooLarge.getMessage());
        continue;
      }
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), method.name() + " has " + value);
      }
      for (float value : attribution.relevance().toArray()) {
        assertTrue(Float.isFinite(value), method.name() + " has " + value);
      }
      if (isZero(attribution.heatmap())) {
        assertFalse(attribution.warnings().isEmpty(), method.name() + " is empty, no warning");
      }
    }
  }

  /** Gradients and perturbations need no rules. */
  @Property(tries = 100, seed = "34")
  void methodsWithoutRulesExplainEveryNetwork(@ForAll("any") RandomNetwork network) {
    Graph graph = network.graph();
    Options options = Options.standard().withStartLayer(network.startLayer(graph)).withSamples(3);
    for (String name : WITHOUT_RULES) {
      Attribution attribution = explain(network, graph, name, options);
      assertEquals(network.height(), attribution.heatmap().shape().extent(0), name);
      assertEquals(network.width(), attribution.heatmap().shape().extent(1), name);
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), name + " has " + value);
      }
    }
  }

  /**
   * The gap is relative to the score, and to what rounding makes of terms that cancel in it. A map
   * may be empty, with its own warning: ψ takes the minimum away, and leaves nothing of a constant.
   */
  @Property(tries = 200, seed = "35")
  void fullGradIsCompleteOnReluNetworks(@ForAll("rectified") RandomNetwork network) {
    Graph graph = network.graph();
    Attribution attribution = explain(network, graph, "fullgrad", Options.standard());
    assertTrue(
        attribution.warnings().stream().noneMatch(warning -> warning.contains("not complete")),
        attribution.warnings() + " " + attribution.notes());
    assertEquals(isZero(attribution.heatmap()), !attribution.warnings().isEmpty());
  }

  private static boolean isZero(Tensor heatmap) {
    for (float value : heatmap.toArray()) if (value != 0) return false;
    return true;
  }

  private Attribution explain(RandomNetwork network, Graph graph, String name, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording = graph.record(engine, network.image(0), method.keeps(graph, options));
    return method.explain(engine, recording, network.target(graph), options);
  }

  private void assertAddsUp(RandomNetwork network, float gamma, AddPolicy policy) {
    Graph graph = network.graph();
    Options options =
        Options.standard()
            .withGamma(gamma)
            .withAddPolicy(policy)
            .withStartLayer(network.startLayer(graph));
    Attributor method = Methods.standard().find("gradient-hedge");
    Recording recording = graph.record(engine, network.image(0), method.keeps(graph, options));
    Attribution attribution = method.explain(engine, recording, network.target(graph), options);
    Account.assertAddsUp(graph, attribution, gamma);
  }
}
