package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/** {@code y = max(x, 0)}; the derivative at 0 is 0. */
public record Relu() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Axes.only("relu", inputs);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Elementwise.positive(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(Elementwise.keepWhereNonZero(engine, gradient, output));
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
    return Elementwise.positiveInPlace(engine, input);
  }
}
