package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.lowering;
import static dev.hedgerow.attribution.Contributions.raising;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;

/**
 * LRP-αβ (Bach et al., Eq. 60): what raises and what lowers an output are shared apart,
 *
 * <pre>
 * R_i = Σ_j (α (x_i w_ij)⁺ / (Σ_k (x_k w_kj)⁺ + b_j⁺) − β (x_i w_ij)⁻ / (Σ_k (x_k w_kj)⁻ + b_j⁻)) R_j
 * </pre>
 *
 * with denominators moved away from 0 by {@link #STABILIZER}. α1β0 is {@link ZPlus}.
 *
 * @param alpha α, at least 1
 * @param beta β = α − 1
 */
public record AlphaBeta(float alpha, float beta) implements LinearRule {
  public AlphaBeta {
    if (!(beta >= 0) || alpha - beta != 1) {
      throw new IllegalArgumentException(
          "alpha is %s and beta %s, expected beta of at least 0 and alpha = beta + 1"
              .formatted(alpha, beta));
    }
  }

  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    LinearMap raised = layer.withBias(b -> Elementwise.positive(engine, b));
    Tensor shared = raising(engine, layer, x).share(engine, raised, r, STABILIZER);
    Elementwise.scaleInPlace(engine, shared, alpha);
    if (beta == 0) return shared;
    LinearMap lowered = layer.withBias(b -> Elementwise.negative(engine, b));
    Tensor hindering = lowering(engine, layer, x).share(engine, lowered, r, STABILIZER);
    return Elementwise.addInPlace(
        engine, shared, Elementwise.scaleInPlace(engine, hindering, -beta));
  }
}
