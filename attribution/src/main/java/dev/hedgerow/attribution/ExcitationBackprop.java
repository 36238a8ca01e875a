package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Excitation backprop: the probability that a random walk from class t, which goes down excitatory
 * connections in proportion to {@code x_i w_ij⁺}, passes a place ({@link
 * Composites#EXCITATION_BACKPROP}). Additions are shared by signed value, {@code x_k / Σx · P}.
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
    Tensor p = start.at(engine, recording, target);
    if (!contrastive) {
      return descent.attribution(this, target, descent.run(Composites.EXCITATION_BACKPROP, p));
    }
    LayerMap contrasting =
        Classifier.contrasted(Composites.EXCITATION_BACKPROP, CONTRAST, name(), graph, saliency);
    Tensor passed = Heatmap.channelSum(engine, descent.run(contrasting, p));
    return descent.attributionOfMap(this, target, Elementwise.positive(engine, passed));
  }

  private static @Nullable Node saliency(Graph graph, Options options) {
    Node named = Descent.saliency(graph, options);
    if (named != null) return named;
    Node start = StartLayer.find(graph, options);
    List<Node> begins = start == null ? List.of() : Stages.begins(start);
    return begins.isEmpty() ? null : begins.getFirst();
  }
}
