package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * {@code y = x ⊙ scale + shift} with constants, which are spread over x as numpy does it: aligned
 * at the last axis, extents of 1 repeated.
 *
 * @param scale of a shape that spreads over x, 1 along the batch
 * @param shift of a shape that spreads over x, 1 along the batch
 */
public record Affine(Tensor scale, Tensor shift) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    Shape input = Axes.only("affine", inputs);
    check("scale", scale.shape(), input);
    check("shift", shift.shape(), input);
    return input;
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    Tensor input = inputs.getFirst();
    Tensor product = Elementwise.multiply(engine, input, spread(scale, input.shape()));
    return Elementwise.addInPlace(engine, product, spread(shift, input.shape()));
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(Elementwise.multiply(engine, gradient, spread(scale, gradient.shape())));
  }

  private static void check(String name, Shape constant, Shape input) {
    int missing = input.rank() - constant.rank();
    boolean fits = missing >= 0;
    for (int axis = 0; fits && axis < constant.rank(); axis++) {
      int extent = constant.extent(axis);
      fits = extent == 1 || (axis + missing > 0 && extent == input.extent(axis + missing));
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "affine: input is "
              + input
              + " but "
              + name
              + " "
              + constant
              + " does not spread over it");
    }
  }

  /** Repeats a constant to the shape {@code to}, or only to one number a channel if it is that. */
  private static Tensor spread(Tensor constant, Shape to) {
    int missing = to.rank() - constant.shape().rank();
    int[] target = to.toArray();
    if (to.rank() == 4
        && extent(constant, 2 - missing) == 1
        && extent(constant, 3 - missing) == 1) {
      target[2] = 1;
      target[3] = 1;
    }
    Shape shape = Shape.of(target);
    float[] values = constant.toArray();
    float[] spread = new float[shape.size()];
    for (int i = 0; i < spread.length; i++) {
      int rest = i;
      int at = 0;
      for (int axis = target.length - 1, stride = 1; axis >= missing; axis--) {
        int extent = constant.shape().extent(axis - missing);
        at += Math.min(rest % target[axis], extent - 1) * stride;
        rest /= target[axis];
        stride *= extent;
      }
      spread[i] = values[at];
    }
    return Tensor.of(shape, spread);
  }

  private static int extent(Tensor constant, int axis) {
    return axis < 0 ? 1 : constant.shape().extent(axis);
  }
}
