package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/** A linear rule that is a {@link JointRule} by sharing several relevances of one layer at once. */
@FunctionalInterface
interface JointLinearRule extends LinearRule {
  @Override
  List<Tensor> shareAll(Engine engine, LinearMap layer, Tensor x, List<Tensor> relevances);

  @Override
  default Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor r) {
    return shareAll(engine, layer, x, List.of(r)).getFirst();
  }
}
