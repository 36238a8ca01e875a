package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/**
 * Guided backpropagation: the gradient, of which only what is positive passes a rectifier that was
 * active, {@code R = [x ≥ 0] · [g > 0] · g} (the paper's section 3.4), at the input or at the
 * saliency layer's output. As TorchRay has it, an input of exactly 0 passes, and the map is {@code
 * max_c |R_c|}.
 *
 * <p>Variants: {@code guided-backprop:captum} passes inputs above 0 alone, and its map is {@code
 * Σ_c R_c}; {@code guided-backprop:smoothed} smooths the map with a Gaussian of σ = 0.02 max(H, W),
 * as TorchRay's pointing game does.
 */
final class GuidedBackprop implements Attributor {
  /** σ of the smoothed variant, in sizes of the image. */
  private static final double SIGMA = 0.02;

  private final String name;
  private final Rectifiers.Rule rule;
  private final Channels channels;
  private final boolean smoothed;

  GuidedBackprop() {
    this("guided-backprop", Rectifiers.GUIDED, Channels.LARGEST, false);
  }

  private GuidedBackprop(String name, Rectifiers.Rule rule, Channels channels, boolean smoothed) {
    this.name = name;
    this.rule = rule;
    this.channels = channels;
    this.smoothed = smoothed;
  }

  static GuidedBackprop captum() {
    return new GuidedBackprop(
        "guided-backprop:captum", Rectifiers.GUIDED_STRICTLY, Channels.SUM, false);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String title() {
    return "Guided backpropagation: dy/dx with max(0, g) at active ReLUs";
  }

  @Override
  public String reference() {
    return "J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller: Striving for Simplicity:"
        + " The All Convolutional Net";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(
        captum(),
        new GuidedBackprop("guided-backprop:smoothed", Rectifiers.GUIDED, Channels.LARGEST, true));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return rule.equals(Rectifiers.GUIDED) ? Rectifiers.inputs(graph) : Set.of();
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Tensor gradient = gradient(engine, recording, target, options);
    if (!smoothed) return Attribution.of(engine, this, target, gradient, channels, recording);
    Tensor spatial = Channels.spatial(gradient);
    Tensor map = Attribution.enlarged(channels.map(engine, spatial), recording);
    double sigma = SIGMA * Math.max(map.shape().extent(0), map.shape().extent(1));
    return Attribution.of(engine, this, target, spatial, Smoothing.gaussian(map, sigma));
  }

  /** Returns R, of the shape of the saliency layer's output. */
  Tensor gradient(Engine engine, Recording recording, int target, Options options) {
    Node at = SaliencyLayer.of(recording.graph(), options);
    Score score = Score.of(recording, target, options);
    return Rectifiers.gradient(engine, recording, score, at, rule);
  }
}
