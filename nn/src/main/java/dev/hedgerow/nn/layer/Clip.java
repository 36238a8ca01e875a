package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * {@code y = min(max(x, low), high)}; ReLU6 is {@code Clip(0, 6)}. The derivative is 1 strictly
 * between the limits, 0 elsewhere.
 *
 * @param low smallest output
 * @param high largest output
 */
public record Clip(float low, float high) implements Layer {
  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Axes.only("clip", inputs);
  }

  @Override
  public Tensor forward(Engine engine, List<Tensor> inputs) {
    return Elementwise.clip(engine, inputs.getFirst(), low, high);
  }

  @Override
  public List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient) {
    return List.of(Elementwise.clipGradient(engine, output, gradient, low, high));
  }

  @Override
  public boolean gradientReadsOutput() {
    return true;
  }

  @Override
  public boolean worksInPlace() {
    return true;
  }

  @Override
  public Tensor forwardInPlace(Engine engine, Tensor input) {
    return Elementwise.clipInPlace(engine, input, low, high);
  }
}
