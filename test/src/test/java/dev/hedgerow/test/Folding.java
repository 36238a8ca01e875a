package dev.hedgerow.test;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import java.util.HashMap;
import java.util.Map;

/** Folds batch normalization into the convolution before it. */
final class Folding {
  private Folding() {}

  /**
   * Returns the network with each convolution that only a batch normalization reads merged with it
   * into one convolution, which has the normalization's name: weights {@code w·a}, bias {@code
   * bias·a + b}.
   */
  static Graph fold(Graph graph) {
    Graph.Builder builder = Graph.builder(graph.name());
    Map<Node, Node> moved = new HashMap<>();
    for (Node node : graph.nodes()) {
      if (node == graph.input()) {
        moved.put(node, builder.input(node.name(), node.shape()));
      } else if (isFolded(graph, node)) {
        Node convolution = node.input();
        moved.put(
            node,
            builder.add(
                node.name(),
                folded((Conv2d) convolution.layer(), (BatchNorm) node.layer()),
                moved.get(convolution.input())));
      } else if (graph.consumers(node).stream().noneMatch(reader -> isFolded(graph, reader))) {
        moved.put(
            node,
            builder.add(
                node.name(),
                node.layer(),
                node.inputs().stream().map(moved::get).toArray(Node[]::new)));
      }
    }
    return builder.build(moved.get(graph.output()));
  }

  private static boolean isFolded(Graph graph, Node node) {
    return node.layer() instanceof BatchNorm
        && node.input().layer() instanceof Conv2d
        && graph.consumers(node.input()).size() == 1;
  }

  private static Conv2d folded(Conv2d layer, BatchNorm norm) {
    Convolution convolution = layer.convolution();
    BatchNormalization normalization = norm.normalization();
    float[] factor = normalization.factor();
    float[] bias = normalization.offset();
    float[] weight = convolution.weight().toArray();
    int filter = weight.length / factor.length;
    for (int i = 0; i < weight.length; i++) weight[i] *= factor[i / filter];
    if (convolution.bias() != null) {
      for (int o = 0; o < bias.length; o++) bias[o] += convolution.bias().get(o) * factor[o];
    }
    return new Conv2d(
        Convolution.of(
            Parameter.of(convolution.weight().shape(), weight),
            Parameter.of(Shape.of(bias.length), bias),
            convolution.window(),
            convolution.groups()));
  }
}
