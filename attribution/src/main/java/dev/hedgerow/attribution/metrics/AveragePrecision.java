package dev.hedgerow.attribution.metrics;

import it.unimi.dsi.fastutil.ints.IntArrays;
import java.util.stream.IntStream;

/** The area under a curve of precision over recall, as scikit-learn computes it. */
public final class AveragePrecision {
  private AveragePrecision() {}

  /**
   * Returns {@code Σ_n (R_n − R_{n−1}) P_n}, with the precision P and recall R of what scores at
   * least the n-th largest score; equal scores are one threshold.
   *
   * @param scores not NaN; not modified
   * @param positive the truth of each
   * @return 0..1; 0 if nothing is positive
   * @throws IllegalArgumentException if the lengths differ
   */
  public static double of(double[] scores, boolean[] positive) {
    if (scores.length != positive.length) {
      throw new IllegalArgumentException(
          "average precision: %d scores, %d truths".formatted(scores.length, positive.length));
    }
    int[] order = IntStream.range(0, scores.length).toArray();
    IntArrays.quickSort(order, (a, b) -> Double.compare(scores[b], scores[a]));
    long hits = 0;
    double area = 0;
    for (int n = 0; n < order.length; ) {
      double threshold = scores[order[n]];
      long before = hits;
      for (; n < order.length && scores[order[n]] == threshold; n++) {
        if (positive[order[n]]) hits++;
      }
      area += (hits - before) * ((double) hits / n);
    }
    return hits == 0 ? 0 : area / hits;
  }
}
