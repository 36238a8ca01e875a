package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;

/**
 * A rule that does not see the bias, so that the bias absorbs nothing.
 *
 * @param rule what it does otherwise
 */
public record WithoutBias(LinearRule rule) implements LinearRule {
  @Override
  public Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    return rule.share(engine, layer.withoutBias(), x, r);
  }
}
