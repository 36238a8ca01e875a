package dev.hedgerow.engine;

/**
 * Batch normalization as it is trained: with the mean and the variance, over all images and
 * positions of a batch, of each channel.
 *
 * <pre>
 * y = scale · (x − mean)/√(variance + ε) + shift
 * </pre>
 *
 * The forward pass is that of a {@link BatchNormalization} with these statistics; its gradient is
 * here, because the statistics depend on x. Sums are those of single planes, added up in double
 * precision in the order of the images.
 */
public final class BatchStatistics {
  private static final int BLOCK = Tensor.BLOCK;
  private static final int PIECE = ChannelTile.FLOATS;

  private final Shape shape;
  private final float[] mean;
  private final float[] variance;

  private BatchStatistics(Shape shape, float[] mean, float[] variance) {
    this.shape = shape;
    this.mean = mean;
    this.variance = variance;
  }

  /**
   * What a normalization passes back.
   *
   * @param input ∂L/∂x
   * @param scale ∂L/∂scale, {@code [C]}
   * @param shift ∂L/∂shift, {@code [C]}
   */
  public record Gradient(Tensor input, Parameter scale, Parameter shift) {}

  /**
   * Returns the statistics of a batch.
   *
   * @param x {@code [N, C, H, W]}; not modified
   * @throws IllegalArgumentException if x has another rank, or no element
   */
  public static BatchStatistics of(Engine engine, Tensor x) {
    Shape shape = x.shape();
    if (shape.rank() != 4 || shape.size() == 0) {
      throw new IllegalArgumentException(
          "batch statistics: input is " + shape + ", expected [N, C, H, W]");
    }
    int channels = shape.extent(1);
    int images = shape.extent(0);
    int lanes = Tensor.blocks(channels) * BLOCK;
    int area = shape.extent(2) * shape.extent(3);
    // Of each image and channel: the mean, and the sum of squared differences from it.
    double[] means = new double[images * lanes];
    double[] squares = new double[images * lanes];
    ChannelTile.forEach(
        engine,
        shape,
        (plane, block, from, to) -> {
          int at = plane * BLOCK;
          addPlane(x.data, from, to, means, at);
          for (int lane = at; lane < at + BLOCK; lane++) means[lane] /= area;
          float[] about = tile(means, at);
          var sums = new float[PIECE];
          float[] piece = new float[PIECE];
          for (int start = from; start < to; start += PIECE) {
            int count = Math.min(PIECE, to - start);
            System.arraycopy(x.data, start, piece, 0, count);
            for (int i = 0; i < count; i++) {
              float difference = piece[i] - about[i];
              sums[i] += difference * difference;
            }
          }
          fold(sums, squares, at);
        });
    float[] mean = new float[channels];
    float[] variance = new float[channels];
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int n = 0; n < images; n++) sum += means[n * lanes + c];
      double centre = sum / images;
      double square = 0;
      for (int n = 0; n < images; n++) {
        double apart = means[n * lanes + c] - centre;
        square += squares[n * lanes + c] + area * apart * apart;
      }
      mean[c] = (float) centre;
      variance[c] = (float) (square / ((double) area * images));
    }
    return new BatchStatistics(shape, mean, variance);
  }

  /** Returns the mean of each channel, {@code [C]}. */
  public Parameter mean() {
    return Parameter.of(Shape.of(mean.length), mean);
  }

  /** Returns the mean squared difference from the mean, of each channel, {@code [C]}. */
  public Parameter variance() {
    return Parameter.of(Shape.of(variance.length), variance);
  }

  /** Returns how many values a channel has in the batch. */
  public int count() {
    return shape.extent(0) * shape.extent(2) * shape.extent(3);
  }

  /**
   * Returns the gradient of a normalization by these statistics, with x̂ = (x − mean)/√(variance +
   * ε) and means over the batch:
   *
   * <pre>
   * ∂L/∂x = scale/√(variance + ε) · (s − mean(s) − x̂·mean(s·x̂))
   * ∂L/∂scale = Σ s·x̂        ∂L/∂shift = Σ s
   * </pre>
   *
   * @param x the batch these are the statistics of; not modified
   * @param s ∂L/∂y, of the same shape; not modified
   * @param scale {@code [C]}
   * @param epsilon added to the variance
   * @throws IllegalArgumentException if a shape differs
   */
  public Gradient gradient(Engine engine, Tensor x, Tensor s, Parameter scale, float epsilon) {
    if (!x.shape().equals(shape) || !s.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "batch statistics: of %s, but the input is %s and the gradient %s"
              .formatted(shape, x.shape(), s.shape()));
    }
    int channels = mean.length;
    if (!scale.shape().equals(Shape.of(channels))) {
      throw new IllegalArgumentException(
          "batch statistics: scale is " + scale.shape() + ", expected [" + channels + "]");
    }
    int images = shape.extent(0);
    int lanes = Tensor.blocks(channels) * BLOCK;
    double[] sums = new double[images * lanes];
    double[] products = new double[images * lanes];
    ChannelTile.forEach(
        engine,
        shape,
        (plane, block, from, to) -> {
          addPlane(s.data, from, to, sums, plane * BLOCK);
          float[] about = ChannelTile.of(engine, mean, block * BLOCK, PIECE);
          var sum = new float[PIECE];
          float[] piece = new float[PIECE];
          float[] other = new float[PIECE];
          for (int start = from; start < to; start += PIECE) {
            int count = Math.min(PIECE, to - start);
            System.arraycopy(x.data, start, piece, 0, count);
            System.arraycopy(s.data, start, other, 0, count);
            for (int i = 0; i < count; i++) sum[i] += (piece[i] - about[i]) * other[i];
          }
          fold(sum, products, plane * BLOCK);
          engine.scratch().give(about);
        });
    float[] scaleGradient = new float[channels];
    float[] shiftGradient = new float[channels];
    // ∂L/∂x = ofS·s + ofX·x + constant.
    float[] ofS = new float[channels];
    float[] ofX = new float[channels];
    float[] constant = new float[channels];
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      double product = 0;
      for (int n = 0; n < images; n++) {
        sum += sums[n * lanes + c];
        product += products[n * lanes + c];
      }
      double inverse = 1 / Math.sqrt((double) variance[c] + epsilon);
      shiftGradient[c] = (float) sum;
      scaleGradient[c] = (float) (product * inverse);
      double factor = scale.get(c) * inverse;
      double slope = factor * product * inverse * inverse / count();
      ofS[c] = (float) factor;
      ofX[c] = (float) -slope;
      constant[c] = (float) (slope * mean[c] - factor * sum / count());
    }
    Tensor input = combine(engine, x, s, ofX, ofS, constant);
    return new Gradient(
        input,
        Parameter.of(Shape.of(channels), scaleGradient),
        Parameter.of(Shape.of(channels), shiftGradient));
  }

  private static Tensor combine(
      Engine engine, Tensor x, Tensor s, float[] ofX, float[] ofS, float[] constant) {
    Tensor result = Tensor.zeros(x.shape());
    ChannelTile.forEach(
        engine,
        x.shape(),
        (plane, block, from, to) -> {
          float[] a = ChannelTile.of(engine, ofX, block * BLOCK, PIECE);
          float[] b = ChannelTile.of(engine, ofS, block * BLOCK, PIECE);
          float[] c = ChannelTile.of(engine, constant, block * BLOCK, PIECE);
          float[] piece = new float[PIECE];
          float[] other = new float[PIECE];
          for (int start = from; start < to; start += PIECE) {
            int count = Math.min(PIECE, to - start);
            System.arraycopy(x.data, start, piece, 0, count);
            System.arraycopy(s.data, start, other, 0, count);
            for (int i = 0; i < count; i++) {
              piece[i] = piece[i] * a[i] + (other[i] * b[i] + c[i]);
            }
            System.arraycopy(piece, 0, result.data, start, count);
          }
          engine.scratch().give(c);
          engine.scratch().give(b);
          engine.scratch().give(a);
        });
    return result;
  }

  /** Adds the pixels of a plane to {@code sums[at..at + 16)}. */
  private static void addPlane(float[] x, int from, int to, double[] sums, int at) {
    float[] sum = new float[PIECE];
    float[] piece = new float[PIECE];
    for (int start = from; start < to; start += PIECE) {
      int count = Math.min(PIECE, to - start);
      System.arraycopy(x, start, piece, 0, count);
      for (int i = 0; i < count; i++) sum[i] += piece[i];
    }
    fold(sum, sums, at);
  }

  /** Adds up the pixels of a piece. */
  private static void fold(float[] piece, double[] sums, int at) {
    for (int i = 0; i < piece.length; i++) sums[at + i % BLOCK] += piece[i];
  }

  /** Returns one value a channel, repeated over a piece. */
  private static float[] tile(double[] values, int at) {
    float[] tile = new float[PIECE];
    for (int i = 0; i < tile.length; i++) tile[i] = (float) values[at + i % BLOCK];
    return tile;
  }
}
