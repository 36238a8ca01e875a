package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The axes in another order: axis i of the output is axis {@code permutation[i]} of the input.
 *
 * @param permutation every axis once; the batch stays first
 */
public record Transpose(List<Integer> permutation) implements Layer {
  public Transpose {
    permutation = List.copyOf(permutation);
    if (permutation.isEmpty() || permutation.getFirst() != 0) {
      throw new IllegalArgumentException(
          "transpose: permutation is " + permutation + ", expected the batch axis, 0, first");
    }
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Structure.transposeShape(Axes.only("transpose", inputs), Axes.toArray(permutation));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Structure.transpose(inputs.getFirst(), Axes.toArray(permutation));
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    int[] inverse = new int[permutation.size()];
    for (int i = 0; i < inverse.length; i++) inverse[permutation.get(i)] = i;
    return List.of(Structure.transpose(gradient, inverse));
  }
}
