package dev.hedgerow.engine;

/**
 * Average pooling to a given size: output row i averages the input rows {@code ⌊i·H/height⌋} to
 * {@code ⌈(i+1)·H/height⌉ − 1}, columns likewise, as PyTorch does. 1×1 is global average pooling.
 *
 * <p>The weights are positive: PLAIN, ABSOLUTE and POSITIVE show them, NEGATIVE shows zeros,
 * SQUARED {@code 1/n²}, ONE 1.
 *
 * @param height rows of the output
 * @param width columns of the output
 */
public record AdaptiveAveragePool(int height, int width) implements LinearOperator {
  public AdaptiveAveragePool {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "adaptive average pool: output " + height + "x" + width + ", expected at least 1x1");
    }
  }

  @Override
  public Shape outputShape(Shape input) {
    if (input.rank() != 4 || input.extent(2) < 1 || input.extent(3) < 1) {
      throw new IllegalArgumentException(
          "adaptive average pool: input is " + input + ", expected [N, C, H, W]");
    }
    return input.with(2, height).with(3, width);
  }

  @Override
  public Tensor forward(Engine engine, WeightView view, Tensor x) {
    Shape output = outputShape(x.shape());
    if (view == WeightView.NEGATIVE) return engine.zeros(output);
    return UniformPool.forward(engine, view, rows(x.shape()), columns(x.shape()), false, x);
  }

  @Override
  public Tensor reverse(Engine engine, WeightView view, Tensor s, Shape input) {
    UniformPool.checkReverse("adaptive average pool", s, input, outputShape(input));
    if (view == WeightView.NEGATIVE) return engine.zeros(input);
    return UniformPool.reverse(engine, view, rows(input), columns(input), false, s, input);
  }

  private PoolAxis rows(Shape input) {
    return PoolAxis.adaptive(input.extent(2), height);
  }

  private PoolAxis columns(Shape input) {
    return PoolAxis.adaptive(input.extent(3), width);
  }
}
