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
   * @throws IllegalArgumentException if there is no such layer, or as {@link #checked}
   */
  static Set<Node> nodes(
      Graph graph, Node start, InputConvolutions inputConvolutions, Options options) {
    String name = options.saliencyLayer();
    if (name == null) return inputConvolutions.maps();
    return Set.of(checked(graph, start, graph.node(name), false));
  }

  /**
   * Returns the layer of a map.
   *
   * @param vectors whether a vector, which is an image of one pixel, has a map
   * @throws IllegalArgumentException if {@code start} does not depend on the layer, or it is not
   *     spatial
   */
  static Node checked(Graph graph, Node start, Node layer, boolean vectors) {
    if (!graph.ancestors(start).contains(layer)) {
      throw new IllegalArgumentException(
          "layer \"%s\" of the map is not below \"%s\", where relevance starts"
              .formatted(layer.name(), start.name()));
    }
    int rank = layer.shape().rank();
    if (rank != 4 && !(vectors && rank == 2)) {
      throw new IllegalArgumentException(
          "layer \"%s\" of the map is not spatial but %s".formatted(layer.name(), layer.shape()));
    }
    return layer;
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
    return options.saliencyLayer() == null
        ? Attribution.atInput(engine, method, target, relevance, layers, warnings)
        : Attribution.atLayer(engine, method, target, relevance, recording, layers, warnings);
  }

  /**
   * Returns the node the user named, or the network's input.
   *
   * @throws IllegalArgumentException if there is no such node, or as {@link #checked}
   */
  static Node of(Graph graph, Options options) {
    if (options.saliencyLayer() == null) return graph.input();
    return checked(graph, graph.logits(), graph.node(options.saliencyLayer()), true);
  }
}
