package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Softmax;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Excitation backprop: the probability that a random walk from class t, which goes down excitatory
 * connections in proportion to {@code x_i w_ij⁺}, passes a place ({@link
 * Composites#EXCITATION_BACKPROP}). Additions are shared by signed value, {@code x_k / Σx · P}. A
 * network whose logits are the mean of a convolution's scores starts at every position, in
 * proportion to {@code exp(y_t)} there.
 *
 * <p>Contrastive (Section 3.4): at the last layers with weights ({@link Classifier}) the
 * probability from the class that wins where t loses, whose weights are those of t negated, is
 * subtracted. The difference walks on, as all is linear in P, and what is left below 0 at the map
 * is cut off.
 *
 * <p>The map is the sum over channels where the last stage below the start layer ({@link
 * StartLayer}) begins ({@link Stages}): {@code pool4} of VGG-16, {@code layer3} of a ResNet. A
 * network without such a layer has it at the input. The start layer has no other part, and none
 * beside a saliency layer.
 */
final class ExcitationBackprop implements Attributor {
  /** {@code J(x⁺, w⁺, P) − J(x⁺, −w⁻, P)}: from a class, less from its opposite. */
  static final LinearRule CONTRAST =
      (engine, layer, x, p) ->
          Elementwise.subtract(
              engine,
              new Excitation(WeightView.POSITIVE).share(engine, layer, x, p),
              new Excitation(WeightView.NEGATIVE).share(engine, layer, x, p));

  /**
   * {@code P_i = softmax_i(x) · P}: by the score of the class at each position. In proportion to
   * the scores themselves, which may be negative, it would be no probability.
   */
  private static final LinearRule POSITIONS =
      (engine, layer, x, p) -> {
        Shape shape = x.shape();
        Shape positions = Shape.of(1, shape.extent(1), shape.extent(2) * shape.extent(3));
        Tensor softmax = Softmax.forward(engine, x.reshape(positions), 2).reshape(shape);
        return j(engine, layer.operator(), softmax, WeightView.PLAIN, p).relevance();
      };

  private final boolean contrastive;

  ExcitationBackprop(boolean contrastive) {
    this.contrastive = contrastive;
  }

  @Override
  public String name() {
    return contrastive ? "contrastive-excitation-backprop" : "excitation-backprop";
  }

  @Override
  public String title() {
    return contrastive
        ? "Contrastive excitation backprop: max(0, P(w) - P(-w))"
        : "Excitation backprop: P = x * w+ * (P / (w+ x))";
  }

  @Override
  public String reference() {
    return "J. Zhang, S. A. Bargal, Z. Lin, J. Brandt, X. Shen, S. Sclaroff: Top-down Neural"
        + " Attention by Excitation Backprop";
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return options.saliencyLayer() == null ? Set.of() : Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Descent.keeps(null, saliency(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node saliency = saliency(graph, options);
    var descent = new Descent(engine, recording, null, saliency);
    StartRelevance start = options.start() == null ? StartRelevance.ONE_HOT : options.start();
    Tensor p = start.at(recording, target);
    if (!contrastive) {
      return descent.attribution(this, target, descent.run(map(graph), p));
    }
    LayerMap contrasting = Classifier.contrasted(map(graph), CONTRAST, name(), graph, saliency);
    Tensor passed = Heatmap.channelSum(engine, descent.run(contrasting, p));
    return descent.attributionOfMap(this, target, Elementwise.positive(engine, passed));
  }

  /** Returns the composite, with the start of a network that scores every position. */
  static LayerMap map(Graph graph) {
    Node mean = computed(graph.logits());
    LayerMap map = Composites.EXCITATION_BACKPROP;
    return LayerKind.of(mean.layer()) == LayerKind.AVERAGE_POOL
            && computed(mean.input()).layer() instanceof WeightedLayer
        ? map.with(mean.name(), POSITIONS)
        : map;
  }

  /** Returns the node that computes what this one hands on. */
  private static Node computed(Node node) {
    Node from = node;
    while (!from.inputs().isEmpty()
        && (from.layer() instanceof Identity
            || LayerKind.of(from.layer()) == LayerKind.STRUCTURE)) {
      from = from.input();
    }
    return from;
  }

  private static @Nullable Node saliency(Graph graph, Options options) {
    Node named = Descent.saliency(graph, options);
    if (named != null) return named;
    Node start = StartLayer.find(graph, options);
    List<Node> begins = start == null ? List.of() : Stages.begins(start);
    return begins.isEmpty() ? null : begins.getFirst();
  }
}
