package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;
import static dev.hedgerow.engine.WeightView.ABSOLUTE;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.List;

/**
 * The rule of Attribution-Guided Factorization for a convolution that does not read the network's
 * input. With g the gradient at the convolution's input x,
 *
 * <pre>
 * C    = J(|x|, |w|, R)
 * A    = J(1, |w|, R)
 * M    = max(0, mean_c(x ⊙ g)) ⊘ max
 * Q    = (F(x) + M) ⊙ σ(C) + F(g) + A  where C ≠ 0
 * R_in = C + Q − ΣQ / #{i : C_i ≠ 0}   where C ≠ 0
 * </pre>
 *
 * with {@link Factorization F} guided by C, M and F the same for every channel, and σ the logistic
 * function. ΣR_in = ΣC.
 *
 * @param convolution the layer
 * @param gradient g; not modified
 */
record AgfRule(Convolution convolution, Tensor gradient) implements Rule {

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    Tensor x = inputs.getFirst();
    Tensor c = j(engine, convolution, Elementwise.absolute(engine, x), ABSOLUTE, r).relevance();
    Tensor ones = Elementwise.shift(engine, Tensor.zeros(x.shape()), 1);
    var factorization = Factorization.guidedBy(engine, c);

    Tensor q = Elementwise.sigmoid(engine, c);
    Tensor common = factorization.of(engine, x);
    Elementwise.addInPlace(engine, common, Saliency.of(engine, x, gradient));
    Elementwise.multiplyInPlace(engine, q, common);
    Elementwise.addInPlace(engine, q, factorization.of(engine, gradient));
    Elementwise.addInPlace(engine, q, j(engine, convolution, ones, ABSOLUTE, r).relevance());
    return Passed.of(Saliency.add(engine, c, q));
  }

  /** Q has a magnitude of its own. */
  @Override
  public boolean normalises() {
    return true;
  }
}
