package dev.hedgerow.attribution;

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
    return ZBox.OF_IMAGE.on(new LinearMap(operator, null)).pass(engine, node, inputs, r);
  }
}
