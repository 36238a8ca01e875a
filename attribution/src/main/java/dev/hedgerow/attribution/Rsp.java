package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Relative Sectional Propagation: a class activation map, kept for each channel and signed, is
 * handed down in its positive and its negative section, each by weights that are the correlation of
 * activations with that section, and shifted at every convolution.
 *
 * <p>The rules are {@link RspRule} for weighted layers, {@link ZBox} for the convolution that reads
 * the input, and {@link Rules} for the rest; additions share in proportion to x⁺. The published
 * residual blocks call a function that does not exist; what they intend, relevance of the main
 * branch plus that of the skip, is what the graph does.
 *
 * <p>{@link Options#start} is what each logit counts in the class activation map: n at the target
 * and −1 at n other classes is the difference that the authors' relative map of several labels
 * begins with. They then scale its positive and its negative part, and spread both evenly over the
 * channels; here the difference is used as it is.
 */
final class Rsp implements Attributor {
  @Override
  public String name() {
    return "rsp";
  }

  @Override
  public String title() {
    return "RSP: positive and negative relevance each by weights correlated with it, then a shift";
  }

  @Override
  public String reference() {
    return "W.-J. Nam, J. Choi, S.-W. Lee: Interpreting Deep Neural Networks with Relative"
        + " Sectional Propagation by Analyzing Comparative Gradients and Hostile Activations";
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    Node start = StartLayer.of(graph, options);
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, start);
    var keeps = new HashSet<>(SaliencyLayer.nodes(graph, start, inputConvolutions, options));
    keeps.add(start);
    return keeps;
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node start = StartLayer.of(graph, options);
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, start);
    Set<Node> until = SaliencyLayer.nodes(graph, start, inputConvolutions, options);
    var warnings = new ArrayList<String>();
    Tensor relevance = startRelevance(engine, recording, target, start, options, warnings);
    var walk =
        new RelevanceWalk(engine, recording, node -> rule(node, inputConvolutions), warnings);
    Tensor map = walk.run(start, relevance, until);
    return SaliencyLayer.attribution(
        engine, this, recording, target, options, map, walk.layers(), warnings);
  }

  /**
   * Returns {@code G ⊘ max(G)} with {@code G = A ⊙ mean_hw(∂y_t/∂A)}: Grad-CAM before its channels
   * are summed and rectified. A map without a positive value is left as it is.
   */
  private static Tensor startRelevance(
      Engine engine,
      Recording recording,
      int target,
      Node start,
      Options options,
      List<String> warnings) {
    StartRelevance seed = options.start() == null ? StartRelevance.ONE_HOT : options.start();
    Tensor a = recording.output(start);
    Tensor gradient =
        recording.graph().gradient(engine, recording, seed.at(recording, target), start);
    if (a.shape().rank() == 4) {
      Tensor mean = Reductions.spatialMean(engine, gradient);
      gradient = mean.reshape(Shape.of(1, a.shape().extent(1), 1, 1));
    }
    Tensor g = Elementwise.multiply(engine, a, gradient);
    float largest = Reductions.maximum(engine, g);
    if (largest > 0) return Elementwise.scaleInPlace(engine, g, 1.0 / largest);
    warnings.add(
        "the class activation map at " + start.name() + " has no positive value to scale it by");
    return g;
  }

  /** The composite: which rule a node has. */
  private static Rule rule(Node node, InputConvolutions inputConvolutions) {
    return switch (node.layer()) {
      case Conv2d conv when inputConvolutions.contains(node) -> ZBox.OF_IMAGE;
      case WeightedLayer layer -> RspRule.of(layer);
      case MaxPool2d max -> Rules.maxPool(max.pool());
      case AveragePool2d average -> Rules.averagePool(average.pool());
      case AdaptiveAveragePool2d average -> Rules.averagePool(average.pool());
      case BatchNorm norm -> Rules.batchNorm(norm.normalization());
      case Concat concat -> Rules.CONCAT;
      case Add add -> Rules.ADD_POSITIVE;
      default -> Rules.passive("rsp", node);
    };
  }
}
