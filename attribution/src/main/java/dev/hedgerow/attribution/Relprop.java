package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.lowering;
import static dev.hedgerow.attribution.Contributions.raising;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;

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
    Tensor activating = raising(engine, layer, x).shareByTerm(engine, r);
    Elementwise.scaleInPlace(engine, activating, alpha);
    if (alpha == 1) return activating;
    Tensor inhibiting = lowering(engine, layer, x).shareByTerm(engine, r);
    return Elementwise.addInPlace(
        engine, activating, Elementwise.scaleInPlace(engine, inhibiting, 1 - alpha));
  }
}
