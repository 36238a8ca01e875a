package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The same elements, in row-major order, under another shape.
 *
 * @param shape the shape for a batch of one; its first extent grows with the batch
 */
public record Reshape(Shape shape) implements Layer {
  public Reshape {
    if (shape.rank() < 1 || shape.size() < 1) {
      throw new IllegalArgumentException("reshape: shape is " + shape + ", expected elements");
    }
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    return reshape(Axes.only("reshape", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    Tensor input = inputs.getFirst();
    return input.reshape(engine, reshape(input.shape()));
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(gradient.reshape(engine, inputs.getFirst().shape()));
  }

  private Shape reshape(Shape input) {
    int batch = input.size() / shape.size();
    if (input.rank() < 1
        || batch < 1
        || input.size() % shape.size() != 0
        || input.extent(0) % batch != 0) {
      throw new IllegalArgumentException("reshape: input is " + input + " but shape is " + shape);
    }
    return shape.with(0, Math.multiplyExact(shape.extent(0), batch));
  }
}
