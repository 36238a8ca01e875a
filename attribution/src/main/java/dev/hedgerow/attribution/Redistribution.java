package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;

/**
 * The result of redistributing relevance over the inputs of a linear layer in proportion to their
 * contributions (Nam, Lee: Gradient Hedging, Eq. 2):
 *
 * <pre>J(a, v, R)_i = a_i · Σ_j v_ij · (R_j ⊘ Σ_k a_k v_kj)</pre>
 *
 * with zero padding and no bias. J is linear in R, and {@code ΣJ} is the sum of R over the
 * positions j that have support, those where the denominator is not 0.
 *
 * @param relevance J, of the shape of a
 * @param supported {@code Σ R_j} over the positions with support, so ΣJ up to rounding
 */
public record Redistribution(Tensor relevance, double supported) {

  /**
   * Redistributes relevance.
   *
   * @param a contributions' factor at the input, {@code [1, C, H, W]}; not modified
   * @param v which weights
   * @param r relevance at the output, {@code [1, O, H', W']}; not modified
   */
  public static Redistribution j(
      Engine engine, LinearOperator operator, Tensor a, WeightView v, Tensor r) {
    Tensor z = operator.forward(engine, v, a);
    double supported = Reductions.sumWhereSupported(engine, r, z);
    Tensor s = Elementwise.quotientInPlace(engine, r, z);
    Tensor c = operator.reverse(engine, v, s, a.shape());
    return new Redistribution(Elementwise.multiplyInPlace(engine, c, a), supported);
  }
}
