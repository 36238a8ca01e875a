package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.Collections;
import java.util.List;

/** {@code y = Σ x_k}, over two or more inputs of the same shape. */
public record Add() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    if (inputs.size() < 2) {
      throw new IllegalArgumentException("add: " + inputs.size() + " inputs, expected at least 2");
    }
    Shape first = inputs.getFirst();
    for (Shape shape : inputs) {
      if (!shape.equals(first)) {
        throw new IllegalArgumentException(
            "add: inputs are " + first + " and " + shape + ", expected the same shape");
      }
    }
    return first;
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    Tensor sum = Elementwise.add(engine, inputs.get(0), inputs.get(1));
    for (Tensor next : inputs.subList(2, inputs.size())) {
      sum = Elementwise.addInPlace(engine, sum, next);
    }
    return sum;
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return Collections.nCopies(inputs.size(), gradient);
  }
}
