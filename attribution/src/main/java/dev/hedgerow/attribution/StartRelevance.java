package dev.hedgerow.attribution;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;

/** What the logits y receive at the top of a reverse walk that explains class t. */
public final class StartRelevance {
  /** 1 at t: the seed of a gradient. */
  public static final StartRelevance ONE_HOT =
      new StartRelevance((recording, target) -> only(recording, target, 1));

  /** {@code y_t} at t, so that what conserves sums to the logit. */
  public static final StartRelevance LOGIT =
      new StartRelevance(
          (recording, target) -> only(recording, target, recording.logits().toArray()[target]));

  /**
   * The gradient of the probability {@code p_t}: {@code p_t (1 − p_t)} at t and, where p is the
   * softmax of y, {@code −p_t p_k} at every other class k.
   */
  public static final StartRelevance CONTRAST = new StartRelevance(StartRelevance::contrast);

  /** Makes the relevance of the logits for a class that there is. */
  interface Seed {
    Tensor of(Recording recording, int target);
  }

  private final Seed seed;

  /** Starts from a method's own seed. */
  StartRelevance(Seed seed) {
    this.seed = seed;
  }

  /**
   * Returns the user's own.
   *
   * @param relevance {@code [1, classes]}
   * @throws IllegalArgumentException if it is not finite
   */
  public static StartRelevance of(Tensor relevance) {
    for (float value : relevance.toArray()) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("start relevance has " + value);
      }
    }
    return new StartRelevance(
        (recording, target) -> {
          Shape expected = recording.logits().shape();
          if (!relevance.shape().equals(expected)) {
            throw new IllegalArgumentException(
                "start relevance is " + relevance.shape() + " but the logits are " + expected);
          }
          return relevance;
        });
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
  public Tensor at(Recording recording, int target) {
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
    return seed.of(recording, target);
  }

  private static Tensor only(Recording recording, int target, float value) {
    float[] r = new float[recording.graph().classes()];
    r[target] = value;
    return Tensor.of(Shape.of(1, r.length), r);
  }

  private static Tensor contrast(Recording recording, int target) {
    Graph graph = recording.graph();
    float[] logits = recording.logits().toArray();
    double[] y = Versions.doubles(logits, 0, logits.length);
    if (graph.isMultiLabel()) {
      double half = Math.exp(-Math.abs(y[target]));
      return only(recording, target, (float) (half / ((1 + half) * (1 + half))));
    }
    double[] p = Probability.softmax(y);
    float[] r = new float[p.length];
    for (int k = 0; k < p.length; k++) r[k] = (float) (-p[target] * p[k]);
    r[target] = (float) (p[target] * Probability.ofOthers(p, target));
    return Tensor.of(Shape.of(1, r.length), r);
  }
}
