package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

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

  /**
   * Largest input or output, in elements, of which several go through a convolution together, as
   * samples of a batch: that reads the weights once. Larger ones take longer than the weights, and
   * one after the other they need less memory.
   */
  private static final int LARGEST_TOGETHER = 1 << 20;

  /** What goes back through the convolution, shared by inputs of one kind. */
  public enum Term {
    /** {@code γP + N}, shared by x⁺. */
    C,
    /** P, shared by α. */
    A,
    /** N, shared by β. */
    U
  }

  /**
   * One of the samples of a tensor.
   *
   * @param batch the tensor
   * @param number of the sample
   */
  public record Sample(Tensor batch, int number) {
    private int at() {
      return number * (batch.data.length / batch.shape().extent(0));
    }
  }

  private final boolean together;
  private final Map<Term, Sample> sums = new EnumMap<>(Term.class);

  private Hedging(boolean together) {
    this.together = together;
  }

  /**
   * What relevance is as shares of the denominators.
   *
   * @param s {@code (γP + N) ⊘ |w|*x⁺}, {@code P ⊘ |w|*α} or {@code N ⊘ |w|*β}, one sample a term
   * @param placed Σ of the numerators where their denominators are not 0
   */
  public record Shares(Tensor s, double placed) {}

  /**
   * Computes the denominators: two passes of a convolution, three of other operators and of an
   * exact engine.
   *
   * @param x {@code [1, C, H, W]}, or {@code [1, C]}; not modified
   * @throws IllegalArgumentException if it is more than one sample
   */
  public static Hedging of(Engine engine, LinearOperator operator, Tensor x) {
    if (x.shape().rank() == 0 || x.shape().extent(0) != 1) {
      throw new IllegalArgumentException("hedging: input is " + x.shape() + ", expected [1, ...]");
    }
    int outputs = operator.outputShape(x.shape()).size();
    boolean together = Math.max(x.shape().size(), outputs) <= LARGEST_TOGETHER;
    return of(engine, operator, x, together);
  }

  static Hedging of(Engine engine, LinearOperator operator, Tensor x, boolean together) {
    var hedging = new Hedging(together);
    Convolution convolution =
        engine.isExact() ? null : operator instanceof Convolution c ? c : null;
    for (List<Term> terms : hedging.groups(Set.of(Term.C, Term.A))) {
      Tensor a = activations(engine, x, terms);
      hedging.put(
          terms,
          convolution != null
              ? convolution.positiveSums(engine, a)
              : operator.forward(engine, WeightView.ABSOLUTE, a));
      engine.recycle(a);
    }
    Tensor ofInactive;
    if (convolution != null) {
      ofInactive = InactiveSums.of(engine, convolution, x, hedging.sums(Term.A).batch);
    } else {
      Tensor inactive = Elementwise.indicatorNotPositive(engine, x);
      ofInactive = operator.forward(engine, WeightView.ABSOLUTE, inactive);
      engine.recycle(inactive);
    }
    hedging.put(List.of(Term.U), ofInactive);
    return hedging;
  }

  private void put(List<Term> terms, Tensor z) {
    for (int k = 0; k < terms.size(); k++) sums.put(terms.get(k), new Sample(z, k));
  }

  private Sample sums(Term term) {
    return Objects.requireNonNull(sums.get(term));
  }

  /** Ends the denominators: this may not be used any more. */
  public void recycle(Engine engine) {
    sums.values().stream().map(Sample::batch).distinct().forEach(engine::recycle);
  }

  /** Returns the terms in the order of the equation, in groups that go through together. */
  public List<List<Term>> groups(Set<Term> terms) {
    List<Term> inOrder = Arrays.stream(Term.values()).filter(terms::contains).toList();
    return together && !terms.isEmpty()
        ? List.of(inOrder)
        : inOrder.stream().map(List::of).toList();
  }

  /** Returns x⁺ for C and α for A, one sample a term. */
  private static Tensor activations(Engine engine, Tensor x, List<Term> terms) {
    Tensor a = engine.tensor(x.shape().with(0, terms.size()));
    int size = x.data.length;
    engine.forEachChunk(
        size,
        CHUNK,
        (task, from, to) -> {
          for (int k = 0; k < terms.size(); k++) {
            if (k == 0) {
              activate(terms.get(k), x.data, a.data, from, to);
            } else {
              int length = to - from;
              float[] values = engine.scratch().take(CHUNK);
              System.arraycopy(x.data, from, values, 0, length);
              activate(terms.get(k), values, values, 0, length);
              System.arraycopy(values, 0, a.data, k * size + from, length);
              engine.scratch().give(values);
            }
          }
        });
    return a;
  }

  /** Loops over several arrays become vector instructions only where all have the same index. */
  private static void activate(Term term, float[] x, float[] y, int from, int to) {
    if (term == Term.C) for (int i = from; i < to; i++) y[i] = Math.max(x[i], 0f);
    else for (int i = from; i < to; i++) y[i] = Elementwise.isPositive(x[i]);
  }

  /**
   * Divides relevance by the denominators.
   *
   * @param terms of which there are to be shares
   * @param r relevance at the output, of the shape of one sample of it; not modified
   * @param positive what r's positive values are multiplied by to give P
   * @param negative what r's negative values are multiplied by to give N
   * @param gamma γ
   */
  public Shares shares(
      Engine engine, List<Term> terms, Tensor r, double positive, double negative, float gamma) {
    Tensor s = engine.tensor(r.shape().with(0, terms.size()));
    Kernels kernels = engine.kernels();
    int size = r.data.length;
    double[] placed = new double[Math.ceilDiv(size, CHUNK)];
    engine.forEachChunk(
        size,
        CHUNK,
        (task, from, to) -> {
          for (int k = 0; k < terms.size(); k++) {
            Term term = terms.get(k);
            Sample z = sums(term);
            float ofP = term == Term.C ? gamma : term == Term.A ? 1 : 0;
            float ofN = term == Term.A ? 0 : 1;
            placed[task] +=
                kernels.shares(
                    r.data,
                    from,
                    positive,
                    negative,
                    ofP,
                    ofN,
                    z.batch.data,
                    z.at() + from,
                    Elementwise.LARGEST_IGNORED,
                    s.data,
                    k * size + from,
                    to - from);
          }
        });
    double sum = 0;
    for (double part : placed) sum += part;
    return new Shares(s, sum);
  }

  /**
   * Stores {@code C = x⁺ ⊙ c} in c, and counts where it is not 0.
   *
   * <p>Winograd's algorithm may leave some 2⁻²³ above 0 where all that is shared is negative. Were
   * it kept, the next section would take it for all positive relevance there is.
   *
   * @param x the input, one sample; not modified
   * @param c what came back for C, the first sample of its batch; written to
   * @param positive whether any of the relevance is; otherwise C is not
   * @param negative whether any of the relevance is; otherwise C is not
   * @throws IllegalArgumentException if it is another sample
   */
  public static long contribute(
      Engine engine, Tensor x, Sample c, boolean positive, boolean negative) {
    if (c.number != 0) {
      throw new IllegalArgumentException("hedging: C is sample " + c.number + ", expected 0");
    }
    float least = negative ? Float.NEGATIVE_INFINITY : 0;
    float most = positive ? Float.POSITIVE_INFINITY : 0;
    int size = x.data.length;
    int[] counts = new int[Math.ceilDiv(size, CHUNK)];
    engine.forEachChunk(
        size,
        CHUNK,
        (task, from, to) -> counts[task] = contribute(x.data, c.batch.data, least, most, from, to));
    long count = 0;
    for (int part : counts) count += part;
    return count;
  }

  private static int contribute(float[] x, float[] c, float least, float most, int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      float shared = Math.max(Math.min(c[i], most), least);
      float contribution = Math.max(x[i], 0f) * shared;
      c[i] = contribution;
      count += (int) Elementwise.isPositive(Math.abs(contribution));
    }
    return count;
  }

  /**
   * Returns {@code (C − Ψ) + α ⊙ a + β ⊙ u}, with Ψ subtracted where C is not 0.
   *
   * @param x the input, one sample; not modified
   * @param c C; not modified
   * @param a what came back for A, which is not negative but for rounding; not modified
   * @param u what came back for U, which is not positive but for rounding; not modified
   */
  public static Tensor sum(Engine engine, Tensor x, Sample c, Sample a, Sample u, float psi) {
    Tensor sum = engine.tensor(x.shape());
    Kernels kernels = engine.kernels();
    engine.forEachChunk(
        x.data.length,
        CHUNK,
        (task, from, to) ->
            kernels.hedge(
                x.data,
                from,
                c.batch.data,
                c.at() + from,
                a.batch.data,
                a.at() + from,
                u.batch.data,
                u.at() + from,
                psi,
                sum.data,
                from,
                to - from));
    return sum;
  }
}
