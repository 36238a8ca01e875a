package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import java.util.ArrayList;
import java.util.List;

/**
 * The z-rule of sums: in proportion to the summands, signs and all. An average pool is {@link
 * Epsilon} with its uniform weights; an addition is
 *
 * <pre>R_k = x_k · R / (Σ x + ε sign Σ x)</pre>
 *
 * Summands that cancel get shares of either sign that are larger than R. The conserving and stable
 * alternative is {@link Rules#ADD_CONSERVING}.
 *
 * @param epsilon ε, at least 0; with 0 a sum of 0 shares nothing
 */
public record Norm(float epsilon) implements Rule {
  public Norm {
    if (!(epsilon >= 0)) throw new IllegalArgumentException("epsilon is " + epsilon);
  }

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    if (!(node.layer() instanceof Add)) {
      return new Epsilon(epsilon).pass(engine, node, inputs, r);
    }
    Tensor z = node.layer().forward(engine, inputs);
    Tensor s = Contributions.quotient(engine, r, z, epsilon);
    var shares = new ArrayList<Tensor>(inputs.size());
    for (Tensor x : inputs) shares.add(Elementwise.multiply(engine, x, s));
    return Passed.of(shares);
  }
}
