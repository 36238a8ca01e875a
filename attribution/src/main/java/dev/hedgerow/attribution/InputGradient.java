package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;
import java.util.List;

/** Input times gradient, {@code x ⊙ ∂y_t/∂x}. */
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
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Tensor gradient = Gradient.inputGradient(engine, recording, target);
    Tensor x = recording.output(recording.graph().input());
    Tensor product = Elementwise.multiply(engine, x, gradient);
    return Attribution.atInput(engine, this, target, product, List.of(), List.of());
  }
}
