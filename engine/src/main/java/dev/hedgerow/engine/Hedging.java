package dev.hedgerow.engine;

/**
 * The steps of Gradient Hedge around the passes of its convolutions, each one pass over memory.
 *
 * <p>Every loop is a method of its own. The first explanation of a process waits for the compiler,
 * which compiles anew, for each loop that becomes hot, all that is inlined around it.
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
          rectify(x.data, both.data, from, to);
          float[] active = chunk(engine, x.data, from, to - from);
          indicatePositive(active, to - from);
          System.arraycopy(active, 0, both.data, size + from, to - from);
          engine.scratch().give(active);
        });
    return both;
  }

  private static void rectify(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) y[i] = Math.max(x[i], 0f);
  }

  private static void indicatePositive(float[] x, int length) {
    for (int i = 0; i < length; i++) x[i] = Elementwise.isPositive(x[i]);
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
          split(all, p, n, length, positive, negative);
          combine(all, p, n, length, gamma);
          placed[task] =
              divide(engine, all, z, from, s.data, from, length)
                  + divide(engine, p, z, size + from, s.data, size + from, length)
                  + divide(engine, n, ofNone, from, s.data, 2 * size + from, length);
        });
    double sum = 0;
    for (double part : placed) sum += part;
    return new Shares(s, sum);
  }

  /** Stores P in p and N in n. */
  private static void split(
      float[] r, float[] p, float[] n, int length, double positive, double negative) {
    for (int i = 0; i < length; i++) p[i] = (float) (Math.max(r[i], 0f) * positive);
    for (int i = 0; i < length; i++) n[i] = (float) (Math.min(r[i], 0f) * negative);
  }

  /** Stores {@code γP + N} in r. */
  private static void combine(float[] r, float[] p, float[] n, int length, float gamma) {
    for (int i = 0; i < length; i++) r[i] = gamma * p[i] + n[i];
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
    quotients(a, denominators, quotients, length);
    System.arraycopy(quotients, 0, s, sFrom, length);
    keepWhereSupported(a, denominators, length);
    double sum = Reductions.sum(a, 0, length);
    engine.scratch().give(quotients);
    engine.scratch().give(denominators);
    engine.scratch().give(a);
    return sum;
  }

  private static void quotients(float[] a, float[] z, float[] s, int length) {
    for (int i = 0; i < length; i++) s[i] = Elementwise.quotient(a[i], z[i]);
  }

  private static void keepWhereSupported(float[] a, float[] z, int length) {
    for (int i = 0; i < length; i++) a[i] = Elementwise.keptWhereSupported(a[i], z[i]);
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
        engine, size, (task, from, to) -> counts[task] = contribute(x.data, c.data, from, to));
    long count = 0;
    for (int part : counts) count += part;
    return count;
  }

  private static int contribute(float[] x, float[] c, int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      float contribution = Math.max(x[i], 0f) * c[i];
      c[i] = contribution;
      count += (int) Elementwise.isPositive(Math.abs(contribution));
    }
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
          sum(active, c, a, u, length, psi);
          System.arraycopy(c, 0, sum.data, from, length);
          engine.scratch().give(active);
          engine.scratch().give(u);
          engine.scratch().give(a);
          engine.scratch().give(c);
        });
    return sum;
  }

  private static void sum(float[] x, float[] c, float[] a, float[] u, int length, float psi) {
    for (int i = 0; i < length; i++) {
      float alpha = Elementwise.zeroOrInfinity(Math.max(x[i], 0f));
      c[i] =
          Elementwise.limit(c[i] - psi, Elementwise.zeroOrInfinity(Math.abs(c[i])))
              + Elementwise.limit(a[i], alpha)
              + (u[i] - Elementwise.limit(u[i], alpha));
    }
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
