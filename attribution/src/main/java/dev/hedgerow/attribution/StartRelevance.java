package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Softmax;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;

/** What the logits y receive at the top of a reverse walk that explains class t. */
@FunctionalInterface
public interface StartRelevance {
  /** 1 at t: the seed of a gradient. */
  StartRelevance ONE_HOT = (engine, recording, target) -> only(recording, target, 1);

  /** {@code y_t} at t, so that what conserves sums to the logit. */
  StartRelevance LOGIT =
      (engine, recording, target) -> {
        check(recording, target);
        return only(recording, target, recording.logits().toArray()[target]);
      };

  /**
   * {@code p_t (1 − p_t)} at t and {@code −p_t p_k} at every other class k, with p = softmax(y):
   * the gradient of {@code p_t}.
   */
  StartRelevance SOFTMAX_CONTRAST =
      (engine, recording, target) -> {
        check(recording, target);
        float[] p = Softmax.forward(engine, recording.logits(), 1).toArray();
        float[] r = new float[p.length];
        double others = 0;
        for (int k = 0; k < p.length; k++) {
          if (k == target) continue;
          r[k] = -p[target] * p[k];
          others += p[k];
        }
        r[target] = (float) (p[target] * others);
        return Tensor.of(Shape.of(1, r.length), r);
      };

  /**
   * Returns the user's own.
   *
   * @param relevance {@code [1, classes]}
   * @throws IllegalArgumentException if it is not finite
   */
  static StartRelevance of(Tensor relevance) {
    for (float value : relevance.toArray()) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("start relevance has " + value);
      }
    }
    return (engine, recording, target) -> {
      check(recording, target);
      Shape expected = recording.logits().shape();
      if (!relevance.shape().equals(expected)) {
        throw new IllegalArgumentException(
            "start relevance is " + relevance.shape() + " but the logits are " + expected);
      }
      return relevance;
    };
  }

  /**
   * Returns the relevance of the logits.
   *
   * @param recording of one image
   * @param target the class t
   * @return {@code [1, classes]}
   * @throws IllegalArgumentException if there is no such class, more than one image, or a given
   *     tensor is of another shape
   */
  Tensor at(Engine engine, Recording recording, int target);

  private static Tensor only(Recording recording, int target, float value) {
    check(recording, target);
    float[] r = new float[recording.graph().classes()];
    r[target] = value;
    return Tensor.of(Shape.of(1, r.length), r);
  }

  private static void check(Recording recording, int target) {
    int images = recording.logits().shape().extent(0);
    int classes = recording.graph().classes();
    if (images != 1) {
      throw new IllegalArgumentException("a recording of " + images + " images; see image(n)");
    }
    if (target < 0 || target >= classes) {
      throw new IllegalArgumentException(
          "target %d is outside the %d classes of %s"
              .formatted(target, classes, recording.graph().name()));
    }
  }
}
