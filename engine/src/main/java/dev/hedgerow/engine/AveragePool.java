package dev.hedgerow.engine;

/**
 * Average pooling, a linear operator with the uniform weights {@code 1/n}.
 *
 * <p>n is PyTorch's divisor. Without {@code countPadding} it is the number of pixels of the image
 * in the window. With it, padding counts as well, but what reaches beyond the padding, as a last
 * window may with {@code ceil}, does not. A window of nothing but padding gives 0.
 *
 * <p>The weights are positive: PLAIN, ABSOLUTE and POSITIVE show them, NEGATIVE shows zeros,
 * SQUARED {@code 1/n²}, ONE 1.
 *
 * @param window the pooling window
 * @param countPadding whether padding counts in the divisor
 * @param ceil whether a last window may reach beyond the padding
 */
public record AveragePool(Window window, boolean countPadding, boolean ceil)
    implements LinearOperator {
  @Override
  public Shape outputShape(Shape input) {
    return MaxPool.outputShape("average pool", window, ceil, input);
  }

  @Override
  public Tensor forward(Engine engine, WeightView view, Tensor x) {
    Shape output = outputShape(x.shape());
    if (view == WeightView.NEGATIVE) return engine.zeros(output);
    return UniformPool.forward(engine, view, rows(x.shape()), columns(x.shape()), countPadding, x);
  }

  @Override
  public Tensor reverse(Engine engine, WeightView view, Tensor s, Shape input) {
    UniformPool.checkReverse("average pool", s, input, outputShape(input));
    if (view == WeightView.NEGATIVE) return engine.zeros(input);
    return UniformPool.reverse(engine, view, rows(input), columns(input), countPadding, s, input);
  }

  private PoolAxis rows(Shape input) {
    return PoolAxis.ofRows(window, input.extent(2), ceil);
  }

  private PoolAxis columns(Shape input) {
    return PoolAxis.ofColumns(window, input.extent(3), ceil);
  }
}
