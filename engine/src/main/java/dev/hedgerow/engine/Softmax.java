package dev.hedgerow.engine;

/** The softmax along one axis: {@code y_i = exp(x_i) / Σ_j exp(x_j)}. */
public final class Softmax {
  private Softmax() {}

  /**
   * Returns the softmax of x along an axis; sums are taken in double precision.
   *
   * @param x any shape with that axis; not modified
   * @param axis a negative axis counts from the last one
   */
  public static Tensor forward(Engine engine, Tensor x, int axis) {
    float[] values = x.toArray();
    forEachLine(
        engine,
        x.shape(),
        axis,
        (from, step, count) -> {
          double largest = Double.NEGATIVE_INFINITY;
          for (int i = 0; i < count; i++) largest = Math.max(largest, values[from + i * step]);
          double[] powers = new double[count];
          double sum = 0;
          for (int i = 0; i < count; i++) {
            powers[i] = Math.exp(values[from + i * step] - largest);
            sum += powers[i];
          }
          for (int i = 0; i < count; i++) values[from + i * step] = (float) (powers[i] / sum);
        });
    return Tensor.of(x.shape(), values);
  }

  /**
   * Returns {@code y ⊙ (g − Σ_j g_j y_j)}, the product of g with the Jacobian.
   *
   * @param y the output of {@link #forward}; not modified
   * @param g of the same shape; not modified
   * @param axis the axis of the softmax
   */
  public static Tensor gradient(Engine engine, Tensor y, Tensor g, int axis) {
    if (!g.shape().equals(y.shape())) {
      throw new IllegalArgumentException(
          "softmax: gradient is " + g.shape() + ", expected " + y.shape());
    }
    float[] outputs = y.toArray();
    float[] values = g.toArray();
    forEachLine(
        engine,
        y.shape(),
        axis,
        (from, step, count) -> {
          double mean = 0;
          for (int i = from; i < from + count * step; i += step) {
            mean += (double) values[i] * outputs[i];
          }
          for (int i = from; i < from + count * step; i += step) {
            values[i] = (float) (outputs[i] * (values[i] - mean));
          }
        });
    return Tensor.of(y.shape(), values);
  }

  @FunctionalInterface
  private interface Line {
    void run(int from, int step, int count);
  }

  private static void forEachLine(Engine engine, Shape shape, int axis, Line line) {
    int rank = shape.rank();
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException("softmax: axis " + axis + " of input " + shape);
    }
    int count = shape.extent(axis);
    if (shape.size() == 0) return;
    int step = 1;
    for (int i = axis < 0 ? axis + rank : axis; ++i < rank; ) step *= shape.extent(i);
    int inner = step;
    engine.forEach(
        shape.size() / count,
        task -> line.run(task / inner * inner * count + task % inner, inner, count));
  }
}
