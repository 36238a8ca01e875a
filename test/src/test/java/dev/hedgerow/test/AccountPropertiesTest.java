package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.LayerReport;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
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

  @Property(tries = 400, seed = "33")
  void mapsAreFiniteAndNeverSilentlyEmpty(
      @ForAll("adversarial") RandomNetwork network,
      @ForAll @FloatRange(min = 1, max = 2) float gamma,
      @ForAll AddPolicy policy) {
    Graph graph = network.graph();
    Options options =
        Options.standard()
            .withGamma(gamma)
            .withAddPolicy(policy)
            .withStartLayer(network.startLayer(graph))
            .withSamples(3);
    for (Attributor method : Methods.standard().all()) {
      Recording recording =
          graph.record(engine, network.image(0), method.keeps(graph, options).toArray(Node[]::new));
      Attribution attribution = method.explain(engine, recording, network.target(graph), options);
      boolean empty = true;
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), method.name() + " has " + value);
        empty &= value == 0;
      }
      for (float value : attribution.relevance().toArray()) {
        assertTrue(Float.isFinite(value), method.name() + " has " + value);
      }
      if (method.name().equals("gradient-hedge") && empty) {
        assertFalse(attribution.warnings().isEmpty(), "empty map without a warning");
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

  /** The gap is relative to the score, and to what rounding makes of terms that cancel in it. */
  @Property(tries = 200, seed = "35")
  void fullGradIsCompleteOnReluNetworks(@ForAll("rectified") RandomNetwork network) {
    Graph graph = network.graph();
    Attribution attribution = explain(network, graph, "fullgrad", Options.standard());
    assertEquals(List.of(), attribution.warnings(), attribution.notes().toString());
  }

  private Attribution explain(RandomNetwork network, Graph graph, String name, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording =
        graph.record(engine, network.image(0), method.keeps(graph, options).toArray(Node[]::new));
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
    Recording recording =
        graph.record(engine, network.image(0), method.keeps(graph, options).toArray(Node[]::new));
    Attribution attribution = method.explain(engine, recording, network.target(graph), options);
    var reports = new HashMap<Node, LayerReport>();
    for (LayerReport report : attribution.layers()) {
      reports.put(graph.node(report.layer()), report);
      assertTrue(Double.isFinite(report.magnitude() + report.leak()), report.toString());
    }
    assertEquals(attribution.layers().size(), reports.size(), "a layer is passed once");
    assertLayersAddUp(reports, gamma);
    assertStartIsNormalized(attribution);
    assertNothingIsLostBetweenLayers(graph, reports, attribution.sum());
  }

  /**
   * {@code ΣR + leak} is γ − 2 after a convolution larger than 1×1 and 0 after a 1×1, and layers
   * that keep or move relevance have no leak. The tolerance is relative to Σ|R|, for convolutions
   * at least to the sections' own magnitude 1: what cancels within R has been rounded before.
   */
  private static void assertLayersAddUp(Map<Node, LayerReport> reports, float gamma) {
    reports.forEach(
        (node, report) -> {
          switch (node.layer()) {
            case Conv2d conv when isHedged(node) ->
                assertEquals(
                    conv.convolution().window().isPoint() ? 0 : gamma - 2,
                    report.sum() + report.leak(),
                    2e-6 * Math.max(1, report.magnitude()),
                    report.toString());
            // What their rules drop is a matter of zeros, and of padding.
            case Conv2d input -> {}
            case BatchNorm norm -> {}
            case Concat concat -> {}
            case Pad pad -> {}
            default -> assertEquals(0, report.leak(), 2e-6 * report.magnitude(), report.toString());
          }
        });
  }

  /** {@code ΣR = ΣG/|ΣG|} is 1 or −1. */
  private static void assertStartIsNormalized(Attribution attribution) {
    for (String warning : attribution.warnings()) {
      if (warning.contains("is 0") || warning.contains("sums to 0")) return;
    }
    LayerReport start = attribution.layers().getFirst();
    assertEquals(
        1, Math.abs(start.sum() + start.leak()), 1e-6 * start.magnitude(), start.toString());
  }

  /**
   * What layers hand down is what the layers below them have at their outputs: ΣR + leak, or at the
   * bottom the map. Layers that read the same outputs share one account. The output of a hedged
   * convolution is not in its report, since its rule begins with normalising it.
   */
  private static void assertNothingIsLostBetweenLayers(
      Graph graph, Map<Node, LayerReport> reports, double map) {
    int[] account = IntStream.range(0, graph.nodes().size()).toArray();
    for (Node node : reports.keySet()) {
      int into = account[node.inputs().getFirst().index()];
      for (Node input : node.inputs()) {
        int from = account[input.index()];
        for (int i = 0; i < account.length; i++) if (account[i] == from) account[i] = into;
      }
    }
    double[] handedDown = new double[account.length];
    double[] magnitude = new double[account.length];
    reports.forEach(
        (node, report) -> {
          handedDown[account[node.inputs().getFirst().index()]] += report.sum();
          magnitude[account[node.inputs().getFirst().index()]] += report.magnitude();
        });
    Node bottom = mapNode(graph, reports.keySet());
    double[] arrived = new double[account.length];
    for (Node node : graph.nodes()) {
      LayerReport report = reports.get(node);
      if (node == bottom) {
        arrived[account[node.index()]] += map;
      } else if (report != null) {
        arrived[account[node.index()]] +=
            isHedged(node) ? Double.NaN : report.sum() + report.leak();
      }
    }
    int start = reports.keySet().stream().mapToInt(Node::index).max().orElseThrow();
    for (int i = 0; i < account.length; i++) {
      if (account[i] != i || i == account[start] || Double.isNaN(arrived[i])) continue;
      assertEquals(handedDown[i], arrived[i], 1e-6 * magnitude[i], graph.nodes().get(i).name());
    }
  }

  private static boolean isHedged(Node node) {
    return node.layer() instanceof Conv2d && !RandomNetwork.isPreprocessing(node.input());
  }

  /** Where the map is taken: what the input convolutions read, or the input. */
  private static Node mapNode(Graph graph, Set<Node> passed) {
    for (Node node : passed) {
      if (node.layer() instanceof Conv2d && RandomNetwork.isPreprocessing(node.input()))
        return node.input();
    }
    return graph.input();
  }
}
