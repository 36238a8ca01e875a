package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.List;

/**
 * A rule of layers that are linear maps: convolutions, fully connected layers, average pools. It
 * sees the map alone, so that a {@link LayerMap} can show it a convolution merged with the batch
 * normalization that follows. A lambda may be one.
 */
public interface LinearRule extends JointRule {
  /** Keeps denominators from 0 where a rule has no ε of its own; the usual choice. */
  float STABILIZER = 1e-6f;

  /**
   * Returns the relevance of the layer's input.
   *
   * @param layer {@code z = W x + b}
   * @param x the input of the forward pass; not modified
   * @param relevance R at the output; not modified
   * @return of the shape of x
   */
  Tensor share(Engine engine, LinearMap layer, Tensor x, Tensor relevance);

  /**
   * Returns what {@link #share} would for each of several relevances; a rule overrides this to
   * compute once what does not depend on relevance.
   */
  default List<Tensor> shareAll(Engine engine, LinearMap layer, Tensor x, List<Tensor> relevances) {
    return relevances.stream().map(r -> share(engine, layer, x, r)).toList();
  }

  @Override
  default List<Passed> passAll(
      Engine engine, Node node, List<Tensor> inputs, List<Tensor> relevances) {
    return on(LinearMap.of(node)).passAll(engine, node, inputs, relevances);
  }

  /** Returns the rule for a layer that is to count as {@code merged} instead of what it is. */
  default Rule on(LinearMap merged) {
    return (JointRule)
        (engine, node, inputs, relevances) ->
            shareAll(engine, merged, inputs.getFirst(), relevances).stream()
                .map(Passed::of)
                .toList();
  }
}
