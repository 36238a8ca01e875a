package dev.hedgerow.weights;

import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The order that Keras gives the layers of a model whatever the order they were made in: those
 * farthest from the output first; at one distance, those first that a walk from the output back to
 * the input meets first.
 */
final class KerasOrder {
  private KerasOrder() {}

  /** Returns the nodes of a graph in Keras' order. */
  static List<Node> of(Graph graph) {
    int[] distance = new int[graph.nodes().size()];
    for (Node node : graph.nodes().reversed()) {
      for (Node input : node.inputs()) {
        int longer = distance[node.index()] + 1;
        distance[input.index()] = Math.max(distance[input.index()], longer);
      }
    }
    int[] met = met(graph);
    return graph.nodes().stream()
        .sorted(
            Comparator.<Node>comparingInt(node -> -distance[node.index()])
                .thenComparingInt(node -> met[node.index()]))
        .toList();
  }

  /** Returns when a walk meets each node; a node's first input, and all before it, comes first. */
  private static int[] met(Graph graph) {
    int[] met = new int[graph.nodes().size()];
    Arrays.fill(met, -1);
    int count = 0;
    var ahead = new ArrayDeque<Node>();
    ahead.push(graph.output());
    while (!ahead.isEmpty()) {
      Node node = ahead.pop();
      if (met[node.index()] >= 0) continue;
      met[node.index()] = count++;
      // Keras adds the shortcut first, the families here last.
      boolean shortcutLast = node.layer() instanceof Add;
      for (Node input : shortcutLast ? node.inputs() : node.inputs().reversed()) {
        ahead.push(input);
      }
    }
    return met;
  }
}
