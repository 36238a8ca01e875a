package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The input with a border of a constant; a negative width cuts off.
 *
 * @param before for each axis, elements added before the first; 0 for the batch
 * @param after for each axis, elements added after the last; 0 for the batch
 * @param value the value of the border
 */
public record Pad(List<Integer> before, List<Integer> after, float value) implements Layer {
  public Pad {
    before = List.copyOf(before);
    after = List.copyOf(after);
    if (before.isEmpty()
        || before.size() != after.size()
        || before.getFirst() != 0
        || after.getFirst() != 0) {
      throw new IllegalArgumentException(
          "pad: before " + before + ", after " + after + ", expected nothing on the batch axis");
    }
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Structure.padShape(Axes.only("pad", inputs), Axes.toArray(before), Axes.toArray(after));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Structure.pad(
        engine, inputs.getFirst(), Axes.toArray(before), Axes.toArray(after), value);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(Structure.pad(engine, gradient, negated(before), negated(after), 0));
  }

  private static int[] negated(List<Integer> widths) {
    return widths.stream().mapToInt(width -> -width).toArray();
  }
}
