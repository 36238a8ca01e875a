package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;
import java.util.List;

/** The plain gradient of the class score with respect to the input, {@code ∂y_t/∂x}. */
final class Gradient implements Attributor {
  @Override
  public String name() {
    return "gradient";
  }

  @Override
  public String title() {
    return "Gradient: dy/dx";
  }

  @Override
  public String reference() {
    return "K. Simonyan, A. Vedaldi, A. Zisserman: Deep Inside Convolutional Networks: Visualising"
        + " Image Classification Models and Saliency Maps";
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Tensor gradient = inputGradient(engine, recording, target);
    return Attribution.atInput(engine, this, target, gradient, List.of(), List.of());
  }

  static Tensor inputGradient(Engine engine, Recording recording, int target) {
    return recording.graph().gradient(engine, recording, target, recording.graph().input());
  }
}
