package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.Set;

/**
 * The deconvolution network: the gradient, of which only what is positive passes a rectifier,
 * {@code R = max(0, g)} whether it was active or not (the paper's section 2.1, "rectification"), at
 * the input or at the saliency layer's output. Max pools send R to the maximum, the paper's
 * "switches". As TorchRay has it, the map is {@code max_c |R_c|}.
 */
final class DeconvNet implements Attributor {
  @Override
  public String name() {
    return "deconvnet";
  }

  @Override
  public String title() {
    return "DeconvNet: dy/dx with max(0, g) at all ReLUs";
  }

  @Override
  public String reference() {
    return "M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks";
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Node at = SaliencyLayer.of(recording.graph(), options);
    Score score = Score.of(recording, target, options);
    Tensor gradient = Rectifiers.gradient(engine, recording, score, at, Rectifiers.DECONVOLUTION);
    return Attribution.of(engine, this, target, gradient, Channels.LARGEST, recording);
  }
}
