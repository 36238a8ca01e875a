package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * {@code y = a ⊙ b}, of two inputs of the same shape, or with either one {@code [N, C, 1, 1]}
 * against {@code [N, C, H, W]}.
 */
public record Multiply() implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    Axes.check("multiply", inputs, 2);
    Shape a = inputs.get(0);
    Shape b = inputs.get(1);
    if (a.equals(b) || isFactor(b, a)) return a;
    if (isFactor(a, b)) return b;
    throw new IllegalArgumentException(
        "multiply: inputs are " + a + " and " + b + ", expected the same or one [N, C, 1, 1]");
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    Tensor a = inputs.get(0);
    Tensor b = inputs.get(1);
    return isFactor(a.shape(), b.shape())
        ? Elementwise.multiply(engine, b, a)
        : Elementwise.multiply(engine, a, b);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Tensor a = inputs.get(0);
    Tensor b = inputs.get(1);
    return List.of(partial(engine, gradient, b, a), partial(engine, gradient, a, b));
  }

  @Override
  public boolean gradientReadsInputs() {
    return true;
  }

  /** The gradient for input {@code of} whose factor is {@code other}. */
  private static Tensor partial(Engine engine, Tensor gradient, Tensor other, Tensor of) {
    if (!isFactor(of.shape(), gradient.shape())) {
      return Elementwise.multiply(engine, gradient, other);
    }
    return Reductions.spatialSum(engine, Elementwise.multiply(engine, gradient, other))
        .reshape(of.shape());
  }

  /** Whether {@code factor} is one number a channel for {@code image}. */
  private static boolean isFactor(Shape factor, Shape image) {
    return image.rank() == 4 && !factor.equals(image) && factor.equals(image.with(2, 1).with(3, 1));
  }
}
