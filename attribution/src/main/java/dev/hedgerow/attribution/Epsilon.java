package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.plain;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;

/**
 * LRP-ε (Bach et al., Eq. 58): what contributes little to a small sum gets little,
 *
 * <pre>R_i = Σ_j x_i w_ij R_j / (z_j + ε sign z_j),   z = W x + b</pre>
 *
 * with sign 0 = 1. With ε = 0 it is LRP-0 (Eq. 56): gradient × input in a network of ReLUs. The
 * bias absorbs its share.
 *
 * @param epsilon ε, at least 0
 */
public record Epsilon(float epsilon) implements LinearRule {
  public Epsilon {
    if (!(epsilon >= 0)) throw new IllegalArgumentException("epsilon is " + epsilon);
  }

  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    return plain(layer, x).share(engine, layer, r, epsilon);
  }
}
