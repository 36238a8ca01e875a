package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;
import java.util.Arrays;

/**
 * What the logits y receive in Attribution-Guided Factorization: the gradient of a probability that
 * tells the target from the classes whose logits are far from its own,
 *
 * <pre>
 * p = softmax(z),   z_k = y_t · exp(−½ d_k²),   d_k = (y_k − y_t) / σ,   σ = max_k |y_k − y_t|
 * </pre>
 *
 * with respect to every logit, through σ as well. It is 0 where all logits are equal.
 */
final class AgfSeed {
  private AgfSeed() {}

  /**
   * Returns {@code ∂p_t/∂y}, {@code [1, classes]}.
   *
   * @param recording of one image
   * @param t the target
   * @throws IllegalArgumentException as {@link StartRelevance#at}
   */
  static Tensor at(Engine engine, Recording recording, int t) {
    StartRelevance.LOGIT.at(recording, t); // checks the arguments
    float[] logits = recording.logits().toArray();
    double[] y = Versions.doubles(logits, 0, logits.length);
    double[] seed = new double[y.length];
    int farthest = farthest(y, t);
    double sigma = Math.abs(y[farthest] - y[t]);
    if (sigma > 0) {
      double[] d = Arrays.stream(y).map(value -> (value - y[t]) / sigma).toArray();
      double[] bell = Arrays.stream(d).map(value -> Math.exp(-0.5 * value * value)).toArray();
      double[] z = Arrays.stream(bell).map(value -> y[t] * value).toArray();
      double[] p = Probability.softmax(z);
      double viaSigma = 0;
      for (int k = 0; k < y.length; k++) {
        double outer = p[t] * ((k == t ? 1 : 0) - p[k]); // ∂p_t/∂z_k
        double viaDistance = -outer * z[k] * d[k]; // ∂p_t/∂d_k
        seed[k] += viaDistance / sigma;
        seed[t] += outer * bell[k] - viaDistance / sigma;
        viaSigma -= viaDistance * d[k] / sigma;
      }
      double sign = Math.signum(y[farthest] - y[t]);
      seed[farthest] += sign * viaSigma;
      seed[t] -= sign * viaSigma;
    }
    float[] values = new float[y.length];
    for (int k = 0; k < y.length; k++) values[k] = (float) seed[k];
    return Tensor.of(Shape.of(1, y.length), values);
  }

  /** The first class whose logit is farthest from the target's. */
  private static int farthest(double[] y, int t) {
    int farthest = t;
    for (int k = 0; k < y.length; k++) {
      if (Math.abs(y[k] - y[t]) > Math.abs(y[farthest] - y[t])) farthest = k;
    }
    return farthest;
  }
}
