package dev.hedgerow.nn;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Relu;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Merges layers for passes that keep no value in between: a convolution, a batch normalization that
 * alone reads it, and a ReLU that alone reads those become one convolution.
 */
final class Fusion {
  /** A convolution that a later node computes, and what it reads. */
  private record Open(Convolution convolution, Node input) {}

  private final Graph graph;
  private final Map<Node, Open> open = new HashMap<>();

  private Fusion(Graph graph) {
    this.graph = graph;
  }

  /** Returns a graph with fewer nodes and the same output. */
  static Graph of(Graph graph) {
    return new Fusion(graph).build();
  }

  private Graph build() {
    var builder = Graph.builder(graph.name());
    var moved = new HashMap<Node, Node>();
    for (Node node : graph.nodes()) {
      Open merged = merge(node);
      if (merged != null && continues(node)) {
        open.put(node, merged);
        continue;
      }
      Layer layer = merged == null ? node.layer() : new Conv2d(merged.convolution);
      List<Node> inputs = merged == null ? node.inputs() : List.of(merged.input);
      List<Node> movedInputs = inputs.stream().map(moved::get).toList();
      moved.put(node, builder.add(node.name(), node.outputName(), layer, movedInputs));
    }
    return builder.build(Objects.requireNonNull(moved.get(graph.output())));
  }

  /** Returns the convolution that this node ends, null if it ends none. */
  private @Nullable Open merge(Node node) {
    if (node.layer() instanceof Conv2d(Convolution convolution)) {
      return new Open(convolution, node.input());
    }
    Open before = node.inputs().size() == 1 ? open.get(node.input()) : null;
    if (before == null) return null;
    return switch (node.layer()) {
      case BatchNorm(var normalization) ->
          new Open(before.convolution.then(normalization), before.input);
      case Relu _ -> new Open(before.convolution.rectified(), before.input);
      default -> throw new IllegalStateException(node + " follows an open convolution");
    };
  }

  /** Whether the node's only reader is one to merge with. */
  private boolean continues(Node node) {
    List<Node> consumers = graph.consumers(node);
    if (node == graph.output() || consumers.size() != 1) return false;
    return switch (consumers.getFirst().layer()) {
      case BatchNorm _ -> node.layer() instanceof Conv2d;
      case Relu _ -> !(node.layer() instanceof Relu);
      default -> false;
    };
  }
}
