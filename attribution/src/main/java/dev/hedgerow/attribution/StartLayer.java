package dev.hedgerow.attribution;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Relu;
import org.jspecify.annotations.Nullable;

/** Finds the layer at which relevance starts. */
public final class StartLayer {
  private StartLayer() {}

  /**
   * Returns the node the user named, or else the graph's own, or else the last spatial activation:
   * the last output of a ReLU, an addition or a concatenation with more than one pixel that still
   * has a weighted layer between it and the logits.
   *
   * @throws IllegalArgumentException if there is no such node
   */
  public static Node of(Graph graph, Options options) {
    Node found = find(graph, options);
    if (found == null) {
      throw new IllegalArgumentException(
          graph.name() + " has no spatial activation before a weighted layer; name a start layer");
    }
    return found;
  }

  /** Returns the node of {@link #of}, null if the user names none and the network has none. */
  static @Nullable Node find(Graph graph, Options options) {
    if (options.startLayer() != null) {
      Node named = graph.node(options.startLayer());
      if (!graph.ancestors(graph.logits()).contains(named)) {
        throw new IllegalArgumentException(
            "the logits do not depend on layer \"" + options.startLayer() + "\"");
      }
      return named;
    }
    return graph.startLayer().isPresent() ? graph.startLayer().get() : lastSpatialActivation(graph);
  }

  private static @Nullable Node lastSpatialActivation(Graph graph) {
    boolean[] weightedAbove = Classifier.weightedAbove(graph);
    for (Node node : graph.nodes().reversed()) {
      if (weightedAbove[node.index()] && isSpatialActivation(node)) return node;
    }
    return null;
  }

  private static boolean isSpatialActivation(Node node) {
    Layer layer = node.layer();
    Shape shape = node.shape();
    return (layer instanceof Relu || layer instanceof Add || layer instanceof Concat)
        && shape.rank() == 4
        && shape.extent(2) * shape.extent(3) > 1;
  }
}
