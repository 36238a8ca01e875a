package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * Every {@code steps}-th element from {@code starts} up to, not including, {@code ends}. All
 * samples of a batch are taken.
 *
 * @param starts for each axis, at least 0; 0 for the batch
 * @param ends for each axis, at most the extent; the batch's is ignored
 * @param steps for each axis, at least 1; 1 for the batch
 */
public record Slice(List<Integer> starts, List<Integer> ends, List<Integer> steps)
    implements Layer {
  public Slice {
    starts = List.copyOf(starts);
    ends = List.copyOf(ends);
    steps = List.copyOf(steps);
    if (starts.isEmpty() || starts.size() != ends.size() || starts.size() != steps.size()) {
      throw new IllegalArgumentException(
          "slice: starts " + starts + ", ends " + ends + ", steps " + steps);
    }
    if (starts.getFirst() != 0 || steps.getFirst() != 1) {
      throw new IllegalArgumentException(
          "slice: starts " + starts + ", steps " + steps + ", expected the whole batch axis");
    }
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    Shape input = Axes.only("slice", inputs);
    return Structure.sliceShape(input, Axes.toArray(starts), ends(input), Axes.toArray(steps));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    Tensor input = inputs.getFirst();
    return Structure.slice(
        engine, input, Axes.toArray(starts), ends(input.shape()), Axes.toArray(steps));
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Shape input = inputs.getFirst().shape();
    return List.of(
        Structure.sliceReverse(
            engine, gradient, input, Axes.toArray(starts), ends(input), Axes.toArray(steps)));
  }

  private int[] ends(Shape input) {
    int[] all = Axes.toArray(ends);
    all[0] = input.extent(0);
    return all;
  }
}
