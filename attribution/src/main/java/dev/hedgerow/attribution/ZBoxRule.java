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
 * The rule z^B of the convolution that reads the network's input. With l and h the smallest and the
 * largest value of the image over all channels and pixels,
 *
 * <pre>
 * s    = R ⊘ (w⁺ ∗ (x − l) + w⁻ ∗ (x − h))
 * R_in = (x − l) ⊙ (w⁺ ∗ᵀ s) + (x − h) ⊙ (w⁻ ∗ᵀ s)
 * </pre>
 *
 * This equals the usual form with three terms, but every term of the denominator is at least 0, so
 * its zero is exact and a constant image yields no rounding noise. It conserves ΣR where the
 * denominator is not 0.
 */
public record ZBoxRule(LinearOperator operator) implements Rule {

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    Tensor x = inputs.getFirst();
    Tensor aboveLow = Elementwise.shift(engine, x, -Reductions.minimum(engine, x));
    Tensor belowHigh = Elementwise.shift(engine, x, -Reductions.maximum(engine, x));
    Tensor z = operator.forward(engine, POSITIVE, aboveLow);
    Elementwise.addInPlace(engine, z, operator.forward(engine, NEGATIVE, belowHigh));
    Tensor s = Elementwise.quotientInPlace(engine, r, z);
    Tensor passed = operator.reverse(engine, POSITIVE, s, x.shape());
    Elementwise.multiplyInPlace(engine, passed, aboveLow);
    Tensor fromHigh = operator.reverse(engine, NEGATIVE, s, x.shape());
    Elementwise.multiplyInPlace(engine, fromHigh, belowHigh);
    return Passed.of(Elementwise.addInPlace(engine, passed, fromHigh));
  }
}
