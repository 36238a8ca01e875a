package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Hedging;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

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
 * <p>For an ablation (Table 2) terms can be left out; the sum is then that of the others: C's is γ
 * − 1, Ψ's −1, A's 1 and U's −1. Without C there is no Ψ.
 *
 * @param operator the layer
 * @param gammas γ for each of the relevances that are passed together; none for a 1×1 kernel, which
 *     has 1
 * @param shifted whether Ψ is subtracted: the kernel is larger than 1×1
 * @param leftOut the terms of an ablation; usually empty
 */
public record HedgeRule(
    LinearOperator operator, List<Float> gammas, boolean shifted, Set<Term> leftOut)
    implements JointRule {
  /** A term of the rule. */
  public enum Term {
    /** What active neurons share by contribution. */
    C,
    /** What is subtracted from C. */
    PSI,
    /** What active neurons share alike. */
    A,
    /** What silent neurons share alike. */
    U
  }

  /** Returns the rule for a kernel larger than 1×1, with a γ for each relevance. */
  public static HedgeRule spatial(LinearOperator operator, List<Float> gammas) {
    return new HedgeRule(operator, gammas, true, Set.of());
  }

  /** Returns the rule for a 1×1 kernel, or a linear layer. */
  public static HedgeRule point(LinearOperator operator) {
    return new HedgeRule(operator, List.of(), false, Set.of());
  }

  /** Returns the rule without some of its terms. */
  public HedgeRule without(Set<Term> terms) {
    return new HedgeRule(operator, gammas, shifted, terms);
  }

  @Override
  public List<Passed> passAll(Engine engine, Node node, List<Tensor> inputs, List<Tensor> rs) {
    Tensor x = inputs.getFirst();
    Hedging denominators = Hedging.of(engine, operator, x);
    var passed = new ArrayList<Passed>(rs.size());
    for (int k = 0; k < rs.size(); k++) {
      passed.add(pass(engine, denominators, x, rs.get(k), shifted ? gammas.get(k) : 1));
    }
    denominators.recycle(engine);
    return passed;
  }

  private Passed pass(Engine engine, Hedging denominators, Tensor x, Tensor r, float gamma) {
    double toP = perSum(Reductions.sumPositive(engine, r));
    double toN = perSum(Reductions.sumNegative(engine, r));
    // (γP + N) ⊘ |w|*x⁺, P ⊘ |w|*α and N ⊘ |w|*β
    Hedging.Shares shares = denominators.shares(engine, r, toP, toN, gamma);
    Tensor s = leftOut.isEmpty() ? shares.s() : kept(engine, shares.s());
    Tensor back = operator.reverse(engine, WeightView.ABSOLUTE, s, x.shape().with(0, 3));
    engine.recycle(s);
    double placed = shares.placed();
    long hedged = Hedging.contribute(engine, x, back);
    float psi = 0;
    if (shifted && hedged > 0 && has(Term.PSI)) {
      psi = 1f / hedged;
      placed -= 1;
    }
    Tensor sum = Hedging.sum(engine, x, back, psi);
    engine.recycle(back);
    if (!leftOut.isEmpty()) placed = Reductions.sum(engine, sum);
    return new Passed(List.of(sum), due(gamma) - placed);
  }

  private boolean has(Term term) {
    return !leftOut.contains(term);
  }

  /** Returns the shares with those of C, A and U that are left out set to 0. */
  private Tensor kept(Engine engine, Tensor s) {
    int channels = s.shape().extent(1);
    float[] factors = new float[3 * channels];
    if (has(Term.C)) Arrays.fill(factors, 0, channels, 1);
    if (has(Term.A)) Arrays.fill(factors, channels, 2 * channels, 1);
    if (has(Term.U)) Arrays.fill(factors, 2 * channels, 3 * channels, 1);
    Shape shape = s.shape().rank() == 4 ? Shape.of(3, channels, 1, 1) : Shape.of(3, channels);
    return Elementwise.multiply(engine, s, Tensor.of(shape, factors));
  }

  /** Returns what the terms sum to where nothing leaks. */
  private double due(float gamma) {
    double due = 0;
    if (has(Term.C)) due += gamma - 1.0;
    if (shifted && has(Term.C) && has(Term.PSI)) due -= 1;
    if (has(Term.A)) due += 1;
    if (has(Term.U)) due -= 1;
    return due;
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
