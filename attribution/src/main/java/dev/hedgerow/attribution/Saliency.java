package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;

/** How Attribution-Guided Factorization brings what is not relevance into relevance. */
final class Saliency {
  private Saliency() {}

  /**
   * Returns M, where gradient × activation speaks for the class: {@code max(0, mean_c(x ⊙ g)) ⊘
   * max}.
   *
   * @param x {@code [1, C, H, W]}; not modified
   * @param gradient of the shape of x; not modified
   * @return {@code [1, 1, H, W]}
   */
  static Tensor of(Engine engine, Tensor x, Tensor gradient) {
    Tensor sum = Heatmap.channelSum(engine, Elementwise.multiply(engine, x, gradient));
    Shape shape = x.shape().with(1, 1);
    Tensor positive = Elementwise.positiveInPlace(engine, sum.reshape(shape));
    // The number of channels cancels.
    return perMaximum(engine, positive);
  }

  /** Returns {@code a ⊘ max(a)}, 0 where the largest element is 0. */
  static Tensor perMaximum(Engine engine, Tensor a) {
    float largest = Reductions.maximum(engine, a);
    return Elementwise.scale(engine, a, largest == 0 ? 0 : 1.0 / largest);
  }

  /**
   * Returns {@code c + q − Σq / #{i : c_i ≠ 0}} where c ≠ 0, 0 elsewhere, with q taken there alone:
   * the sum is that of c.
   *
   * @param c not modified
   * @param q not modified
   */
  static Tensor add(Engine engine, Tensor c, Tensor q) {
    long placed = Reductions.countNonZero(engine, c);
    if (placed == 0) return c;
    double mean = Reductions.sum(engine, Elementwise.keepWhereNonZero(engine, q, c)) / placed;
    Tensor balanced = Elementwise.shift(engine, q, (float) -mean);
    return Elementwise.addInPlace(engine, Elementwise.keepWhereNonZero(engine, balanced, c), c);
  }
}
