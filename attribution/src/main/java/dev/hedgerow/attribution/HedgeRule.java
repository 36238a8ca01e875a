package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Hedging;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Reductions.SignedSums;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Node;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
 * and serve every explanation of the image; the three transposed passes of one run as a batch, or
 * one after the other where they are large.
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
record HedgeRule(LinearOperator operator, List<Float> gammas, boolean shifted, Set<Term> leftOut)
    implements JointRule {
  /** A term of the rule. */
  enum Term {
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
  static HedgeRule spatial(LinearOperator operator, List<Float> gammas) {
    return new HedgeRule(operator, gammas, true, Set.of());
  }

  /** Returns the rule for a 1×1 kernel, or a linear layer. */
  static HedgeRule point(LinearOperator operator) {
    return new HedgeRule(operator, List.of(), false, Set.of());
  }

  /** Returns the rule without some of its terms. */
  HedgeRule without(Set<Term> terms) {
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
    SignedSums sums = Reductions.signedSums(engine, r);
    double toP = perSum(sums.positive());
    double toN = perSum(sums.negative());
    double placed = 0;
    Map<Hedging.Term, Hedging.Sample> back = new EnumMap<>(Hedging.Term.class);
    for (List<Hedging.Term> terms : denominators.groups(passing())) {
      // (γP + N) ⊘ |w|*x⁺, P ⊘ |w|*α and N ⊘ |w|*β
      Hedging.Shares shares = denominators.shares(engine, terms, r, toP, toN, gamma);
      Shape batch = x.shape().with(0, terms.size());
      Tensor came = operator.reverse(engine, WeightView.ABSOLUTE, shares.s(), batch);
      engine.recycle(shares.s());
      placed += shares.placed();
      for (int k = 0; k < terms.size(); k++) {
        back.put(terms.get(k), new Hedging.Sample(came, k));
      }
    }
    for (Hedging.Term term : Hedging.Term.values()) {
      back.computeIfAbsent(term, leftOut -> new Hedging.Sample(Tensor.zeros(x.shape()), 0));
    }
    Hedging.Sample c = Objects.requireNonNull(back.get(Hedging.Term.C));
    Hedging.Sample a = Objects.requireNonNull(back.get(Hedging.Term.A));
    Hedging.Sample u = Objects.requireNonNull(back.get(Hedging.Term.U));
    long hedged = Hedging.contribute(engine, x, c, sums.positive() > 0, sums.negative() < 0);
    float psi = 0;
    if (shifted && hedged > 0 && has(Term.PSI)) {
      psi = 1f / hedged;
      placed -= 1;
    }
    Tensor sum = Hedging.sum(engine, x, c, a, u, psi);
    back.values().stream().map(Hedging.Sample::batch).distinct().forEach(engine::recycle);
    return new Passed(List.of(sum), due(gamma) - placed);
  }

  private boolean has(Term term) {
    return !leftOut.contains(term);
  }

  /** Returns the terms that go back through the operator. */
  private Set<Hedging.Term> passing() {
    var terms = EnumSet.noneOf(Hedging.Term.class);
    if (has(Term.C)) terms.add(Hedging.Term.C);
    if (has(Term.A)) terms.add(Hedging.Term.A);
    if (has(Term.U)) terms.add(Hedging.Term.U);
    return terms;
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
