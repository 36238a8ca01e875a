package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How relevance passes one layer, from its output to its inputs. Stateless. */
@FunctionalInterface
public interface Rule {
  /**
   * Passes relevance through a node.
   *
   * @param inputs the inputs of the forward pass, in order; not modified. Those of an element-wise
   *     layer may have been overwritten by its output
   * @param relevance R at the output; not modified
   */
  Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor relevance);

  /**
   * Passes several relevances of the same inputs, each as {@link #pass} would; a rule overrides
   * this to compute once what does not depend on relevance.
   *
   * @param relevances each R at the output; not modified
   * @return what becomes of each
   */
  default List<Passed> passAll(
      Engine engine, Node node, List<Tensor> inputs, List<Tensor> relevances) {
    return relevances.stream().map(r -> pass(engine, node, inputs, r)).toList();
  }

  /** Returns whether the rule sets the magnitude of relevance, whatever it was. */
  default boolean normalises() {
    return false;
  }

  /**
   * What a rule hands down.
   *
   * @param relevance R for each input, in order; an element is null where an input gets none
   * @param leak what the rule knows it could not place; NaN to have it taken as ΣR at the output
   *     minus ΣR at the inputs
   */
  record Passed(List<? extends @Nullable Tensor> relevance, double leak) {

    /** Returns relevance of which whatever is missing has leaked. */
    static Passed of(@Nullable Tensor... relevance) {
      return of(Arrays.asList(relevance));
    }

    /** Returns relevance of which whatever is missing has leaked. */
    static Passed of(List<? extends @Nullable Tensor> relevance) {
      return new Passed(relevance, Double.NaN);
    }
  }
}
