package dev.hedgerow.engine;

/**
 * Batch normalization with learned statistics: {@code y = x·a + b}, channel by channel, with {@code
 * a = scale/√(variance + ε)} and {@code b = shift − mean·a}, for {@code [N, C]} and {@code [N, C,
 * H, W]}.
 */
public final class BatchNormalization {
  private final float[] factor;
  private final float[] offset;
  private final float[] zeros;
  private final float epsilon;

  private BatchNormalization(float[] factor, float[] offset, float epsilon) {
    this.factor = factor;
    this.offset = offset;
    this.zeros = new float[factor.length];
    this.epsilon = epsilon;
  }

  /**
   * Returns a batch normalization; its two numbers a channel are computed in double precision.
   *
   * @param scale {@code [C]}
   * @param shift {@code [C]}
   * @param mean {@code [C]}
   * @param variance {@code [C]}
   * @param epsilon added to the variance
   */
  public static BatchNormalization of(
      Parameter scale, Parameter shift, Parameter mean, Parameter variance, float epsilon) {
    Shape shape = scale.shape();
    if (shape.rank() != 1
        || !shift.shape().equals(shape)
        || !mean.shape().equals(shape)
        || !variance.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "batch normalization: scale is "
              + shape
              + ", shift "
              + shift.shape()
              + ", mean "
              + mean.shape()
              + ", variance "
              + variance.shape()
              + ", expected [C] each");
    }
    float[] factor = new float[shape.size()];
    float[] offset = new float[shape.size()];
    for (int c = 0; c < factor.length; c++) {
      double a = scale.get(c) / Math.sqrt((double) variance.get(c) + epsilon);
      factor[c] = (float) a;
      offset[c] = (float) (shift.get(c) - mean.get(c) * a);
    }
    return new BatchNormalization(factor, offset, epsilon);
  }

  /** Returns the number of channels C. */
  public int channels() {
    return factor.length;
  }

  /** Returns a, the factor of each channel, as a new array. */
  public float[] factor() {
    return factor.clone();
  }

  /** Returns b, what is added to each channel after the factor, as a new array. */
  public float[] offset() {
    return offset.clone();
  }

  /** Returns what was added to the variance. */
  public float epsilon() {
    return epsilon;
  }

  /**
   * Checks an input's shape.
   *
   * @return {@code input}
   * @throws IllegalArgumentException if it is neither {@code [N, C]} nor {@code [N, C, H, W]}
   */
  public Shape outputShape(Shape input) {
    if ((input.rank() != 2 && input.rank() != 4) || input.extent(1) != factor.length) {
      throw new IllegalArgumentException(
          "batch normalization: input is "
              + input
              + ", expected [N, "
              + factor.length
              + "] or [N, "
              + factor.length
              + ", H, W]");
    }
    return input;
  }

  /**
   * Returns {@code x·a + b}.
   *
   * @param x input {@code [N, C]} or {@code [N, C, H, W]}; not modified
   */
  public Tensor forward(Engine engine, Tensor x) {
    return run(engine, x, offset, engine.tensor(outputShape(x.shape())));
  }

  /** Stores {@code x·a + b} in x; shapes as {@link #forward}. */
  public Tensor forwardInPlace(Engine engine, Tensor x) {
    outputShape(x.shape());
    return run(engine, x, offset, x);
  }

  /**
   * Returns {@code s·a}, the product of s with the Jacobian.
   *
   * @param s {@code [N, C]} or {@code [N, C, H, W]}; not modified
   */
  public Tensor reverse(Engine engine, Tensor s) {
    return run(engine, s, zeros, engine.tensor(outputShape(s.shape())));
  }

  private Tensor run(Engine engine, Tensor x, float[] add, Tensor y) {
    if (x.shape().rank() == 2) {
      for (int n = 0, at = 0; n < x.shape().extent(0); n++) {
        for (int c = 0; c < factor.length; c++, at++) {
          y.data[at] = x.data[at] * factor[c] + add[c];
        }
      }
      return y;
    }
    ChannelTile.forEach(
        engine,
        x.shape(),
        (plane, block, from, to) -> {
          float[] a = ChannelTile.of(engine, factor, block * Tensor.BLOCK, to - from);
          float[] b = ChannelTile.of(engine, add, block * Tensor.BLOCK, to - from);
          ChannelTile.map(
              engine,
              x.data,
              y.data,
              from,
              to,
              (piece, count) -> {
                for (int i = 0; i < count; i++) piece[i] = piece[i] * a[i] + b[i];
              });
          engine.scratch().give(b);
          engine.scratch().give(a);
        });
    return y;
  }
}
