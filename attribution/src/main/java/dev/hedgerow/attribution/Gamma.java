package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.lowering;
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
 * with denominators moved away from 0 by {@link #STABILIZER}. Since {@code c = c⁺ + c⁻}, all sums
 * are {@code (1 + γ) c⁺ + c⁻} or {@code c⁺ + (1 + γ) c⁻}. γ = 0 is LRP-0; γ → ∞ is LRP-α1β0 where
 * outputs are positive.
 *
 * @param gamma γ, at least 0
 */
public record Gamma(float gamma) implements LinearRule {
  public Gamma {
    if (!(gamma >= 0)) throw new IllegalArgumentException("gamma is " + gamma);
  }

  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    Contributions raising = raising(engine, layer, x);
    Contributions lowering = lowering(engine, layer, x);
    LinearMap raised = layer.withBias(b -> Elementwise.positive(engine, b));
    LinearMap lowered = layer.withBias(b -> Elementwise.negative(engine, b));
    Tensor up = raised.addBias(engine, raising.sum(engine));
    Tensor down = lowered.addBias(engine, lowering.sum(engine));

    Tensor z = Elementwise.add(engine, up, down);
    Tensor ofPositive = where(engine, r, Elementwise.indicatorPositive(engine, z));
    Tensor below = Elementwise.scaleInPlace(engine, z, -1);
    Tensor ofNegative = where(engine, r, Elementwise.indicatorPositive(engine, below));
    Tensor s = quotient(engine, ofPositive, favour(engine, up, down), STABILIZER);
    Tensor t = quotient(engine, ofNegative, favour(engine, down, up), STABILIZER);
    return Elementwise.addInPlace(
        engine,
        raising.share(engine, favour(engine, s, t)),
        lowering.share(engine, favour(engine, t, s)));
  }

  /** {@code (1 + γ) a + b}. */
  private Tensor favour(Engine engine, Tensor a, Tensor b) {
    return Elementwise.addInPlace(engine, Elementwise.scale(engine, a, 1.0 + gamma), b);
  }

  private static Tensor where(Engine engine, Tensor r, Tensor indicator) {
    return Elementwise.multiplyInPlace(engine, indicator, r);
  }
}
