package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = W x + b}, a fully connected layer on {@code [N, in]}.
 *
 * @param dense the weights
 */
public record Linear(Dense dense) implements WeightedLayer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return dense.outputShape(Axes.only("linear", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return dense.apply(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Shape input = inputs.getFirst().shape();
    return List.of(dense.reverse(engine, WeightView.PLAIN, gradient, input));
  }

  @Override
  public LinearOperator operator() {
    return dense;
  }

  @Override
  public @Nullable Parameter bias() {
    return dense.bias();
  }
}
