package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The inputs, joined along an axis.
 *
 * @param axis not the batch; a negative axis counts from the last one
 */
public record Concat(int axis) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    if (!inputs.isEmpty()) Axes.inner("concat", axis, inputs.getFirst());
    return Structure.concatShape(inputs, axis);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Structure.concat(engine, inputs, axis);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Shape shape = gradient.shape();
    int along = Axes.inner("concat", axis, shape);
    int[] starts = new int[shape.rank()];
    int[] ends = shape.toArray();
    int[] steps = new int[shape.rank()];
    Arrays.fill(steps, 1);
    List<Tensor> parts = new ArrayList<>(inputs.size());
    for (Tensor input : inputs) {
      ends[along] = starts[along] + input.shape().extent(along);
      parts.add(Structure.slice(engine, gradient, starts, ends, steps));
      starts[along] = ends[along];
    }
    return parts;
  }
}
