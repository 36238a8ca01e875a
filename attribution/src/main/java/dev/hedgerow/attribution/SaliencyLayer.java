package dev.hedgerow.attribution;

import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;

/** Finds the layer at whose output a gradient is taken. */
final class SaliencyLayer {
  private SaliencyLayer() {}

  /**
   * Returns the node the user named, or the network's input.
   *
   * @throws IllegalArgumentException if there is no such node, the logits do not depend on it, or
   *     its output is no image and no vector
   */
  static Node of(Graph graph, Options options) {
    if (options.saliencyLayer() == null) return graph.input();
    Node named = graph.node(options.saliencyLayer());
    if (!graph.ancestors(graph.logits()).contains(named)) {
      throw new IllegalArgumentException(
          "the logits do not depend on layer \"" + options.saliencyLayer() + "\"");
    }
    int rank = named.shape().rank();
    if (rank != 4 && rank != 2) {
      throw new IllegalArgumentException(
          "layer \"" + named.name() + "\" is " + named.shape() + ", which no map can show");
    }
    return named;
  }
}
