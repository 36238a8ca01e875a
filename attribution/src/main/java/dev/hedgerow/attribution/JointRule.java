package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * A linear rule that passes several relevances of one layer together, and computes what does not
 * depend on them, its denominators, once.
 */
@FunctionalInterface
interface JointRule extends LinearRule {
  @Override
  List<Tensor> shareAll(Engine engine, LinearMap layer, Tensor x, List<Tensor> relevances);

  @Override
  default Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    return shareAll(engine, layer, x, List.of(r)).getFirst();
  }
}
