package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.LayerReport;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Pad;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Checks the account that an explanation by Gradient Hedge gives of its layers. */
final class Account {
  private Account() {}

  /** Asserts what the method says of every layer's sum and leak, and of the layers together. */
  static void assertAddsUp(Graph graph, Attribution attribution, float gamma) {
    assertAddsUp(graph, attribution, gamma, 2e-6);
  }

  /**
   * Asserts the same.
   *
   * @param tolerance of a convolution's {@code ΣR + leak}, relative to what the other's is
   */
  static void assertAddsUp(Graph graph, Attribution attribution, float gamma, double tolerance) {
    var reports = new HashMap<Node, LayerReport>();
    for (LayerReport report : attribution.layers()) {
      reports.put(graph.node(report.layer()), report);
      assertTrue(Double.isFinite(report.magnitude() + report.leak()), report.toString());
    }
    assertEquals(attribution.layers().size(), reports.size(), "a layer is passed once");
    assertLayersAddUp(reports, gamma, tolerance);
    assertStartIsNormalized(attribution);
    assertNothingIsLostBetweenLayers(graph, reports, attribution.sum());
  }

  /**
   * {@code ΣR + leak} is γ − 2 after a convolution larger than 1×1 and 0 after a 1×1, and layers
   * that keep or move relevance have no leak. The tolerance is relative to Σ|R|, for convolutions
   * at least to the sections' own magnitude 1: what cancels within R has been rounded before.
   */
  private static void assertLayersAddUp(
      Map<Node, LayerReport> reports, float gamma, double tolerance) {
    reports.forEach(
        (node, report) -> {
          switch (node.layer()) {
            case Conv2d conv when isHedged(node) ->
                assertEquals(
                    conv.convolution().window().isPoint() ? 0 : gamma - 2,
                    report.sum() + report.leak(),
                    tolerance * Math.max(1, report.magnitude()),
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
