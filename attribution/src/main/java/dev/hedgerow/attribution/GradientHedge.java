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
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Transpose;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Gradient Hedge: relevance starts as gradient × activation at the last spatial layer, and its
 * positive and negative parts hedge each other at every convolution on the way to the input, so
 * that few, truly salient pixels stay positive.
 *
 * <p>The rules are {@link HedgeRule} for convolutions, {@link ZBoxRule} for the one that reads the
 * input, and {@link Rules} for the rest. A layer without a rule below the start is refused.
 */
final class GradientHedge implements Method {
  @Override
  public String name() {
    return "gradient-hedge";
  }

  @Override
  public String title() {
    return "Gradient Hedge: (C - Psi) + A + U at every convolution, sums to (gamma - 2)";
  }

  @Override
  public String reference() {
    return "W.-J. Nam, S.-W. Lee: Gradient Hedging for Intensively Exploring Salient Interpretation"
        + " beyond Neuron Activation";
  }

  @Override
  public boolean usesGamma() {
    return true;
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Set.of(StartLayer.of(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node start = StartLayer.of(graph, options);
    Set<Node> inputConvolutions = inputConvolutions(graph, start);
    var warnings = new ArrayList<String>();
    Tensor relevance = startRelevance(engine, recording, target, start, warnings);
    var walk =
        new RelevanceWalk(
            engine, recording, node -> rule(node, inputConvolutions, options), warnings);
    Tensor map = walk.run(start, relevance, mapNodes(inputConvolutions, graph));
    Tensor heatmap = Heatmap.channelSum(map);
    return new Attribution(
        name(), target, map, heatmap, Reductions.sum(engine, heatmap), walk.layers(), warnings);
  }

  /**
   * Returns the start relevance (Eq. 4-5): {@code G = x ⊙ mean_hw(∂y_t/∂x)}, kept for each channel
   * and signed, divided by |ΣG|.
   */
  static Tensor startRelevance(
      Engine engine, Recording recording, int target, Node start, List<String> warnings) {
    Tensor x = recording.output(start);
    Tensor gradient = recording.graph().gradient(engine, recording, target, start);
    if (x.shape().rank() == 4) {
      Tensor mean = Reductions.spatialMean(engine, gradient);
      gradient = mean.reshape(Shape.of(1, x.shape().extent(1), 1, 1));
    }
    Tensor g = Elementwise.multiply(engine, x, gradient);
    double positive = Reductions.sumPositive(engine, g);
    double negative = Reductions.sumNegative(engine, g);
    double sum = Math.abs(positive + negative);
    if (!Double.isFinite(sum)) {
      throw new ArithmeticException("gradient x activation is not finite at " + start.name());
    }
    if (positive == 0 && negative == 0) {
      warnings.add("the start relevance at " + start.name() + " is 0: the map is empty");
    } else if (positive == 0 || negative == 0) {
      warnings.add(
          "the start relevance at "
              + start.name()
              + " has no "
              + (positive == 0 ? "positive" : "negative")
              + " part: there is nothing to hedge");
    } else if (sum == 0) {
      warnings.add("the start relevance at " + start.name() + " sums to 0 and is not normalised");
    }
    return sum == 0 ? g : Elementwise.scale(engine, g, 1 / sum);
  }

  /** The composite: which rule a node has. */
  static Rule rule(Node node, Set<Node> inputConvolutions, Options options) {
    return switch (node.layer()) {
      case Conv2d conv when inputConvolutions.contains(node) -> new ZBoxRule(conv.convolution());
      case Conv2d conv when conv.convolution().window().isPoint() ->
          HedgeRule.point(conv.convolution());
      case Conv2d conv -> HedgeRule.spatial(conv.convolution(), options.gamma());
      case Linear linear -> HedgeRule.point(linear.dense());
      case Relu relu -> Rules.UNCHANGED;
      case Clip clip -> Rules.UNCHANGED;
      case Lrn lrn -> Rules.UNCHANGED;
      case Identity identity -> Rules.UNCHANGED;
      case Affine affine -> Rules.UNCHANGED;
      case Flatten flatten -> Rules.ADJOINT;
      case Reshape reshape -> Rules.ADJOINT;
      case Transpose transpose -> Rules.ADJOINT;
      case Slice slice -> Rules.ADJOINT;
      case Pad pad -> Rules.ADJOINT;
      case MaxPool2d max -> Rules.maxPool(max.pool());
      case AveragePool2d average -> Rules.averagePool(average.pool());
      case AdaptiveAveragePool2d average -> Rules.averagePool(average.pool());
      case BatchNorm norm -> Rules.batchNorm(norm.normalization().factor());
      case Concat concat -> Rules.CONCAT;
      case Add add ->
          options.addPolicy() == AddPolicy.PUBLISHED ? Rules.ADD_PUBLISHED : Rules.ADD_CONSERVING;
      case Multiply multiply -> throw refused(node);
      case LeakyRelu leaky -> throw refused(node);
      case Sigmoid sigmoid -> throw refused(node);
      case HardSwish swish -> throw refused(node);
      case Softmax softmax -> throw refused(node);
      case Input input -> throw refused(node);
    };
  }

  private static IllegalArgumentException refused(Node node) {
    return new IllegalArgumentException(
        "gradient-hedge has no rule for layer \"%s\" (%s) below the start layer"
            .formatted(node.name(), node.layer().getClass().getSimpleName()));
  }

  /** The convolutions below the start that only preprocessing separates from the input. */
  private static Set<Node> inputConvolutions(Graph graph, Node start) {
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
    return found;
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

  /**
   * The nodes at whose outputs the map is taken: what the input convolutions read, and the input
   * itself for what reaches it on another way.
   */
  private static Set<Node> mapNodes(Set<Node> inputConvolutions, Graph graph) {
    var nodes = new LinkedHashSet<Node>();
    for (Node node : inputConvolutions) nodes.add(node.input());
    Shape shape = nodes.isEmpty() ? graph.input().shape() : nodes.getFirst().shape();
    for (Node node : nodes) {
      if (!node.shape().equals(shape)) {
        throw new IllegalArgumentException(
            "gradient-hedge: convolutions read the input as %s and as %s; one map cannot show both"
                .formatted(shape, node.shape()));
      }
    }
    nodes.add(graph.input());
    return nodes;
  }
}
