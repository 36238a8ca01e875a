package dev.hedgerow.nn.train;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Folds batch normalizations into the convolutions before them: of {@code a·(w∗x + b) + c} the
 * weights become {@code a·w} and the bias {@code a·b + c}, one a and c an output channel.
 */
public final class Folding {
  private Folding() {}

  /**
   * Returns the parameters of a network without normalizations that computes the same.
   *
   * @param normalized the network that was trained
   * @param plain the same network without normalizations, all of whose convolutions have a bias
   * @param parameters of {@code normalized}
   * @throws IllegalArgumentException if the networks have not the same weighted layers in the same
   *     order
   */
  public static Map<String, Parameter> fold(
      Family normalized, Family plain, int classes, Map<String, Parameter> parameters) {
    Graph from =
        normalized.graph(
            normalized.input(),
            classes,
            (name, shape) -> Objects.requireNonNull(parameters.get(name), name));
    List<Node> sources = weighted(from);
    List<Node> targets =
        weighted(plain.graph(plain.input(), classes, (name, shape) -> Parameter.declared(shape)));
    if (sources.size() != targets.size()) {
      throw new IllegalArgumentException(
          "folding: %s has %d weighted layers and %s %d"
              .formatted(normalized, sources.size(), plain, targets.size()));
    }
    var folded = new LinkedHashMap<String, Parameter>();
    for (int i = 0; i < sources.size(); i++) {
      Node source = sources.get(i);
      String name = source.name();
      Parameter weight = Objects.requireNonNull(parameters.get(name + ".weight"));
      float[] w = weight.toArray();
      Parameter bias = parameters.get(name + ".bias");
      float[] b = bias == null ? new float[weight.shape().extent(0)] : bias.toArray();
      List<Node> next = from.consumers(source);
      if (source.layer() instanceof Conv2d
          && next.size() == 1
          && next.getFirst().layer() instanceof BatchNorm norm) {
        float[] factor = norm.normalization().factor();
        float[] offset = norm.normalization().offset();
        int row = w.length / factor.length;
        for (int j = 0; j < w.length; j++) w[j] *= factor[j / row];
        for (int c = 0; c < b.length; c++) b[c] = b[c] * factor[c] + offset[c];
      }
      String target = targets.get(i).name();
      folded.put(target + ".weight", Parameter.of(weight.shape(), w));
      folded.put(target + ".bias", Parameter.of(Shape.of(b.length), b));
    }
    return folded;
  }

  private static List<Node> weighted(Graph graph) {
    return graph.nodes().stream().filter(node -> node.layer() instanceof WeightedLayer).toList();
  }
}
