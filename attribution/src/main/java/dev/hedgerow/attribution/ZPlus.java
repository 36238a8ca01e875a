package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.raising;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The z⁺-rule (Montavon et al., deep Taylor decomposition; LRP-α1β0): only what raises an output
 * counts,
 *
 * <pre>R_i = Σ_j (x_i w_ij)⁺ R_j / (Σ_k (x_k w_kj)⁺ + b_j⁺ + ε)</pre>
 *
 * It keeps the sign of R, and conserves it but for b⁺, ε, and outputs that nothing raises.
 *
 * @param epsilon ε, at least 0; 0 shares nothing from an output that nothing raises
 */
public record ZPlus(float epsilon) implements JointLinearRule {
  public ZPlus {
    if (!(epsilon >= 0)) throw new IllegalArgumentException("epsilon is " + epsilon);
  }

  /** Makes the rule with the usual stabilizer. */
  public ZPlus() {
    this(STABILIZER);
  }

  @Override
  public List<Tensor> shareAll(Engine engine, LinearMap layer, Tensor x, List<Tensor> rs) {
    LinearMap positive = layer.withBias(b -> Elementwise.positive(engine, b));
    return raising(engine, layer, x).shareAll(engine, positive, rs, epsilon);
  }
}
