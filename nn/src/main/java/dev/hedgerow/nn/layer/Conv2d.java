package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = w * x + b}, a convolution.
 *
 * @param convolution the weights and how the window moves
 */
public record Conv2d(Convolution convolution) implements WeightedLayer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return convolution.outputShape(Axes.only("conv2d", inputs));
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return convolution.apply(engine, inputs.getFirst());
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Shape input = inputs.getFirst().shape();
    return List.of(convolution.reverse(engine, WeightView.PLAIN, gradient, input));
  }

  @Override
  public LinearOperator operator() {
    return convolution;
  }

  @Override
  public @Nullable Parameter bias() {
    return convolution.bias();
  }
}
