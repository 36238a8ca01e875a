package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * Stands for the network's input; it computes nothing.
 *
 * @param shape the shape of one image, {@code [1, C, H, W]}
 */
public record Input(Shape shape) implements Layer {
  public Input {
    if (shape.rank() < 1 || shape.extent(0) != 1) {
      throw new IllegalArgumentException("input: shape is " + shape + ", expected a batch of one");
    }
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    Axes.check("input", inputs, 0);
    return shape;
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    throw new IllegalStateException("the input layer does not compute");
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of();
  }
}
