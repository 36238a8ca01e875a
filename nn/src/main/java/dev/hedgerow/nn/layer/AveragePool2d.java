package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import java.util.List;

/**
 * The mean of each window.
 *
 * @param pool the window and the divisor
 */
public record AveragePool2d(AveragePool pool) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return pool.outputShape(Axes.only("average pool", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return pool.forward(engine, WeightView.PLAIN, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Shape input = inputs.getFirst().shape();
    return List.of(pool.reverse(engine, WeightView.PLAIN, gradient, input));
  }
}
