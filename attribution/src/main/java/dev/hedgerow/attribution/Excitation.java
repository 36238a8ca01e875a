package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;

/**
 * Marginal winning probabilities (Zhang et al., Top-down Neural Attention by Excitation Backprop,
 * Eq. 4 and 5): {@code P_in = J(x⁺, w⁺, P)} over the excitatory connections, without bias.
 *
 * <p>The paper assumes activations of at least 0; where some are negative they count as inactive.
 *
 * @param weights POSITIVE for the excitatory connections; NEGATIVE for those of the network whose
 *     layer has its weights negated
 */
record Excitation(WeightView weights) implements LinearRule {
  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor p) {
    Tensor active = Elementwise.positive(engine, x);
    return j(engine, layer.operator(), active, weights, p).relevance();
  }
}
