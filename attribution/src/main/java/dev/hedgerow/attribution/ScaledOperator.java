package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;

/**
 * A linear operator whose outputs are scaled, {@code a ⊙ (W x)}: what a convolution and the batch
 * normalization after it are together. No weights are copied, since for each channel
 *
 * <pre>
 * (a w)⁺ = a⁺ w⁺ + a⁻ w⁻     |a w| = |a| |w|
 * (a w)⁻ = a⁺ w⁻ + a⁻ w⁺     (a w)² = a² w²
 * </pre>
 *
 * @param operator W
 * @param factor a, one number a channel, {@code [1, O, 1, 1]} or {@code [1, O]}
 */
record ScaledOperator(LinearOperator operator, Tensor factor) implements LinearOperator {
  @Override
  public Shape outputShape(Shape input) {
    return operator.outputShape(input);
  }

  @Override
  public Tensor forward(Engine engine, WeightView view, Tensor x) {
    return switch (view) {
      case PLAIN -> scaled(engine, view, x, factor);
      case ABSOLUTE -> scaled(engine, view, x, Elementwise.absolute(engine, factor));
      case SQUARED -> scaled(engine, view, x, Elementwise.multiply(engine, factor, factor));
      case ONE -> operator.forward(engine, view, x);
      case POSITIVE, NEGATIVE -> {
        Tensor z = scaled(engine, view, x, Elementwise.positive(engine, factor));
        if (!hasNegativeFactor(engine)) yield z;
        Tensor negative = Elementwise.negative(engine, factor);
        yield Elementwise.addInPlace(engine, z, scaled(engine, opposite(view), x, negative));
      }
    };
  }

  @Override
  public Tensor reverse(Engine engine, WeightView view, Tensor s, Shape input) {
    return switch (view) {
      case PLAIN -> reverseScaled(engine, view, s, factor, input);
      case ABSOLUTE -> reverseScaled(engine, view, s, Elementwise.absolute(engine, factor), input);
      case SQUARED ->
          reverseScaled(engine, view, s, Elementwise.multiply(engine, factor, factor), input);
      case ONE -> operator.reverse(engine, view, s, input);
      case POSITIVE, NEGATIVE -> {
        Tensor positive = Elementwise.positive(engine, factor);
        Tensor x = reverseScaled(engine, view, s, positive, input);
        if (!hasNegativeFactor(engine)) yield x;
        Tensor negative = Elementwise.negative(engine, factor);
        yield Elementwise.addInPlace(
            engine, x, reverseScaled(engine, opposite(view), s, negative, input));
      }
    };
  }

  /** {@code a ⊙ (v x)}. */
  private Tensor scaled(Engine engine, WeightView view, Tensor x, Tensor a) {
    return Elementwise.multiplyInPlace(engine, operator.forward(engine, view, x), a);
  }

  /** {@code vᵀ (a ⊙ s)}. */
  private Tensor reverseScaled(Engine engine, WeightView view, Tensor s, Tensor a, Shape input) {
    return operator.reverse(engine, view, Elementwise.multiply(engine, s, a), input);
  }

  private boolean hasNegativeFactor(Engine engine) {
    return Reductions.minimum(engine, factor) < 0;
  }

  private static WeightView opposite(WeightView view) {
    return view == WeightView.POSITIVE ? WeightView.NEGATIVE : WeightView.POSITIVE;
  }
}
