package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * {@code y = x} where x > 0, {@code slope · x} elsewhere; the derivative at 0 is the slope.
 *
 * @param slope usually small and positive
 */
public record LeakyRelu(float slope) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Axes.only("leaky relu", inputs);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Elementwise.leakyRelu(engine, inputs.getFirst(), slope);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    Tensor sign = gradientReadsInputs() ? inputs.getFirst() : output;
    return List.of(Elementwise.leakyReluGradient(engine, sign, gradient, slope));
  }

  /** A negative slope makes all outputs positive; only the input then tells the sides apart. */
  @Override
  public boolean gradientReadsInputs() {
    return slope < 0;
  }

  @Override
  public boolean gradientReadsOutput() {
    return slope >= 0;
  }

  @Override
  public boolean worksInPlace() {
    return slope >= 0;
  }

  @Override
  public Tensor forwardInPlace(Engine engine, Tensor input) {
    return Elementwise.leakyReluInPlace(engine, input, slope);
  }
}
