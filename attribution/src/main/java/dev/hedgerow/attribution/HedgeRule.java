package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Hedging;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * The rule of Gradient Hedge for a convolution that does not read the network's input (Eq. 6-13).
 *
 * <p>The positive and negative relevance are normalised to sections P and N of sum 1 and −1 (Eq.
 * 6-7). With {@code x⁺ = max(x, 0)}, {@code α = [x > 0]}, {@code β = [x ≤ 0]},
 *
 * <pre>
 * C    = J(x⁺, |w|, γP) + J(x⁺, |w|, N) = J(x⁺, |w|, γP + N)
 * Ψ    = 1 / #{i : C_i ≠ 0}, subtracted where C_i ≠ 0
 * A    = J(α, |w|, P)
 * U    = J(β, |w|, N)
 * R_in = (C − Ψ) + A + U
 * </pre>
 *
 * so that {@code ΣR_in + leak = γ − 2}. A 1×1 kernel has γ = 1 and no Ψ, and {@code ΣR_in + leak =
 * 0}. {@code J(a, v, R) = a ⊙ vᵀ(R ⊘ v*a)}: the denominators {@code v*a} do not depend on relevance
 * and serve every explanation of the image; the three transposed passes of one run as a batch.
 *
 * @param operator the layer
 * @param gammas γ for each of the relevances that are passed together; none for a 1×1 kernel, which
 *     has 1
 * @param shifted whether Ψ is subtracted: the kernel is larger than 1×1
 */
public record HedgeRule(LinearOperator operator, List<Float> gammas, boolean shifted)
    implements Rule {

  /** Returns the rule for a kernel larger than 1×1, with a γ for each relevance. */
  public static HedgeRule spatial(LinearOperator operator, List<Float> gammas) {
    return new HedgeRule(operator, gammas, true);
  }

  /** Returns the rule for a 1×1 kernel, or a linear layer. */
  public static HedgeRule point(LinearOperator operator) {
    return new HedgeRule(operator, List.of(), false);
  }

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    return passAll(engine, node, inputs, List.of(r)).getFirst();
  }

  @Override
  public List<Passed> passAll(Engine engine, Node node, List<Tensor> inputs, List<Tensor> rs) {
    Tensor x = inputs.getFirst();
    Hedging denominators = Hedging.of(engine, operator, x);
    var passed = new ArrayList<Passed>(rs.size());
    for (int k = 0; k < rs.size(); k++) {
      passed.add(pass(engine, denominators, x, rs.get(k), shifted ? gammas.get(k) : 1));
    }
    return passed;
  }

  private Passed pass(Engine engine, Hedging denominators, Tensor x, Tensor r, float gamma) {
    double toP = perSum(Reductions.sumPositive(engine, r));
    double toN = perSum(Reductions.sumNegative(engine, r));
    // (γP + N) ⊘ |w|*x⁺, P ⊘ |w|*α and N ⊘ |w|*β
    Hedging.Shares shares = denominators.shares(engine, r, toP, toN, gamma);
    Tensor back = operator.reverse(engine, WeightView.ABSOLUTE, shares.s(), x.shape().with(0, 3));
    double placed = shares.placed();
    long hedged = Hedging.contribute(engine, x, back);
    float psi = 0;
    if (shifted && hedged > 0) {
      psi = 1f / hedged;
      placed -= 1;
    }
    Tensor sum = Hedging.sum(engine, x, back, psi);
    return new Passed(List.of(sum), (shifted ? gamma - 2 : 0) - placed);
  }

  @Override
  public boolean normalises() {
    return true;
  }

  /** What scales relevance of one sign to magnitude 1; an empty section stays empty. */
  private static double perSum(double sum) {
    return sum == 0 ? 0 : 1 / Math.abs(sum);
  }
}
