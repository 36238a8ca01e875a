package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The largest value of each window. The gradient goes to the first pixel, in scan order, that has
 * it.
 *
 * @param pool the window
 */
public record MaxPool2d(MaxPool pool) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return pool.outputShape(Axes.only("max pool", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return pool.forward(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(pool.reverse(engine, gradient, inputs.getFirst()));
  }

  @Override
  public boolean gradientReadsInputs() {
    return true;
  }
}
