package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * Local response normalization across channels.
 *
 * @param normalization size and constants
 */
public record Lrn(LocalResponseNormalization normalization) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return normalization.outputShape(Axes.only("lrn", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return normalization.forward(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(normalization.gradient(engine, inputs.getFirst(), output, gradient));
  }

  @Override
  public boolean gradientReadsInputs() {
    return true;
  }

  @Override
  public boolean gradientReadsOutput() {
    return true;
  }
}
