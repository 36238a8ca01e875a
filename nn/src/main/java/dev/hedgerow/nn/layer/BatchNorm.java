package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * {@code y = x·a + b} with a factor and an offset for each channel.
 *
 * @param normalization the learned statistics
 */
public record BatchNorm(BatchNormalization normalization) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return normalization.outputShape(Axes.only("batch normalization", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return normalization.forward(engine, inputs.getFirst());
  }

  @Override
  public boolean worksInPlace() {
    return true;
  }

  @Override
  public Tensor forwardInPlace(Engine engine, Tensor input) {
    return normalization.forwardInPlace(engine, input);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(normalization.reverse(engine, gradient));
  }
}
