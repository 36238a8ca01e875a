package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Redistribution.j;
import static dev.hedgerow.engine.WeightView.ABSOLUTE;

import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import java.util.List;

/**
 * The rule of Attribution-Guided Factorization for the linear layer that reads an image, flattened.
 * With {@code C = J(|x|, |w|, R)}, g the gradient at x, and M as in {@link AgfRule}, of x and g as
 * images,
 *
 * <pre>R_in = C + M − ΣM / #{i : C_i ≠ 0} where C ≠ 0</pre>
 *
 * so that ΣR_in = ΣC.
 *
 * @param dense the layer
 * @param image the shape before flattening, {@code [1, C, H, W]}
 * @param gradient g, flat; not modified
 */
record AgfFlatRule(Dense dense, Shape image, Tensor gradient) implements Rule {

  @Override
  public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
    Tensor x = inputs.getFirst();
    Tensor c = j(engine, dense, Elementwise.absolute(engine, x), ABSOLUTE, r).relevance();
    Tensor m = Saliency.of(engine, x.reshape(image), gradient.reshape(image));
    Tensor q = Elementwise.add(engine, Tensor.zeros(image), m).reshape(x.shape());
    return Passed.of(Saliency.add(engine, c, q));
  }

  /** Q has a magnitude of its own. */
  @Override
  public boolean normalises() {
    return true;
  }
}
