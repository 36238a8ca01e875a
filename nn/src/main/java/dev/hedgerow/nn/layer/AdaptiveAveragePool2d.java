package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import java.util.List;

/**
 * The means of windows that cover the image evenly; global average pooling for 1×1.
 *
 * @param pool the size of the output
 */
public record AdaptiveAveragePool2d(AdaptiveAveragePool pool) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return pool.outputShape(Axes.only("adaptive average pool", inputs));
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
