package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/**
 * The plain gradient of the class score with respect to the input, {@code w = ∂y_t/∂x} (the paper's
 * Eq. 4), or to the saliency layer's output. The map is its channel sum; the variant {@code
 * gradient:largest} has the paper's {@code M_ij = max_c |w_ijc|} (its section 3.1).
 */
final class Gradient implements Attributor {
  private final String name;
  private final Channels channels;

  Gradient() {
    this("gradient", Channels.SUM);
  }

  private Gradient(String name, Channels channels) {
    this.name = name;
    this.channels = channels;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String title() {
    return channels == Channels.SUM ? "Gradient: dy/dx" : "Gradient: max over channels of |dy/dx|";
  }

  @Override
  public String reference() {
    return "K. Simonyan, A. Vedaldi, A. Zisserman: Deep Inside Convolutional Networks: Visualising"
        + " Image Classification Models and Saliency Maps";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(new Gradient("gradient:largest", Channels.LARGEST));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Node at = SaliencyLayer.of(recording.graph(), options);
    Score score = Score.of(recording, target, options);
    Tensor gradient = score.gradient(engine, recording, at);
    return Attribution.of(engine, this, target, gradient, channels, recording);
  }
}
