package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.Set;

/**
 * Input times gradient, {@code x ⊙ ∂y_t/∂x} (the paper's section 2), or the same of the saliency
 * layer's output.
 */
final class InputGradient implements Attributor {
  @Override
  public String name() {
    return "input-x-gradient";
  }

  @Override
  public String title() {
    return "Input x gradient: x * dy/dx";
  }

  @Override
  public String reference() {
    return "A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje: Not Just a Black Box: Learning"
        + " Important Features Through Propagating Activation Differences";
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Set.of(SaliencyLayer.of(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Node at = SaliencyLayer.of(recording.graph(), options);
    Tensor gradient = Score.of(recording, target, options).gradient(engine, recording, at);
    Tensor product = Elementwise.multiply(engine, recording.output(at), gradient);
    return Attribution.of(engine, this, target, product, Channels.SUM, recording);
  }
}
