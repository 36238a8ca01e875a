package dev.hedgerow.attribution;

import dev.hedgerow.nn.Graph;
import java.util.Arrays;

/** Probabilities in double precision. */
final class Probability {
  private Probability() {}

  /**
   * Returns the probabilities of logits: their softmax, or the sigmoid of each if {@link
   * Graph#isMultiLabel}.
   */
  static double[] of(Graph graph, double[] logits) {
    return graph.isMultiLabel()
        ? Arrays.stream(logits).map(y -> 1 / (1 + Math.exp(-y))).toArray()
        : softmax(logits);
  }

  /** Returns {@code Σ_k≠t p_k}, which 1 − p_t is not where that is rounded to 0. */
  static double ofOthers(double[] p, int t) {
    double others = 0;
    for (int k = 0; k < p.length; k++) if (k != t) others += p[k];
    return others;
  }

  /** Returns {@code exp(x_i) / Σ_j exp(x_j)}. */
  static double[] softmax(double[] x) {
    double largest = Arrays.stream(x).max().orElse(0);
    double[] p = Arrays.stream(x).map(value -> Math.exp(value - largest)).toArray();
    double sum = Arrays.stream(p).sum();
    for (int i = 0; i < p.length; i++) p[i] /= sum;
    return p;
  }
}
