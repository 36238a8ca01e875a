package dev.hedgerow.attribution;

import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The layers that score classes: the last weighted ones. */
final class Classifier {
  private Classifier() {}

  /** Returns the weighted layers between which and the logits there is no other, the last first. */
  static Set<Node> of(Graph graph) {
    boolean[] weightedAbove = weightedAbove(graph);
    var last = new LinkedHashSet<Node>();
    for (Node node : graph.ancestors(graph.logits())) {
      if (node.layer() instanceof WeightedLayer && !weightedAbove[node.index()]) last.add(node);
    }
    return last;
  }

  /** Returns, for each node, whether there is a weighted layer between it and the logits. */
  static boolean[] weightedAbove(Graph graph) {
    boolean[] weightedAbove = new boolean[graph.nodes().size()];
    for (Node node : graph.ancestors(graph.logits())) {
      for (Node input : node.inputs()) {
        weightedAbove[input.index()] |=
            weightedAbove[node.index()] || node.layer() instanceof WeightedLayer;
      }
    }
    return weightedAbove;
  }

  /**
   * Returns a map with another rule for the layers that score classes.
   *
   * @param contrast who contrasts there
   * @param saliency where the walk ends; null for the network's input
   * @throws IllegalArgumentException if the walk passes none of them
   */
  static LayerMap contrasted(
      LayerMap map, LinearRule rule, String contrast, Graph graph, @Nullable Node saliency) {
    Set<Node> last = of(graph);
    if (last.isEmpty()) {
      throw new IllegalArgumentException(graph.name() + " has no layer with weights");
    }
    if (saliency != null && last.stream().noneMatch(node -> isBelow(saliency, node, graph))) {
      throw new IllegalArgumentException(
          "relevance that ends at layer \"%s\" does not pass the last layer, which %s contrasts"
              .formatted(saliency.name(), contrast));
    }
    LayerMap contrasted = map;
    for (Node node : last) contrasted = contrasted.with(node.name(), rule);
    return contrasted;
  }

  private static boolean isBelow(Node node, Node other, Graph graph) {
    return node != other && graph.ancestors(other).contains(node);
  }
}
