package dev.hedgerow.engine;

/**
 * Local response normalization across channels, as ONNX and Caffe define it:
 *
 * <pre>y_c = x_c · d_c^−β,  d_c = bias + α/size · Σ x_k²</pre>
 *
 * <p>over the {@code size} channels k from {@code c − ⌊(size−1)/2⌋} to {@code c + ⌈(size−1)/2⌉}
 * that exist.
 *
 * @param size channels that are summed
 * @param alpha α
 * @param beta β
 * @param bias added to the sum
 */
public record LocalResponseNormalization(int size, float alpha, float beta, float bias) {
  private static final int BLOCK = Tensor.BLOCK;

  public LocalResponseNormalization {
    if (size < 1) {
      throw new IllegalArgumentException(
          "local response normalization: size " + size + ", expected at least 1");
    }
  }

  /**
   * Checks an input's shape.
   *
   * @return {@code input}
   * @throws IllegalArgumentException if it is not {@code [N, C, H, W]}
   */
  public Shape outputShape(Shape input) {
    if (input.rank() != 4) {
      throw new IllegalArgumentException(
          "local response normalization: input is " + input + ", expected [N, C, H, W]");
    }
    return input;
  }

  /**
   * Returns {@code x ⊙ d^−β}.
   *
   * @param x {@code [N, C, H, W]}; not modified
   */
  public Tensor forward(Engine engine, Tensor x) {
    Tensor y = engine.zeros(outputShape(x.shape()));
    forEachRow(
        engine,
        x.shape(),
        row -> {
          float[] value = row.read(x);
          float[] scale = row.windowSums(squares(value), before());
          scale(scale);
          float[] powers = powers(scale);
          for (int i = 0; i < value.length; i++) value[i] *= powers[i];
          row.write(value, y);
        });
    return y;
  }

  /**
   * Returns the product of g with the Jacobian: {@code g_c · d_c^−β − 2αβ/size · x_c · Σ g_k y_k /
   * d_k} over the channels k whose sum contains c.
   *
   * @param x the input of the forward pass; not modified
   * @param y its output; not modified
   * @param g of the same shape; not modified
   */
  public Tensor gradient(Engine engine, Tensor x, Tensor y, Tensor g) {
    Shape shape = outputShape(x.shape());
    if (!y.shape().equals(shape) || !g.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "local response normalization: output is "
              + y.shape()
              + ", gradient "
              + g.shape()
              + ", expected "
              + shape);
    }
    Tensor dx = engine.zeros(shape);
    float factor = 2 * alpha * beta / size;
    forEachRow(
        engine,
        shape,
        row -> {
          float[] value = row.read(x);
          float[] scale = row.windowSums(squares(value), before());
          scale(scale);
          float[] gradient = row.read(g);
          float[] shared = row.read(y);
          for (int i = 0; i < shared.length; i++) {
            // Beside the channels y is 0, and so is d where the bias is.
            if (shared[i] != 0) shared[i] *= gradient[i] / scale[i];
          }
          float[] sums = row.windowSums(shared, size - 1 - before());
          float[] powers = powers(scale);
          for (int i = 0; i < value.length; i++) {
            gradient[i] = gradient[i] * powers[i] - factor * value[i] * sums[i];
          }
          row.write(gradient, dx);
        });
    return dx;
  }

  /** Channels summed before the one that is scaled. */
  private int before() {
    return (size - 1) / 2;
  }

  private static float[] squares(float[] x) {
    float[] squares = new float[x.length];
    for (int i = 0; i < x.length; i++) squares[i] = x[i] * x[i];
    return squares;
  }

  /** Turns sums of squares into d. */
  private void scale(float[] sums) {
    float factor = alpha / size;
    for (int i = 0; i < sums.length; i++) sums[i] = bias + factor * sums[i];
  }

  /** Returns {@code d^−β}; the published networks have β = 3/4. */
  private float[] powers(float[] d) {
    float[] powers = new float[d.length];
    if (beta == 0.75f) {
      for (int i = 0; i < d.length; i++) {
        float root = (float) Math.sqrt(d[i]);
        powers[i] = 1 / (root * (float) Math.sqrt(root));
      }
    } else {
      for (int i = 0; i < d.length; i++) powers[i] = (float) Math.pow(d[i], -beta);
    }
    return powers;
  }

  @FunctionalInterface
  private interface RowBody {
    void run(Row row);
  }

  private void forEachRow(Engine engine, Shape shape, RowBody body) {
    if (shape.size() == 0) return;
    int height = shape.extent(2);
    engine.forEach(
        shape.extent(0) * height,
        task -> body.run(new Row(shape, task / height, task % height, size - 1)));
  }

  /**
   * One row of pixels, in memory pixel by pixel: all channels of a pixel in order, then {@code
   * margin} zeros, so that a sum over channels is a plain loop over the whole row.
   */
  private record Row(Shape shape, int sample, int row, int margin) {
    int pixel() {
      return shape.extent(1) + margin;
    }

    int at(int block) {
      int width = shape.extent(3);
      int plane = sample * Tensor.blocks(shape.extent(1)) + block;
      return (plane * shape.extent(2) + row) * width * BLOCK;
    }

    float[] read(Tensor x) {
      int width = shape.extent(3);
      int channels = shape.extent(1);
      float[] values = new float[width * pixel()];
      for (int c = 0; c < channels; c += BLOCK) {
        int from = at(c / BLOCK);
        int lanes = Math.min(BLOCK, channels - c);
        for (int i = 0; i < width; i++) {
          System.arraycopy(x.data, from + i * BLOCK, values, i * pixel() + c, lanes);
        }
      }
      return values;
    }

    void write(float[] values, Tensor y) {
      int width = shape.extent(3);
      int channels = shape.extent(1);
      for (int c = 0; c < channels; c += BLOCK) {
        int to = at(c / BLOCK);
        int lanes = Math.min(BLOCK, channels - c);
        for (int i = 0; i < width; i++) {
          System.arraycopy(values, i * pixel() + c, y.data, to + i * BLOCK, lanes);
        }
      }
    }

    /** Sums each channel with {@code before} channels before it and the rest of margin after. */
    float[] windowSums(float[] values, int before) {
      float[] sums = new float[values.length];
      // Shifted copies, because a loop becomes vector instructions only with equal indices. What a
      // copy does not reach is zero: at first all of it, at the end a pixel's margin.
      float[] shifted = new float[values.length];
      for (int k = -before; k <= margin - before; k++) {
        int from = Math.max(0, k);
        int to = Math.max(0, -k);
        System.arraycopy(values, from, shifted, to, values.length - from - to);
        for (int i = 0; i < sums.length; i++) sums[i] += shifted[i];
      }
      return sums;
    }
  }
}
