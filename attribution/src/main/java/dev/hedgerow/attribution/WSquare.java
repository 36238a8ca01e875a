package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.constant;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;

/**
 * The w²-rule (Montavon et al., deep Taylor decomposition, Eq. 12), for inputs without bounds:
 *
 * <pre>R_i = Σ_j w_ij² R_j / (Σ_k w_kj² + b_j² + ε)</pre>
 *
 * with ε = {@link #STABILIZER}.
 */
public record WSquare() implements LinearRule {
  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    LinearMap squared = layer.withBias(b -> Elementwise.multiply(engine, b, b));
    return constant(layer, x.shape(), WeightView.SQUARED).share(engine, squared, r, STABILIZER);
  }
}
