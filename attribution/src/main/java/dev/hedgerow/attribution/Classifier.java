package dev.hedgerow.attribution;

import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.WeightedLayer;

/** Finds the layer that scores classes. */
final class Classifier {
  private Classifier() {}

  /**
   * Returns the last weighted layer: the first met on the way down from the logits through layers
   * of one input. Where there is none on that way, returns the node at which the way parts or ends.
   */
  static Node of(Graph graph) {
    Node node = graph.logits();
    while (!(node.layer() instanceof WeightedLayer) && node.inputs().size() == 1) {
      node = node.input();
    }
    return node;
  }
}
