package dev.hedgerow.attribution;

import java.util.Arrays;

/** The softmax in double precision. */
final class Probability {
  private Probability() {}

  /** Returns {@code exp(x_i) / Σ_j exp(x_j)}. */
  static double[] softmax(double[] x) {
    double largest = Arrays.stream(x).max().orElse(0);
    double[] p = Arrays.stream(x).map(value -> Math.exp(value - largest)).toArray();
    double sum = Arrays.stream(p).sum();
    for (int i = 0; i < p.length; i++) p[i] /= sum;
    return p;
  }
}
