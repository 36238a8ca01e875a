package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;
import static dev.hedgerow.engine.WeightView.NEGATIVE;
import static dev.hedgerow.engine.WeightView.POSITIVE;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;

/**
 * LRP-αβ as the code of RAP, RSP and AGF has it, {@code relprop}: without bias, and every term with
 * its own denominator,
 *
 * <pre>
 * R_in = α (J(x⁺, w⁺, R) + J(x⁻, w⁻, R)) − β (J(x⁺, w⁻, R) + J(x⁻, w⁺, R)),   β = α − 1
 * </pre>
 *
 * Behind a ReLU, where x⁻ = 0, this is {@link AlphaBeta} without bias and {@link ZPlus} for α = 1.
 * Where x has both signs R is used twice, and a chain of such layers doubles it each time.
 *
 * @param alpha α, at least 1
 */
public record Relprop(float alpha) implements LinearRule {
  public Relprop {
    if (!(alpha >= 1)) throw new IllegalArgumentException("alpha is " + alpha);
  }

  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    boolean signed = Reductions.sumNegative(engine, x) < 0;
    Tensor activating = terms(engine, layer.operator(), x, signed, POSITIVE, NEGATIVE, r);
    Elementwise.scaleInPlace(engine, activating, alpha);
    if (alpha == 1) return activating;
    Tensor inhibiting = terms(engine, layer.operator(), x, signed, NEGATIVE, POSITIVE, r);
    return Elementwise.addInPlace(
        engine, activating, Elementwise.scaleInPlace(engine, inhibiting, 1 - alpha));
  }

  /** {@code J(x⁺, v, R) + J(x⁻, u, R)}; the second is 0 unless x is signed. */
  private static Tensor terms(
      Engine engine,
      LinearOperator operator,
      Tensor x,
      boolean signed,
      WeightView v,
      WeightView u,
      Tensor r) {
    Tensor ofPositive = j(engine, operator, Elementwise.positive(engine, x), v, r).relevance();
    if (!signed) return ofPositive;
    Tensor ofNegative = j(engine, operator, Elementwise.negative(engine, x), u, r).relevance();
    return Elementwise.addInPlace(engine, ofPositive, ofNegative);
  }
}
