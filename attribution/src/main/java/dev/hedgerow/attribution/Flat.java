package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.constant;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;

/**
 * The flat rule (Lapuschkin et al., Unmasking Clever Hans Predictors): every input that an output
 * reads gets the same,
 *
 * <pre>R_i = Σ_j R_j / #{k that j reads}</pre>
 *
 * The bias takes nothing; padding is not an input.
 */
public record Flat() implements LinearRule {
  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    return constant(layer, x.shape(), WeightView.ONE).share(engine, layer.withoutBias(), r, 0);
  }
}
