package dev.hedgerow.engine;

/**
 * The steps of Gradient Hedge around the passes of its convolutions, each one pass over memory.
 *
 * <p>Of one input x they make, with {@code x⁺ = max(x, 0)}, {@code α = [x > 0]}, {@code β = [x ≤
 * 0]}, the denominators {@code |w|*x⁺}, {@code |w|*α} and {@code |w|*β}, which serve any number of
 * relevances at the output.
 */
public final class Hedging {
  /** Elements of a task: what it touches stays in the cache between its loops. */
  private static final int CHUNK = 1 << 13;

  private final Tensor ofActive;
  private final Tensor ofInactive;

  private Hedging(Tensor ofActive, Tensor ofInactive) {
    this.ofActive = ofActive;
    this.ofInactive = ofInactive;
  }

  /**
   * What relevance is as shares of the denominators.
   *
   * @param s {@code (γP + N) ⊘ |w|*x⁺}, {@code P ⊘ |w|*α} and {@code N ⊘ |w|*β}, as three samples
   * @param placed Σ of the three numerators where their denominators are not 0
   */
  public record Shares(Tensor s, double placed) {}

  /**
   * Computes the denominators: two passes of a convolution, as a batch; three of other operators
   * and of an exact engine.
   *
   * @param x {@code [1, C, H, W]}, or {@code [1, C]}; not modified
   */
  public static Hedging of(Engine engine, LinearOperator operator, Tensor x) {
    Tensor activations = activations(engine, x);
    if (operator instanceof Convolution convolution && !engine.isExact()) {
      Tensor z = convolution.positiveSums(engine, activations);
      engine.recycle(activations);
      return new Hedging(z, InactiveSums.of(engine, convolution, x, z));
    }
    Tensor z = operator.forward(engine, WeightView.ABSOLUTE, activations);
    engine.recycle(activations);
    Tensor inactive = Elementwise.indicatorNotPositive(engine, x);
    Tensor ofInactive = operator.forward(engine, WeightView.ABSOLUTE, inactive);
    engine.recycle(inactive);
    return new Hedging(z, ofInactive);
  }

  /** Ends the denominators: this may not be used any more. */
  public void recycle(Engine engine) {
    engine.recycle(ofActive);
    engine.recycle(ofInactive);
  }

  /** Returns x⁺ and α as two samples. */
  private static Tensor activations(Engine engine, Tensor x) {
    Tensor both = engine.tensor(x.shape().with(0, 2));
    int size = x.data.length;
    forEachChunk(
        engine,
        size,
        (task, from, to) -> {
          for (int i = from; i < to; i++) both.data[i] = Math.max(x.data[i], 0f);
          float[] active = chunk(engine, x.data, from, to - from);
          for (int i = 0; i < to - from; i++) active[i] = Elementwise.isPositive(active[i]);
          System.arraycopy(active, 0, both.data, size + from, to - from);
          engine.scratch().give(active);
        });
    return both;
  }

  /**
   * Divides relevance by the denominators.
   *
   * @param r relevance at the output, of the shape of one sample of it; not modified
   * @param positive what r's positive values are multiplied by to give P
   * @param negative what r's negative values are multiplied by to give N
   * @param gamma γ
   */
  public Shares shares(Engine engine, Tensor r, double positive, double negative, float gamma) {
    Tensor s = engine.tensor(r.shape().with(0, 3));
    int size = r.data.length;
    float[] z = ofActive.data;
    float[] ofNone = ofInactive.data;
    double[] placed = new double[Math.ceilDiv(size, CHUNK)];
    forEachChunk(
        engine,
        size,
        (task, from, to) -> {
          int length = to - from;
          float[] all = chunk(engine, r.data, from, length);
          float[] p = engine.scratch().take(CHUNK);
          float[] n = engine.scratch().take(CHUNK);
          for (int i = 0; i < length; i++) p[i] = (float) (Math.max(all[i], 0f) * positive);
          for (int i = 0; i < length; i++) n[i] = (float) (Math.min(all[i], 0f) * negative);
          for (int i = 0; i < length; i++) all[i] = gamma * p[i] + n[i];
          placed[task] =
              divide(engine, all, z, from, s.data, from, length)
                  + divide(engine, p, z, size + from, s.data, size + from, length)
                  + divide(engine, n, ofNone, from, s.data, 2 * size + from, length);
        });
    double sum = 0;
    for (double part : placed) sum += part;
    return new Shares(s, sum);
  }

  /**
   * Stores {@code a ⊘ z} in s, and returns the sum of a where that is a/z.
   *
   * @param a given back to the engine
   */
  private static double divide(
      Engine engine, float[] a, float[] z, int zFrom, float[] s, int sFrom, int length) {
    float[] denominators = chunk(engine, z, zFrom, length);
    float[] quotients = engine.scratch().take(CHUNK);
    for (int i = 0; i < length; i++) quotients[i] = Elementwise.quotient(a[i], denominators[i]);
    System.arraycopy(quotients, 0, s, sFrom, length);
    for (int i = 0; i < length; i++) a[i] = Elementwise.keptWhereSupported(a[i], denominators[i]);
    double sum = Reductions.sum(a, 0, length);
    engine.scratch().give(quotients);
    engine.scratch().give(denominators);
    engine.scratch().give(a);
    return sum;
  }

  /**
   * Stores {@code C = x⁺ ⊙ c} in c, and counts where it is not 0.
   *
   * @param x the input, one sample; not modified
   * @param c what came back for it, its first sample; written to
   */
  public static long contribute(Engine engine, Tensor x, Tensor c) {
    int size = x.data.length;
    int[] counts = new int[Math.ceilDiv(size, CHUNK)];
    forEachChunk(
        engine,
        size,
        (task, from, to) -> {
          int count = 0;
          for (int i = from; i < to; i++) {
            float contribution = Math.max(x.data[i], 0f) * c.data[i];
            c.data[i] = contribution;
            count += (int) Elementwise.isPositive(Math.abs(contribution));
          }
          counts[task] = count;
        });
    long count = 0;
    for (int part : counts) count += part;
    return count;
  }

  /**
   * Returns {@code (C − Ψ) + α ⊙ a + β ⊙ u}, with Ψ subtracted where C is not 0.
   *
   * @param x the input, one sample; not modified
   * @param cau C, a and u as three samples; not modified
   */
  public static Tensor sum(Engine engine, Tensor x, Tensor cau, float psi) {
    Tensor sum = engine.tensor(x.shape());
    int size = x.data.length;
    float[] from3 = cau.data;
    forEachChunk(
        engine,
        size,
        (task, from, to) -> {
          int length = to - from;
          float[] c = chunk(engine, from3, from, length);
          float[] a = chunk(engine, from3, size + from, length);
          float[] u = chunk(engine, from3, 2 * size + from, length);
          float[] active = chunk(engine, x.data, from, length);
          for (int i = 0; i < length; i++) {
            float alpha = Elementwise.zeroOrInfinity(Math.max(active[i], 0f));
            c[i] =
                Elementwise.limit(c[i] - psi, Elementwise.zeroOrInfinity(Math.abs(c[i])))
                    + Elementwise.limit(a[i], alpha)
                    + (u[i] - Elementwise.limit(u[i], alpha));
          }
          System.arraycopy(c, 0, sum.data, from, length);
          engine.scratch().give(active);
          engine.scratch().give(u);
          engine.scratch().give(a);
          engine.scratch().give(c);
        });
    return sum;
  }

  /**
   * Copies a chunk to the start of an array to be given back: loops over several arrays are
   * compiled to vector instructions only where all have the same index.
   */
  private static float[] chunk(Engine engine, float[] data, int from, int length) {
    float[] chunk = engine.scratch().take(CHUNK);
    System.arraycopy(data, from, chunk, 0, length);
    return chunk;
  }

  @FunctionalInterface
  private interface Chunk {
    void run(int task, int from, int to);
  }

  private static void forEachChunk(Engine engine, int length, Chunk chunk) {
    engine.forEach(
        Math.ceilDiv(length, CHUNK),
        task -> {
          int from = task * CHUNK;
          chunk.run(task, from, from + Math.min(CHUNK, length - from));
        });
  }
}
