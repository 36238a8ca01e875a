package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/** {@code y = x}: dropout, casts and the like. */
public record Identity() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Axes.only("identity", inputs);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return inputs.getFirst();
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(gradient);
  }
}
