package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/** Where a walk that may end at any layer takes its map. */
final class SaliencyLayer {
  private SaliencyLayer() {}

  /**
   * Returns the nodes at whose outputs relevance is collected: the layer the user named, or what
   * the convolutions that read the network's input read.
   *
   * @throws IllegalArgumentException if there is no such layer, {@code start} does not depend on
   *     it, or it is not spatial; the message names it
   */
  static Set<Node> nodes(
      Graph graph, Node start, InputConvolutions inputConvolutions, Options options) {
    String name = options.saliencyLayer();
    if (name == null) return inputConvolutions.maps();
    Node named = graph.node(name);
    if (!graph.ancestors(start).contains(named)) {
      throw new IllegalArgumentException(
          "saliency layer \"%s\" is not below \"%s\"".formatted(name, start.name()));
    }
    if (named.shape().rank() != 4) {
      throw new IllegalArgumentException(
          "saliency layer \"%s\" is not spatial but %s".formatted(name, named.shape()));
    }
    return Set.of(named);
  }

  /** Returns the explanation that relevance collected there is; see {@link Attribution}. */
  static Attribution attribution(
      Engine engine,
      Attributor method,
      Recording recording,
      int target,
      Options options,
      Tensor relevance,
      List<LayerReport> layers,
      List<String> warnings) {
    if (options.saliencyLayer() == null) {
      return Attribution.atInput(engine, method, target, relevance, layers, warnings);
    }
    Tensor map = Heatmap.channelSum(engine, relevance);
    return Attribution.atLayer(engine, method, target, map, recording, layers, warnings);
  }

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
