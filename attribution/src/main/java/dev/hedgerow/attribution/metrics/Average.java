package dev.hedgerow.attribution.metrics;

import java.util.OptionalDouble;

/**
 * The mean of a measure over many maps. Those on which it is undefined, or infinite, are left out
 * and counted. Not safe for use by several threads.
 */
public final class Average {
  private double sum;
  private long count;
  private long leftOut;

  /** Begins an average. */
  public Average() {}

  /** Takes the measure of one more map. */
  public void add(OptionalDouble value) {
    if (value.isPresent() && Double.isFinite(value.getAsDouble())) {
      sum += value.getAsDouble();
      count++;
    } else {
      leftOut++;
    }
  }

  /** Takes the measure of one more map. */
  public void add(double value) {
    add(OptionalDouble.of(value));
  }

  /** Returns the mean; NaN if there is nothing to average. */
  public double mean() {
    return sum / count;
  }

  /** Returns how many values were averaged. */
  public long count() {
    return count;
  }

  /** Returns how many were left out. */
  public long leftOut() {
    return leftOut;
  }
}
