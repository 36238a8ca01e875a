package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The same elements as a matrix: the axes before {@code axis} become one, and the others another.
 *
 * @param axis first axis of a row, at least 1; usually 1
 */
public record Flatten(int axis) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return flatten(Axes.only("flatten", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    Tensor input = inputs.getFirst();
    return input.reshape(engine, flatten(input.shape()));
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(gradient.reshape(engine, inputs.getFirst().shape()));
  }

  private Shape flatten(Shape input) {
    int counted = axis == input.rank() ? axis : Axes.inner("flatten", axis, input);
    int rows = 1;
    for (int i = 0; i < counted; i++) rows *= input.extent(i);
    int columns = 1;
    for (int i = counted; i < input.rank(); i++) columns *= input.extent(i);
    return Shape.of(rows, columns);
  }
}
