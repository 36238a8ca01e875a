package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * A rule that does not see the bias, so that the bias absorbs nothing.
 *
 * @param rule what it does otherwise
 */
public record WithoutBias(LinearRule rule) implements JointLinearRule {
  @Override
  public List<Tensor> shareAll(Engine engine, LinearMap layer, Tensor x, List<Tensor> rs) {
    return rule.shareAll(engine, layer.withoutBias(), x, rs);
  }
}
