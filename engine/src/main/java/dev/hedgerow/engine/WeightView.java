package dev.hedgerow.engine;

/** Which weights a linear operator works with. */
public enum WeightView {
  /** {@code w}, the weights as they are. */
  PLAIN,
  /** {@code |w|}, element-wise. */
  ABSOLUTE,
  /** {@code w⁺ = max(w, 0)}. */
  POSITIVE,
  /** {@code w⁻ = min(w, 0)}. */
  NEGATIVE,
  /** {@code w²}, element-wise. */
  SQUARED,
  /** 1 for every weight, also one of 0: which inputs an output reads. */
  ONE;

  /** Returns what this view shows of one weight. */
  public float of(float weight) {
    return switch (this) {
      case PLAIN -> weight;
      case ABSOLUTE -> Math.abs(weight);
      case POSITIVE -> Math.max(weight, 0f);
      case NEGATIVE -> Math.min(weight, 0f);
      case SQUARED -> weight * weight;
      case ONE -> 1f;
    };
  }

  /**
   * Copies what this view shows of {@code count} weights from row-major position {@code from}.
   *
   * @param weights written from 0 on
   */
  void show(Parameter weight, int from, float[] weights, int count) {
    weight.copy(from, weights, 0, count);
    show(weights, 0, count);
  }

  /** Copies what this view shows of {@code count} weights from {@code from} on to {@code at}. */
  void show(float[] weights, int from, float[] shown, int at, int count) {
    System.arraycopy(weights, from, shown, at, count);
    show(shown, at, at + count);
  }

  /** Replaces the weights from {@code from} to {@code to} by what this view shows of them. */
  private void show(float[] weights, int from, int to) {
    switch (this) {
      case PLAIN -> {}
      case ABSOLUTE -> {
        for (int i = from; i < to; i++) weights[i] = Math.abs(weights[i]);
      }
      case POSITIVE -> {
        for (int i = from; i < to; i++) weights[i] = Math.max(weights[i], 0f);
      }
      case NEGATIVE -> {
        for (int i = from; i < to; i++) weights[i] = Math.min(weights[i], 0f);
      }
      default -> {
        for (int i = from; i < to; i++) weights[i] = of(weights[i]);
      }
    }
  }
}
