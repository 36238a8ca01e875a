package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.List;

/**
 * {@link ZBox} of the convolution that reads the network's input, with the smallest and the largest
 * value of the image over all channels and pixels as the box.
 */
public record ZBoxRule(LinearOperator operator) implements Rule {

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    return passAll(engine, node, inputs, List.of(r)).getFirst();
  }

  @Override
  public List<Passed> passAll(Engine engine, Node node, List<Tensor> inputs, List<Tensor> rs) {
    Contributions box =
        ZBox.ofImage(engine, inputs.getFirst())
            .contributions(engine, new LinearMap(operator, null), inputs.getFirst());
    Tensor z = box.sum(engine);
    return rs.stream()
        .map(r -> Passed.of(box.share(engine, Elementwise.quotient(engine, r, z))))
        .toList();
  }
}
