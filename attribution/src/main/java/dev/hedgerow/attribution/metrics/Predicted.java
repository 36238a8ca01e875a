package dev.hedgerow.attribution.metrics;

import java.util.BitSet;

/**
 * Which classes a network of several labels predicts: those with {@code sigmoid(y_k) ≥ 0.5}, so
 * {@code y_k ≥ 0}, or that of the largest logit if there are none. Explanations are scored on all
 * annotated classes ("L"), or on those of them that the network predicts ("P").
 */
public final class Predicted {
  private Predicted() {}

  /**
   * Returns the predicted classes.
   *
   * @param logits y, one a class, at least one
   */
  public static BitSet of(float[] logits) {
    var predicted = new BitSet(logits.length);
    int best = 0;
    for (int k = 0; k < logits.length; k++) {
      if (logits[k] >= 0) predicted.set(k);
      if (logits[k] > logits[best]) best = k;
    }
    if (predicted.isEmpty()) predicted.set(best);
    return predicted;
  }
}
