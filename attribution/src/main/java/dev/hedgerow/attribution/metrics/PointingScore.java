package dev.hedgerow.attribution.metrics;

import java.util.Arrays;

/**
 * The score of a pointing game: hits and trials of each class, and their mean over classes, so that
 * a frequent class counts no more than a rare one. Not safe for use by several threads.
 */
public final class PointingScore {
  private final long[] hits;
  private final long[] trials;

  /**
   * Begins a score.
   *
   * @param classes how many there are
   */
  public PointingScore(int classes) {
    this.hits = new long[classes];
    this.trials = new long[classes];
  }

  /** Counts a trial. */
  public void add(int target, boolean hit) {
    trials[target]++;
    if (hit) hits[target]++;
  }

  /** Returns the number of trials. */
  public long trials() {
    return Arrays.stream(trials).sum();
  }

  /**
   * Returns TorchRay's score, 0..1: {@code mean_k hits_k / max(1, trials_k)}. A class without a
   * trial counts as 0.
   */
  public double mean() {
    return sum() / hits.length;
  }

  /**
   * Returns the mean over the classes that have trials, 0..1; NaN if there are none. It equals
   * {@link #mean} where every class was tried.
   */
  public double meanOfTried() {
    return sum() / Arrays.stream(trials).filter(count -> count > 0).count();
  }

  private double sum() {
    double sum = 0;
    for (int k = 0; k < hits.length; k++) sum += (double) hits[k] / Math.max(1, trials[k]);
    return sum;
  }
}
