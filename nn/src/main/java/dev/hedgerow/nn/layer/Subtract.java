package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/** {@code y = a − b}, of two inputs of the same shape. */
public record Subtract() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    Axes.check("subtract", inputs, 2);
    Shape a = inputs.get(0);
    Shape b = inputs.get(1);
    if (!a.equals(b)) {
      throw new IllegalArgumentException(
          "subtract: inputs are " + a + " and " + b + ", expected the same shape");
    }
    return a;
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Elementwise.subtract(engine, inputs.get(0), inputs.get(1));
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(gradient, Elementwise.scale(engine, gradient, -1));
  }
}
