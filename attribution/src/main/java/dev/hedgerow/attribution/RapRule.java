package dev.hedgerow.attribution;

import static dev.hedgerow.engine.WeightView.NEGATIVE;
import static dev.hedgerow.engine.WeightView.POSITIVE;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.List;

/**
 * The rule of Relative Attributing Propagation for a weighted layer that does not read the
 * network's input. With {@code a = f(x⁺, w⁺)}, {@code b = −f(x⁺, w⁻)} and {@code R⁺ + R⁻ = R},
 *
 * <pre>
 * linear       C = J(x⁺, w⁺, R)  + J(x⁺, w⁻, R ⊙ b⊘(a+b))
 * convolution  C = J(x⁺, w⁺, R⁺) + J(x⁺, w⁻, R ⊙ b⊘(a+b) + R⁻)
 * R_in = C − Ψ where C ≠ 0,   Ψ = (ΣC − ΣR) / #{i : C_i ≠ 0}
 * </pre>
 *
 * so that {@code ΣR_in = ΣR} unless C is 0 everywhere. In the authors' convolution both terms of
 * negative relevance go through w⁻, in their linear layer they do not; this is kept. Their linear
 * layer handles x⁻ as x⁺ once more, which doubles ΣR where x has both signs; that is left out.
 *
 * @param operator the layer
 * @param negativeThroughNegative whether both terms of R⁻ go through w⁻: the layer is a convolution
 */
record RapRule(LinearOperator operator, boolean negativeThroughNegative) implements Rule {

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    Tensor x = Elementwise.positive(engine, inputs.getFirst());
    Tensor a = operator.forward(engine, POSITIVE, x);
    Tensor b = operator.forward(engine, NEGATIVE, x);
    // b is negative here, as w⁻ is.
    Tensor share = Elementwise.quotient(engine, b, Elementwise.subtract(engine, b, a));
    Tensor down = Elementwise.multiplyInPlace(engine, share, r);
    Tensor up = r;
    if (negativeThroughNegative) {
      up = Elementwise.positive(engine, r);
      Elementwise.addInPlace(engine, down, Elementwise.negative(engine, r));
    }
    // J(x⁺, w⁺, up) + J(x⁺, w⁻, down), of the denominators that are known.
    Tensor c = operator.reverse(engine, POSITIVE, Elementwise.quotient(engine, up, a), x.shape());
    Tensor s = Elementwise.quotient(engine, down, b);
    Elementwise.addInPlace(engine, c, operator.reverse(engine, NEGATIVE, s, x.shape()));
    Elementwise.multiplyInPlace(engine, c, x);
    long placed = Reductions.countNonZero(engine, c);
    if (placed > 0) {
      double excess = Reductions.sum(engine, c) - Reductions.sum(engine, r);
      Elementwise.subtractWhereNonZeroInPlace(engine, c, (float) (excess / placed));
    }
    return Passed.of(c);
  }
}
