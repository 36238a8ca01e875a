package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.List;

/**
 * A rule that passes several relevances of one layer together, and computes what does not depend on
 * them, its denominators, once.
 */
public interface JointRule extends Rule {
  @Override
  List<Passed> passAll(Engine engine, Node node, List<Tensor> inputs, List<Tensor> relevances);

  @Override
  default Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor relevance) {
    return passAll(engine, node, inputs, List.of(relevance)).getFirst();
  }
}
