package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;
import static dev.hedgerow.engine.WeightView.ABSOLUTE;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
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
 * 0}.
 *
 * @param operator the layer
 * @param gamma γ; 1 for a 1×1 kernel
 * @param shifted whether Ψ is subtracted: the kernel is larger than 1×1
 */
public record HedgeRule(LinearOperator operator, float gamma, boolean shifted) implements Rule {

  /** Returns the rule for a kernel larger than 1×1. */
  public static HedgeRule spatial(LinearOperator operator, float gamma) {
    return new HedgeRule(operator, gamma, true);
  }

  /** Returns the rule for a 1×1 kernel, or a linear layer. */
  public static HedgeRule point(LinearOperator operator) {
    return new HedgeRule(operator, 1, false);
  }

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    Tensor x = inputs.getFirst();
    Tensor p = section(engine, Elementwise.positive(engine, r));
    Tensor n = section(engine, Elementwise.negative(engine, r));
    Tensor hedge = Elementwise.addInPlace(engine, Elementwise.scale(engine, p, gamma), n);

    Redistribution c = j(engine, operator, Elementwise.positive(engine, x), ABSOLUTE, hedge);
    Tensor passed = c.relevance();
    double placed = c.supported();
    long hedged = shifted ? Reductions.countNonZero(engine, passed) : 0;
    if (hedged > 0) {
      Elementwise.subtractWhereNonZeroInPlace(engine, passed, 1f / hedged);
      placed -= 1;
    }
    Redistribution a = j(engine, operator, Elementwise.indicatorPositive(engine, x), ABSOLUTE, p);
    Elementwise.addInPlace(engine, passed, a.relevance());
    Redistribution u =
        j(engine, operator, Elementwise.indicatorNotPositive(engine, x), ABSOLUTE, n);
    Elementwise.addInPlace(engine, passed, u.relevance());
    placed += a.supported() + u.supported();
    return new Passed(List.of(passed), (shifted ? gamma - 2 : 0) - placed);
  }

  @Override
  public boolean normalises() {
    return true;
  }

  /** Scales relevance of one sign, in place, to magnitude 1; an empty section stays zero. */
  private static Tensor section(Engine engine, Tensor part) {
    double sum = Math.abs(Reductions.sum(engine, part));
    return sum == 0 ? part : Elementwise.scaleInPlace(engine, part, 1 / sum);
  }
}
