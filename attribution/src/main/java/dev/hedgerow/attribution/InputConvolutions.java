package dev.hedgerow.attribution;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Transpose;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The convolutions that read the network's input: only preprocessing (an affine map, padding,
 * normalisation, moving elements) stands between.
 *
 * @param nodes in topological order
 * @param maps the nodes at whose outputs a map of the input is taken: what those convolutions read,
 *     all of one shape, and the input itself for what reaches it on another way
 */
public record InputConvolutions(Set<Node> nodes, Set<Node> maps) {

  /**
   * Finds them among what {@code start} depends on.
   *
   * @throws IllegalArgumentException if they read the input in different shapes
   */
  public static InputConvolutions below(Graph graph, Node start) {
    boolean[] preprocessing = new boolean[graph.nodes().size()];
    for (Node node : graph.nodes()) {
      preprocessing[node.index()] =
          isPreprocessing(node)
              && node.inputs().stream().allMatch(input -> preprocessing[input.index()]);
    }
    Set<Node> below = graph.ancestors(start);
    var found = new LinkedHashSet<Node>();
    for (Node node : graph.nodes()) {
      if (node.layer() instanceof Conv2d
          && below.contains(node)
          && preprocessing[node.input().index()]) {
        found.add(node);
      }
    }
    return new InputConvolutions(found, maps(found, graph));
  }

  /** Returns whether the node is one of them. */
  public boolean contains(Node node) {
    return nodes.contains(node);
  }

  private static boolean isPreprocessing(Node node) {
    return switch (node.layer()) {
      case Input input -> true;
      case Affine affine -> true;
      case Pad pad -> true;
      case BatchNorm norm -> true;
      case Identity identity -> true;
      case Slice slice -> true;
      case Concat concat -> true;
      case Transpose transpose -> true;
      case Reshape reshape -> true;
      default -> false;
    };
  }

  private static Set<Node> maps(Set<Node> convolutions, Graph graph) {
    var nodes = new LinkedHashSet<Node>();
    for (Node node : convolutions) nodes.add(node.input());
    Shape shape = nodes.isEmpty() ? graph.input().shape() : nodes.getFirst().shape();
    for (Node node : nodes) {
      if (!node.shape().equals(shape)) {
        throw new IllegalArgumentException(
            "convolutions read the input as %s and as %s; one map cannot show both"
                .formatted(shape, node.shape()));
      }
    }
    nodes.add(graph.input());
    return nodes;
  }
}
