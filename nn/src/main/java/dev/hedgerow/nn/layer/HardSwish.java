package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/** {@code y = x · min(max(x + 3, 0), 6) / 6}. */
public record HardSwish() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Axes.only("hard swish", inputs);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Elementwise.hardSwish(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(Elementwise.hardSwishGradient(engine, inputs.getFirst(), gradient));
  }

  @Override
  public boolean gradientReadsInputs() {
    return true;
  }
}
