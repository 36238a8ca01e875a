package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
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
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Attribution-Guided Factorization: relevance walks down beside the ordinary gradient; at every
 * convolution relevance divides the pixels in two, by which activations and gradients are
 * factorised, and what is found is brought in without changing the sum.
 *
 * <p>Relevance starts at the input x of the classifier as {@code x ⊙ ∂p_t/∂x}, with p of {@link
 * AgfSeed}, or with the gradient of what {@link Options#start} says, whatever {@link
 * Options#startLayer}; the gradient beside it is of the same. The rules are {@link AgfRule} for
 * convolutions, {@link AgfFlatRule} for the first linear layer after the last image, {@link ZBox}
 * for the convolution that reads the input, and {@link Rules} for the rest. 1×1 convolutions, and
 * those that end a residual branch, share by magnitude alone; in the authors' networks these are
 * the bottleneck's first and last, the shortcut's, and the basic block's second. Pools and
 * additions share in proportion to |x|; where no x is negative this is the authors' share by x. The
 * authors drop relevance where a ReLU's output is 0; here it has none to drop.
 *
 * <p>The map is divided by the largest element of the relevance.
 */
final class Agf implements Attributor {
  private final boolean signedAdd;

  Agf() {
    this(false);
  }

  private Agf(boolean signedAdd) {
    this.signedAdd = signedAdd;
  }

  @Override
  public String name() {
    return signedAdd ? "agf:signed-add" : "agf";
  }

  @Override
  public String title() {
    return "AGF: relevance guided factorisation of activation and gradient"
        + (signedAdd ? ", additions shared by signed x as published" : "");
  }

  @Override
  public String reference() {
    return "S. Gur, A. Ali, L. Wolf: Visualization of Supervised and Self-Supervised Neural Networks"
        + " via Attribution Guided Factorization";
  }

  @Override
  public List<Attributor> variants() {
    return signedAdd ? List.of() : List.of(new Agf(true));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    Node start = start(graph);
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, start);
    var keeps = new HashSet<>(SaliencyLayer.nodes(graph, start, inputConvolutions, options));
    keeps.add(start);
    return keeps;
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node start = start(graph);
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, start);
    Set<Node> until = SaliencyLayer.nodes(graph, start, inputConvolutions, options);
    StartRelevance chosen = options.start();
    Tensor seed =
        chosen == null ? AgfSeed.at(engine, recording, target) : chosen.at(recording, target);
    Map<Node, Tensor> gradients =
        graph.gradients(engine, recording, seed, readGradients(graph, start, inputConvolutions));
    var warnings = new ArrayList<String>();
    Tensor relevance =
        Elementwise.multiply(
            engine, recording.output(start), Objects.requireNonNull(gradients.get(start)));
    var walk =
        new RelevanceWalk(
            engine, recording, node -> rule(graph, node, inputConvolutions, gradients), warnings);
    Tensor map = Saliency.perMaximum(engine, walk.run(start, relevance, until));
    return SaliencyLayer.attribution(
        engine, this, recording, target, options, map, walk.layers(), warnings);
  }

  /** What the classifier reads; where several layers score classes, what joins their scores. */
  private static Node start(Graph graph) {
    Node node = graph.logits();
    while (node.inputs().size() == 1) {
      if (node.layer() instanceof WeightedLayer) return node.input();
      node = node.input();
    }
    return node;
  }

  /** The nodes whose gradients the rules read. */
  private static Set<Node> readGradients(
      Graph graph, Node start, InputConvolutions inputConvolutions) {
    var nodes = new HashSet<Node>();
    nodes.add(start);
    for (Node node : graph.ancestors(start)) {
      if (node.layer() instanceof Linear || isFactorised(graph, node, inputConvolutions)) {
        nodes.add(node.input());
      }
    }
    return nodes;
  }

  private Rule rule(
      Graph graph, Node node, InputConvolutions inputConvolutions, Map<Node, Tensor> gradients) {
    return switch (node.layer()) {
      case Conv2d conv when inputConvolutions.contains(node) -> ZBox.OF_IMAGE;
      case Conv2d conv when isFactorised(graph, node, inputConvolutions) ->
          new AgfRule(conv.convolution(), gradient(gradients, node));
      case Conv2d conv -> Rules.magnitudes(conv.convolution());
      case Linear linear -> {
        Shape image = image(node.input());
        yield image == null
            ? Rules.magnitudes(linear.dense())
            : new AgfFlatRule(linear.dense(), image, gradient(gradients, node));
      }
      case MaxPool2d max -> Rules.maxPool(max.pool());
      case AveragePool2d average -> Rules.magnitudes(average.pool());
      case AdaptiveAveragePool2d average -> Rules.magnitudes(average.pool());
      case BatchNorm norm -> Rules.UNCHANGED;
      case Concat concat -> Rules.CONCAT;
      case Add add -> signedAdd ? Rules.ADD_SIGNED : Rules.ADD_CONSERVING;
      default -> Rules.passive(name(), node);
    };
  }

  private static Tensor gradient(Map<Node, Tensor> gradients, Node node) {
    return Objects.requireNonNull(gradients.get(node.input()));
  }

  private static boolean isFactorised(Graph graph, Node node, InputConvolutions inputConvolutions) {
    return node.layer() instanceof Conv2d conv
        && !inputConvolutions.contains(node)
        && !conv.convolution().window().isPoint()
        && !endsBranch(graph, node);
  }

  /** Whether nothing but normalisation stands between a layer and an addition. */
  private static boolean endsBranch(Graph graph, Node node) {
    for (Node next = node; graph.consumers(next).size() == 1; ) {
      next = graph.consumers(next).getFirst();
      switch (next.layer()) {
        case Add add -> {
          return true;
        }
        case BatchNorm norm -> {}
        case Affine affine -> {}
        case Identity identity -> {}
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  /** The shape of the image that was flattened to this; null if it was none. */
  private static @Nullable Shape image(Node flat) {
    Node node = flat;
    while (node.layer() instanceof Identity) node = node.input();
    boolean flattened = node.layer() instanceof Flatten || node.layer() instanceof Reshape;
    return flattened && node.input().shape().rank() == 4 ? node.input().shape() : null;
  }
}
