package dev.hedgerow.nn.train;

/**
 * How large steps are: rising in a line from 0 over the warm-up, then falling to 0 as half a cosine
 * wave.
 *
 * <pre>
 * rate(k) = peak · (k + 1)/warmUp                                       for k &lt; warmUp
 * rate(k) = peak · (1 + cos(π·(k − warmUp)/(steps − warmUp)))/2         from then on
 * </pre>
 *
 * @param peak the largest rate
 * @param warmUp steps of the rise
 * @param steps of the whole training
 * @param momentum share of the previous step that the next one keeps
 * @param decay pull of weights, but not of biases and normalisations, towards 0
 */
public record Schedule(double peak, int warmUp, int steps, double momentum, double decay) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if there is no step, the warm-up is not shorter than the
   *     training, the momentum is not in [0, 1), or the rate or decay is negative
   */
  public Schedule {
    if (steps < 1 || warmUp < 0 || warmUp >= steps) {
      throw new IllegalArgumentException(
          "schedule: %d steps with a warm-up of %d".formatted(steps, warmUp));
    }
    if (!(peak >= 0 && decay >= 0 && momentum >= 0 && momentum < 1)) {
      throw new IllegalArgumentException(
          "schedule: rate %s, momentum %s, decay %s".formatted(peak, momentum, decay));
    }
  }

  /** Returns the rate of a step, counted from 0. */
  public double rate(int step) {
    if (step < warmUp) return peak * (step + 1) / warmUp;
    double progress = (double) (step - warmUp) / (steps - warmUp);
    // StrictMath: the same on every platform.
    return peak * (1 + StrictMath.cos(StrictMath.PI * progress)) / 2;
  }
}
