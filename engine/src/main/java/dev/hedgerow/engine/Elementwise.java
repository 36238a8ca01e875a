package dev.hedgerow.engine;

import java.util.Arrays;

/**
 * Operations on each element by itself. Results are new tensors, except of the operations whose
 * name ends in {@code InPlace}: these overwrite and return their first tensor.
 */
public final class Elementwise {
  /** Elements of a task; smaller tensors are not worth a second thread. */
  private static final int CHUNK = 1 << 15;

  /** Quotients with a denominator up to this are 0: denormal activations overflow them. */
  static final float LARGEST_IGNORED = Math.nextDown(1e-30f);

  private Elementwise() {}

  /** A plain loop over {@code y[i] = f(x[i])} for i from {@code from} to {@code to}. */
  @FunctionalInterface
  private interface Unary {
    void run(float[] x, float[] y, int from, int to);
  }

  /** A plain loop over {@code y[i] = f(a[i], b[i])} for i from {@code from} to {@code to}. */
  @FunctionalInterface
  private interface Binary {
    void run(float[] a, float[] b, float[] y, int from, int to);
  }

  /**
   * Returns {@code a + b}.
   *
   * @param a any shape
   * @param b the same shape; or {@code [N, C, 1, 1]}, one number a channel, or {@code [N, 1, H,
   *     W]}, one a pixel, against {@code [N, C, H, W]}
   */
  public static Tensor add(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "add", a, b, like(engine, a), Elementwise::addLoop);
  }

  /** Stores {@code a + b} in a; shapes as {@link #add}. */
  public static Tensor addInPlace(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "add", a, b, a, Elementwise::addLoop);
  }

  private static void addLoop(float[] a, float[] b, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = a[i] + b[i];
  }

  /** Returns {@code a − b}; shapes as {@link #add}. */
  public static Tensor subtract(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "subtract", a, b, like(engine, a), Elementwise::subtractLoop);
  }

  private static void subtractLoop(float[] a, float[] b, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = a[i] - b[i];
  }

  /** Returns {@code a ⊙ b}; shapes as {@link #add}. */
  public static Tensor multiply(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "multiply", a, b, like(engine, a), Elementwise::multiplyLoop);
  }

  /** Stores {@code a ⊙ b} in a; shapes as {@link #add}. */
  public static Tensor multiplyInPlace(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "multiply", a, b, a, Elementwise::multiplyLoop);
  }

  private static void multiplyLoop(float[] a, float[] b, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = a[i] * b[i];
  }

  /** Returns {@code a ⊘ b}: a/b where |b| ≥ 1e-30, 0 elsewhere; shapes as {@link #add}. */
  public static Tensor quotient(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "quotient", a, b, like(engine, a), Elementwise::quotientLoop);
  }

  /** Stores {@code a ⊘ b} in b, of the same shape. */
  public static Tensor quotientInPlace(Engine engine, Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      throw new IllegalArgumentException(
          "quotient: shapes " + a.shape() + " and " + b.shape() + ", expected the same");
    }
    return combine(engine, "quotient", a, b, b, Elementwise::quotientLoop);
  }

  private static void quotientLoop(float[] a, float[] b, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = quotient(a[i], b[i]);
  }

  /**
   * Stores in z what is ε further from 0: {@code z + ε} where z ≥ 0, {@code z − ε} elsewhere.
   *
   * @param epsilon ε, at least 0
   */
  public static Tensor stabilizeInPlace(Engine engine, Tensor z, float epsilon) {
    map(
        engine,
        z,
        z,
        (x, y, from, end) -> {
          // Adding 0 makes -0 count as 0.
          for (int i = from; i < end; i++) y[i] = x[i] + Math.copySign(epsilon, x[i] + 0f);
        });
    z.clearPaddingLanes();
    return z;
  }

  /** Returns a where {@link #quotient} a/b is taken, |b| ≥ 1e-30, 0 elsewhere. */
  public static Tensor keepWhereSupported(Engine engine, Tensor a, Tensor b) {
    return combine(engine, "keep", a, b, like(engine, a), Elementwise::supportedLoop);
  }

  private static void supportedLoop(float[] a, float[] b, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = keptWhereSupported(a[i], b[i]);
    }
  }

  /** Returns a where x ≠ 0, 0 elsewhere; shapes as {@link #add}. */
  public static Tensor keepWhereNonZero(Engine engine, Tensor a, Tensor x) {
    return combine(engine, "keep", a, x, like(engine, a), Elementwise::keepLoop);
  }

  private static void keepLoop(float[] a, float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = limit(a[i], zeroOrInfinity(Math.abs(x[i])));
  }

  /** Returns {@code a · factor}; the factor may lie outside the range of float. */
  public static Tensor scale(Engine engine, Tensor a, double factor) {
    return scale(engine, a, factor, like(engine, a));
  }

  /** Stores {@code a · factor} in a. */
  public static Tensor scaleInPlace(Engine engine, Tensor a, double factor) {
    return scale(engine, a, factor, a);
  }

  private static Tensor scale(Engine engine, Tensor a, double factor, Tensor to) {
    return map(
        engine,
        a,
        to,
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = (float) (x[i] * factor);
        });
  }

  /** Returns {@code a + c}. */
  public static Tensor shift(Engine engine, Tensor a, float c) {
    Tensor shifted =
        map(
            engine,
            a,
            like(engine, a),
            (x, y, from, end) -> {
              for (int i = from; i < end; i++) y[i] = x[i] + c;
            });
    shifted.clearPaddingLanes();
    return shifted;
  }

  /** Stores {@code a − psi} where a ≠ 0, 0 elsewhere, in a. */
  public static Tensor subtractWhereNonZeroInPlace(Engine engine, Tensor a, float psi) {
    return map(
        engine,
        a,
        a,
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = limit(x[i] - psi, zeroOrInfinity(Math.abs(x[i])));
        });
  }

  /** Returns {@code a⁺ = max(a, 0)}: the positive part, ReLU. */
  public static Tensor positive(Engine engine, Tensor a) {
    return map(engine, a, like(engine, a), Elementwise::positiveLoop);
  }

  /** Stores {@code max(a, 0)} in a. */
  public static Tensor positiveInPlace(Engine engine, Tensor a) {
    return map(engine, a, a, Elementwise::positiveLoop);
  }

  private static void positiveLoop(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = Math.max(x[i], 0f);
  }

  /** Returns {@code a⁻ = min(a, 0)}: the negative part. */
  public static Tensor negative(Engine engine, Tensor a) {
    return map(
        engine,
        a,
        like(engine, a),
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = Math.min(x[i], 0f);
        });
  }

  /** Returns {@code |a|}. */
  public static Tensor absolute(Engine engine, Tensor a) {
    return map(
        engine,
        a,
        like(engine, a),
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = Math.abs(x[i]);
        });
  }

  /** Returns 1 where a > 0, 0 elsewhere. */
  public static Tensor indicatorPositive(Engine engine, Tensor a) {
    return map(
        engine,
        a,
        like(engine, a),
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = isPositive(x[i]);
        });
  }

  /** Returns 1 where a ≤ 0, 0 elsewhere. */
  public static Tensor indicatorNotPositive(Engine engine, Tensor a) {
    Tensor indicator =
        map(
            engine,
            a,
            like(engine, a),
            (x, y, from, end) -> {
              for (int i = from; i < end; i++) y[i] = 1f - isPositive(x[i]);
            });
    indicator.clearPaddingLanes();
    return indicator;
  }

  /** Returns a where a > 0, {@code slope · a} elsewhere. */
  public static Tensor leakyRelu(Engine engine, Tensor a, float slope) {
    return leakyRelu(engine, a, slope, like(engine, a));
  }

  /** Stores a where a > 0, {@code slope · a} elsewhere, in a. */
  public static Tensor leakyReluInPlace(Engine engine, Tensor a, float slope) {
    return leakyRelu(engine, a, slope, a);
  }

  private static Tensor leakyRelu(Engine engine, Tensor a, float slope, Tensor to) {
    return map(
        engine,
        a,
        to,
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = Math.max(x[i], 0f) + slope * Math.min(x[i], 0f);
        });
  }

  /** Returns g where a > 0, {@code slope · g} elsewhere. */
  public static Tensor leakyReluGradient(Engine engine, Tensor a, Tensor g, float slope) {
    return combine(
        engine,
        "leaky relu",
        a,
        g,
        like(engine, a),
        (x, s, y, from, end) -> {
          for (int i = from; i < end; i++) {
            float passed = limit(s[i], zeroOrInfinity(Math.max(x[i], 0f)));
            y[i] = passed + slope * (s[i] - passed);
          }
        });
  }

  /** Returns {@code min(max(a, low), high)}. */
  public static Tensor clip(Engine engine, Tensor a, float low, float high) {
    return clip(engine, a, low, high, like(engine, a));
  }

  /** Stores {@code min(max(a, low), high)} in a. */
  public static Tensor clipInPlace(Engine engine, Tensor a, float low, float high) {
    return clip(engine, a, low, high, a);
  }

  private static Tensor clip(Engine engine, Tensor a, float low, float high, Tensor to) {
    map(
        engine,
        a,
        to,
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = Math.min(Math.max(x[i], low), high);
        });
    if (low > 0 || high < 0) to.clearPaddingLanes();
    return to;
  }

  /** Returns g where {@code low < y < high}, 0 elsewhere: the gradient of {@link #clip}. */
  public static Tensor clipGradient(Engine engine, Tensor y, Tensor g, float low, float high) {
    return combine(
        engine,
        "clip",
        y,
        g,
        like(engine, y),
        (v, s, to, from, end) -> {
          for (int i = from; i < end; i++) {
            float inside = Math.min(Math.max(v[i] - low, 0f), Math.max(high - v[i], 0f));
            to[i] = limit(s[i], zeroOrInfinity(inside));
          }
        });
  }

  /** Returns {@code 1 / (1 + e^−a)}. */
  public static Tensor sigmoid(Engine engine, Tensor a) {
    return sigmoid(engine, a, like(engine, a));
  }

  /** Stores {@code 1 / (1 + e^−a)} in a. */
  public static Tensor sigmoidInPlace(Engine engine, Tensor a) {
    return sigmoid(engine, a, a);
  }

  private static Tensor sigmoid(Engine engine, Tensor a, Tensor to) {
    map(
        engine,
        a,
        to,
        (x, y, from, end) -> {
          for (int i = from; i < end; i++) y[i] = (float) (1 / (1 + Math.exp(-x[i])));
        });
    to.clearPaddingLanes();
    return to;
  }

  /** Returns {@code g · y · (1 − y)}: the gradient of the sigmoid with output y. */
  public static Tensor sigmoidGradient(Engine engine, Tensor y, Tensor g) {
    return combine(
        engine,
        "sigmoid",
        y,
        g,
        like(engine, y),
        (v, s, to, from, end) -> {
          for (int i = from; i < end; i++) to[i] = s[i] * v[i] * (1f - v[i]);
        });
  }

  /** Returns {@code a · min(max(a + 3, 0), 6) / 6}. */
  public static Tensor hardSwish(Engine engine, Tensor a) {
    return map(
        engine,
        a,
        like(engine, a),
        (x, y, from, end) -> {
          for (int i = from; i < end; i++)
            y[i] = x[i] * (Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f);
        });
  }

  /** Returns g times the derivative of the hard swish at x: 0 to −3, x/3 + 1/2 to 3, then 1. */
  public static Tensor hardSwishGradient(Engine engine, Tensor x, Tensor g) {
    return combine(
        engine,
        "hard swish",
        x,
        g,
        like(engine, x),
        (v, s, to, from, end) -> {
          for (int i = from; i < end; i++) {
            float value = v[i];
            float slope = value <= -3f ? 0f : value >= 3f ? 1f : value / 3f + 0.5f;
            to[i] = s[i] * slope;
          }
        });
  }

  // Choices are made by arithmetic: a branch on values of either sign is mispredicted every other
  // time, and keeps a loop from being compiled to vector instructions.

  /** {@code a ⊘ b}. */
  static float quotient(float a, float b) {
    float supported = zeroOrInfinity(excess(b));
    // The denominator is left as it is where it is supported, and is near 1 elsewhere.
    return limit(a / (b + (1f - Math.min(supported, 1f))), supported);
  }

  /** a where {@code a ⊘ b} is a/b, else 0. */
  static float keptWhereSupported(float a, float b) {
    return limit(a, zeroOrInfinity(excess(b)));
  }

  /** 1 for x > 0, else 0. */
  static float isPositive(float x) {
    return Math.min(zeroOrInfinity(Math.max(x, 0f)), 1f);
  }

  /** 0 for x = 0, ∞ for x > 0: even the smallest float times 1e114 is out of range. */
  static float zeroOrInfinity(float x) {
    return x * 1e38f * 1e38f * 1e38f;
  }

  /** 0 for a bound of 0, a for a bound of ∞; adding 0 makes a 0 positive. */
  static float limit(float a, float bound) {
    return Math.max(Math.min(a, bound), -bound) + 0f;
  }

  /** How far |b| exceeds what is ignored in a denominator; 0 where it does not. */
  private static float excess(float b) {
    return Math.max(Math.abs(b) - LARGEST_IGNORED, 0f);
  }

  private static Tensor like(Engine engine, Tensor a) {
    return engine.tensor(a.shape());
  }

  private static Tensor map(Engine engine, Tensor a, Tensor to, Unary loop) {
    float[] x = a.data;
    float[] y = to.data;
    engine.forEachChunk(x.length, CHUNK, (_, from, end) -> loop.run(x, y, from, end));
    return to;
  }

  private static Tensor combine(
      Engine engine, String kind, Tensor a, Tensor b, Tensor to, Binary loop) {
    Shape shape = a.shape();
    if (b.shape().equals(shape)) {
      engine.forEachChunk(
          a.data.length, CHUNK, (_, from, end) -> loop.run(a.data, b.data, to.data, from, end));
      return to;
    }
    if (shape.rank() == 4 && b.shape().equals(shape.with(2, 1).with(3, 1))) {
      return combineChannels(engine, a, b, to, loop);
    }
    if (shape.rank() == 4 && b.shape().equals(shape.with(1, 1))) {
      return combinePixels(engine, a, b, to, loop);
    }
    throw new IllegalArgumentException(
        kind
            + ": shapes "
            + shape
            + " and "
            + b.shape()
            + ", expected the same, or [N, C, 1, 1] or [N, 1, H, W] second");
  }

  /** One number of b for each channel of a. */
  private static Tensor combineChannels(Engine engine, Tensor a, Tensor b, Tensor to, Binary loop) {
    ChannelTile.forEach(
        engine,
        a.shape(),
        (plane, block, from, end) -> {
          float[] tile = ChannelTile.of(engine, b.data, plane * Tensor.BLOCK, end - from);
          ChannelTile.map(
              engine,
              a.data,
              to.data,
              from,
              end,
              (piece, count) -> loop.run(piece, tile, piece, 0, count));
          engine.scratch().give(tile);
        });
    return to;
  }

  /** One number of b for each pixel of a. */
  private static Tensor combinePixels(Engine engine, Tensor a, Tensor b, Tensor to, Binary loop) {
    int channels = a.shape().extent(1);
    int blocks = Tensor.blocks(channels);
    ChannelTile.forEach(
        engine,
        a.shape(),
        (plane, block, from, end) -> {
          // Padding lanes stay zero.
          int lanes = Math.min(Tensor.BLOCK, channels - block * Tensor.BLOCK);
          int start = plane / blocks * (end - from);
          float[] spread = new float[end - from];
          for (int at = 0; at < spread.length; at += Tensor.BLOCK) {
            Arrays.fill(spread, at, at + lanes, b.data[start + at]);
          }
          float[] piece = Arrays.copyOfRange(a.data, from, end);
          loop.run(piece, spread, piece, 0, piece.length);
          System.arraycopy(piece, 0, to.data, from, piece.length);
        });
    return to;
  }
}
