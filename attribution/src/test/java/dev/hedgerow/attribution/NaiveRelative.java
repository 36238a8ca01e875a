package dev.hedgerow.attribution;

import dev.hedgerow.attribution.NaiveHedge.Terms;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The rules of weighted layers of RAP and RSP once more: in double precision, over all terms of a
 * layer, as the methods' own code has them. Nothing here is shared with the rules under test.
 */
final class NaiveRelative {
  private NaiveRelative() {}

  /**
   * What a layer hands down.
   *
   * @param shares the largest sum of the magnitudes of what an input gets, which may cancel
   * @param settled whether rounding cannot decide if a C is 0: none is left over from cancellation
   */
  record Shifted(double[] relevance, double shares, boolean settled) {}

  /**
   * Relative Attributing Propagation. A convolution sends negative relevance through the negative
   * weights, twice; a linear layer does as with positive relevance.
   */
  static Shifted rap(Terms layer, double[] w, double[] x, double[] r, boolean convolution) {
    double[] active = each(x, value -> Math.max(value, 0));
    double[] up = each(w, value -> Math.max(value, 0));
    double[] down = each(w, value -> Math.max(-value, 0));
    double[] a = NaiveHedge.forward(layer, active, up);
    double[] b = NaiveHedge.forward(layer, active, down);
    double[] positive = each(r, value -> Math.max(value, 0));
    double[] negative = each(r, value -> Math.min(value, 0));
    double[][] parts = {
      NaiveHedge.j(layer, active, up, positive),
      NaiveHedge.j(layer, active, down, share(positive, a, b)),
      NaiveHedge.j(layer, active, convolution ? down : up, negative),
      NaiveHedge.j(layer, active, down, share(negative, a, b))
    };
    double[] c = new double[x.length];
    double[] magnitude = new double[x.length];
    for (double[] part : parts) {
      for (int i = 0; i < c.length; i++) {
        c[i] += part[i];
        magnitude[i] += Math.abs(part[i]);
      }
    }
    return shifted(c, magnitude, NaiveHedge.sum(c) - NaiveHedge.sum(r));
  }

  /** {@code r ⊙ b ⊘ (a + b)}. */
  private static double[] share(double[] r, double[] a, double[] b) {
    double[] share = new double[r.length];
    for (int j = 0; j < r.length; j++) share[j] = b[j] == 0 ? 0 : r[j] * b[j] / (a[j] + b[j]);
    return share;
  }

  /** Relative Sectional Propagation; {@code sectional}: the kernel is larger than 1×1. */
  static Shifted rsp(Terms layer, int weights, double[] x, double[] r, boolean sectional) {
    double[] active = each(x, value -> Math.max(value, 0));
    double[] p = each(r, value -> Math.max(value, 0));
    double[] m = each(r, value -> Math.max(-value, 0));
    double[] ofP = NaiveHedge.j(layer, active, correlation(layer, weights, active, p), p);
    double[] ofM = NaiveHedge.j(layer, active, correlation(layer, weights, active, m), m);
    double[] c = new double[x.length];
    double[] magnitude = new double[x.length];
    for (int i = 0; i < c.length; i++) {
      c[i] = (sectional ? 2 : 1) * (ofP[i] - ofM[i]);
      magnitude[i] = (sectional ? 2 : 1) * (ofP[i] + ofM[i]);
    }
    return sectional
        ? shifted(c, magnitude, NaiveHedge.sum(r))
        : new Shifted(c, largest(magnitude), true);
  }

  /** {@code ∂⟨f(x, w), s⟩/∂w}. */
  private static double[] correlation(Terms layer, int weights, double[] x, double[] s) {
    double[] g = new double[weights];
    layer.forEach((output, weight, input) -> g[weight] += x[input] * s[output]);
    return g;
  }

  /** {@code c − excess / #{i : c_i ≠ 0}} where c is not 0. */
  private static Shifted shifted(double[] c, double[] magnitude, double excess) {
    boolean settled = true;
    double psi = excess / Arrays.stream(c).filter(value -> value != 0).count();
    double[] relevance = new double[c.length];
    for (int i = 0; i < c.length; i++) {
      if (c[i] == 0) continue;
      relevance[i] = c[i] - psi;
      settled &= Math.abs(c[i]) >= 0x1p-18 * magnitude[i];
      magnitude[i] += Math.abs(psi);
    }
    return new Shifted(relevance, largest(magnitude), settled);
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).max().orElse(0);
  }

  private static double[] each(double[] values, DoubleUnaryOperator operator) {
    return Arrays.stream(values).map(operator).toArray();
  }
}
