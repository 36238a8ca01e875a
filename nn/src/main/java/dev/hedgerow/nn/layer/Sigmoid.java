package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/** {@code y = 1 / (1 + e^−x)}. */
public record Sigmoid() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Axes.only("sigmoid", inputs);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Elementwise.sigmoid(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(Elementwise.sigmoidGradient(engine, output, gradient));
  }

  @Override
  public boolean gradientReadsOutput() {
    return true;
  }

  @Override
  public boolean worksInPlace() {
    return true;
  }

  @Override
  public Tensor forwardInPlace(Engine engine, Tensor input) {
    return Elementwise.sigmoidInPlace(engine, input);
  }
}
