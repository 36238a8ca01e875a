package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.lowering;
import static dev.hedgerow.attribution.Contributions.plain;
import static dev.hedgerow.attribution.Contributions.quotient;
import static dev.hedgerow.attribution.Contributions.raising;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;

/**
 * LRP-γ (Montavon et al., Layer-Wise Relevance Propagation: An Overview, Table 1), generalised to
 * inputs and outputs of either sign as Andéol et al. do: what agrees with the sign of the output
 * {@code z = W x + b} counts 1 + γ times. With c the contributions {@code x_i w_ij},
 *
 * <pre>
 * R_i = Σ_{z_j &gt; 0} (c_ij + γ c_ij⁺) R_j / (z_j + γ (Σ_k c_kj⁺ + b_j⁺))
 *     + Σ_{z_j &lt; 0} (c_ij + γ c_ij⁻) R_j / (z_j + γ (Σ_k c_kj⁻ + b_j⁻))
 * </pre>
 *
 * with denominators moved away from 0 by {@link #STABILIZER}. γ = 0 is LRP-0; γ → ∞ is LRP-α1β0
 * where outputs are positive.
 *
 * @param gamma γ, at least 0
 */
public record Gamma(float gamma) implements LinearRule {
  public Gamma {
    if (!(gamma >= 0)) throw new IllegalArgumentException("gamma is " + gamma);
  }

  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    Contributions all = plain(layer, x);
    Contributions raising = raising(engine, layer, x);
    Contributions lowering = lowering(engine, layer, x);
    LinearMap raised = layer.withBias(b -> Elementwise.positive(engine, b));
    LinearMap lowered = layer.withBias(b -> Elementwise.negative(engine, b));
    Tensor z = layer.addBias(engine, all.sum(engine));
    Tensor up = favour(engine, z, raised.addBias(engine, raising.sum(engine)));
    Tensor down = favour(engine, z, lowered.addBias(engine, lowering.sum(engine)));

    Tensor ofPositive = where(engine, r, Elementwise.indicatorPositive(engine, z));
    Tensor below = Elementwise.scale(engine, z, -1);
    Tensor ofNegative = where(engine, r, Elementwise.indicatorPositive(engine, below));
    Tensor s = quotient(engine, ofPositive, up, STABILIZER);
    Tensor t = quotient(engine, ofNegative, down, STABILIZER);
    Tensor favoured = raising.share(engine, s);
    Elementwise.addInPlace(engine, favoured, lowering.share(engine, t));
    Elementwise.scaleInPlace(engine, favoured, gamma);
    return Elementwise.addInPlace(
        engine, all.share(engine, Elementwise.addInPlace(engine, s, t)), favoured);
  }

  /** {@code z + γ part}, in the storage of part. */
  private Tensor favour(Engine engine, Tensor z, Tensor part) {
    return Elementwise.addInPlace(engine, Elementwise.scaleInPlace(engine, part, gamma), z);
  }

  private static Tensor where(Engine engine, Tensor r, Tensor indicator) {
    return Elementwise.multiplyInPlace(engine, indicator, r);
  }
}
