package dev.hedgerow.engine;

import java.util.Arrays;

/**
 * Numbers about all elements of a tensor. Sums are taken in double precision over fixed chunks, so
 * they are the same bits for any number of threads.
 */
public final class Reductions {
  private static final int CHUNK = 1 << 15;

  /** Sums of every so many elements, that C2 computes in vectors as none waits for another. */
  private static final int WIDTH = 256;

  /** Where a thread takes them; an array of its own, so that sums allocate none. */
  private static final ThreadLocal<double[]> LANES =
      ThreadLocal.withInitial(() -> new double[WIDTH]);

  private Reductions() {}

  /** Returns {@code Σ a}. */
  public static double sum(Engine engine, Tensor a) {
    return signedSums(engine, a).total();
  }

  /** Returns {@code Σ a} over the elements where {@link Elementwise#quotient} a/b is taken. */
  public static double sumWhereSupported(Engine engine, Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      throw new IllegalArgumentException("sum: shapes " + a.shape() + " and " + b.shape());
    }
    return sum(
        engine,
        a,
        (x, from, to) -> {
          double sum = 0;
          for (int i = from; i < to; i++) {
            if (Math.abs(b.data[i]) > Elementwise.LARGEST_IGNORED) sum += x[i];
          }
          return sum;
        });
  }

  /**
   * The sums of the elements above 0 and of those below.
   *
   * @param positive {@code Σ max(a, 0)}
   * @param negative {@code Σ min(a, 0)}
   */
  public record SignedSums(double positive, double negative) {
    /** Returns {@code Σ a}. */
    public double total() {
      return positive + negative;
    }

    /** Returns {@code Σ |a|}. */
    public double magnitude() {
      return positive - negative;
    }
  }

  /** Returns the sums of the elements above 0 and of those below. */
  public static SignedSums signedSums(Engine engine, Tensor a) {
    float[] x = a.data;
    int chunks = Math.ceilDiv(x.length, CHUNK);
    double[] positive = new double[chunks];
    double[] negative = new double[chunks];
    engine.forEachChunk(
        x.length,
        CHUNK,
        (task, from, to) -> {
          double[] sums = LANES.get();
          Arrays.fill(sums, 0);
          for (int at = from; at < to; at += WIDTH) {
            addPositive(x, at, Math.min(WIDTH, to - at), sums);
          }
          positive[task] = sum(sums);
          Arrays.fill(sums, 0);
          for (int at = from; at < to; at += WIDTH) {
            addNegative(x, at, Math.min(WIDTH, to - at), sums);
          }
          negative[task] = sum(sums);
        });
    return new SignedSums(sum(positive), sum(negative));
  }

  private static void addPositive(float[] x, int at, int count, double[] sums) {
    for (int i = 0; i < count; i++) sums[i] += Math.max(x[at + i], 0f);
  }

  private static void addNegative(float[] x, int at, int count, double[] sums) {
    for (int i = 0; i < count; i++) sums[i] += Math.min(x[at + i], 0f);
  }

  private static double sum(double[] parts) {
    double sum = 0;
    for (double part : parts) sum += part;
    return sum;
  }

  /** Returns {@code #{i : a_i ≠ 0}}. */
  public static long countNonZero(Engine engine, Tensor a) {
    return (long)
        sum(
            engine,
            a,
            (x, from, to) -> {
              int count = 0;
              for (int i = from; i < to; i++) count += x[i] != 0 ? 1 : 0;
              return count;
            });
  }

  /**
   * Returns the smallest element.
   *
   * @throws IllegalArgumentException if there is no element
   */
  public static float minimum(Engine engine, Tensor a) {
    return extreme(
        engine,
        "minimum",
        a,
        (x, from, to, lanes) -> {
          float smallest = x[from];
          for (int at = from; at < to; at += Tensor.BLOCK) {
            for (int i = at; i < at + lanes; i++) smallest = Math.min(smallest, x[i]);
          }
          return smallest;
        },
        Math::min);
  }

  /**
   * Returns the largest element.
   *
   * @throws IllegalArgumentException if there is no element
   */
  public static float maximum(Engine engine, Tensor a) {
    return extreme(
        engine,
        "maximum",
        a,
        (x, from, to, lanes) -> {
          float largest = x[from];
          for (int at = from; at < to; at += Tensor.BLOCK) {
            for (int i = at; i < at + lanes; i++) largest = Math.max(largest, x[i]);
          }
          return largest;
        },
        Math::max);
  }

  /** The extreme of the first {@code lanes} of each 16 elements from {@code from} on. */
  @FunctionalInterface
  private interface Extreme {
    float of(float[] x, int from, int to, int lanes);
  }

  @FunctionalInterface
  private interface Choice {
    float of(float a, float b);
  }

  private static float extreme(
      Engine engine, String kind, Tensor a, Extreme extreme, Choice choice) {
    Shape shape = a.shape();
    if (shape.size() == 0) throw new IllegalArgumentException(kind + ": no element in " + shape);
    if (shape.rank() != 4) {
      float best = a.data[0];
      for (float value : a.data) best = choice.of(best, value);
      return best;
    }
    float[] found = new float[shape.extent(0) * Tensor.blocks(shape.extent(1))];
    ChannelTile.forEach(
        engine,
        shape,
        (plane, block, from, to) -> {
          int lanes = Math.min(Tensor.BLOCK, shape.extent(1) - block * Tensor.BLOCK);
          found[plane] = extreme.of(a.data, from, to, lanes);
        });
    float best = found[0];
    for (float value : found) best = choice.of(best, value);
    return best;
  }

  /**
   * Returns the mean of each channel over all positions.
   *
   * @param x {@code [N, C, H, W]}; not modified
   * @return {@code [N, C]}
   */
  public static Tensor spatialMean(Engine engine, Tensor x) {
    return spatial(engine, x, true);
  }

  /**
   * Returns the sum of each channel over all positions.
   *
   * @param x {@code [N, C, H, W]}; not modified
   * @return {@code [N, C]}
   */
  public static Tensor spatialSum(Engine engine, Tensor x) {
    return spatial(engine, x, false);
  }

  private static Tensor spatial(Engine engine, Tensor x, boolean mean) {
    Shape shape = x.shape();
    if (shape.rank() != 4) {
      throw new IllegalArgumentException(
          "spatial %s: input is %s, expected [N, C, H, W]".formatted(mean ? "mean" : "sum", shape));
    }
    int channels = shape.extent(1);
    int blocks = Tensor.blocks(channels);
    double divisor = mean ? (double) shape.extent(2) * shape.extent(3) : 1;
    Tensor result = Tensor.zeros(Shape.of(shape.extent(0), channels));
    ChannelTile.forEach(
        engine,
        shape,
        (plane, block, from, to) -> {
          double[] sums = new double[Tensor.BLOCK];
          for (int at = from; at < to; at += Tensor.BLOCK) {
            for (int lane = 0; lane < Tensor.BLOCK; lane++) sums[lane] += x.data[at + lane];
          }
          int first = block * Tensor.BLOCK;
          for (int c = first; c < Math.min(first + Tensor.BLOCK, channels); c++) {
            result.data[plane / blocks * channels + c] = (float) (sums[c - first] / divisor);
          }
        });
    return result;
  }

  /** A function of what the channels of a pixel gave so far and of the next one's value. */
  @FunctionalInterface
  public interface Fold {
    float of(float soFar, float value);
  }

  /**
   * Returns what becomes of 0 and the channels of each pixel, one after the other.
   *
   * @param x one image, {@code [1, C, H, W]}; not modified
   * @return {@code [H, W]}
   * @throws IllegalArgumentException if x has another shape
   */
  public static Tensor overChannels(Engine engine, Tensor x, Fold fold) {
    Shape shape = x.shape();
    if (shape.rank() != 4 || shape.extent(0) != 1) {
      throw new IllegalArgumentException("fold: input is " + shape + ", expected [1, C, H, W]");
    }
    Tensor result = engine.zeros(Shape.of(shape.extent(2), shape.extent(3)));
    float[] y = result.data;
    for (int c = 0; c < shape.extent(1); c++) {
      int at = x.offset(0, c);
      for (int i = 0; i < y.length; i++, at += Tensor.BLOCK) y[i] = fold.of(y[i], x.data[at]);
    }
    return result;
  }

  @FunctionalInterface
  private interface Partial {
    double of(float[] x, int from, int to);
  }

  private static double sum(Engine engine, Tensor a, Partial partial) {
    float[] x = a.data;
    double[] sums = new double[Math.ceilDiv(x.length, CHUNK)];
    engine.forEachChunk(x.length, CHUNK, (task, from, to) -> sums[task] = partial.of(x, from, to));
    return sum(sums);
  }
}
