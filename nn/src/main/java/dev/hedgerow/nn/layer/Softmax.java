package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * {@code y_i = exp(x_i) / Σ_j exp(x_j)} along an axis.
 *
 * @param axis not the batch; a negative axis counts from the last one
 */
public record Softmax(int axis) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    Shape input = Axes.only("softmax", inputs);
    Axes.inner("softmax", axis, input);
    return input;
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return dev.hedgerow.engine.Softmax.forward(engine, inputs.getFirst(), axis);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(dev.hedgerow.engine.Softmax.gradient(engine, output, gradient, axis));
  }

  @Override
  public boolean gradientReadsOutput() {
    return true;
  }
}
