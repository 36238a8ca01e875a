package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;

/**
 * The factorisation of Attribution-Guided Factorization. Relevance C divides the pixels into those
 * that speak for the class, {@code φ = mean_c(C) > 0}, and those against it, φ &lt; 0. A tensor a
 * of the same shape has, as H = σ(10 a ⊘ max(a)), a mean over each set, r⁺ and r⁻, one number a
 * channel. The non-negative least squares fit of H by the two, regularised, says how much each
 * pixel is like either set:
 *
 * <pre>
 * W = max(0, (rᵀr + I)⁻¹ rᵀ H),   r = [r⁻, r⁺]
 * F = max(0, W₊ − W₋)
 * </pre>
 *
 * @param against 1 where φ &lt; 0, {@code [1, 1, H, W]}
 * @param inFavour 1 where φ > 0, {@code [1, 1, H, W]}
 */
record Factorization(Tensor against, Tensor inFavour) {
  /** How steeply a is told apart from 0. */
  private static final double STEEPNESS = 10;

  /**
   * Returns the factorisation that relevance guides.
   *
   * @param c {@code [1, C, H, W]}; not modified
   */
  static Factorization guidedBy(Engine engine, Tensor c) {
    Tensor phi = Heatmap.channelSum(engine, c).reshape(c.shape().with(1, 1));
    return new Factorization(
        Elementwise.indicatorPositive(engine, Elementwise.scale(engine, phi, -1)),
        Elementwise.indicatorPositive(engine, phi));
  }

  /**
   * Returns F of a tensor.
   *
   * @param a {@code [1, C, H, W]}; not modified
   * @return {@code [1, 1, H, W]}
   */
  Tensor of(Engine engine, Tensor a) {
    Tensor scaled = Saliency.perMaximum(engine, a);
    Tensor h =
        Elementwise.sigmoidInPlace(engine, Elementwise.scaleInPlace(engine, scaled, STEEPNESS));
    Tensor rMinus = mean(engine, h, against);
    Tensor rPlus = mean(engine, h, inFavour);
    // The 2×2 matrix rᵀr + I.
    double minusMinus = 1 + product(rMinus, rMinus);
    double plusPlus = 1 + product(rPlus, rPlus);
    double minusPlus = product(rMinus, rPlus);
    double determinant = minusMinus * plusPlus - minusPlus * minusPlus;
    float[] minus = Heatmap.channelSum(engine, Elementwise.multiply(engine, h, rMinus)).toArray();
    float[] plus = Heatmap.channelSum(engine, Elementwise.multiply(engine, h, rPlus)).toArray();
    float[] f = new float[plus.length];
    for (int i = 0; i < f.length; i++) {
      double wMinus = (plusPlus * minus[i] - minusPlus * plus[i]) / determinant;
      double wPlus = (minusMinus * plus[i] - minusPlus * minus[i]) / determinant;
      f[i] = (float) Math.max(0, Math.max(0, wPlus) - Math.max(0, wMinus));
    }
    return Tensor.of(a.shape().with(1, 1), f);
  }

  /** The mean of each channel over a set of pixels, {@code [1, C, 1, 1]}; 0 over none. */
  private static Tensor mean(Engine engine, Tensor h, Tensor set) {
    long pixels = Reductions.countNonZero(engine, set);
    Tensor sum = Reductions.spatialSum(engine, Elementwise.multiply(engine, h, set));
    Tensor mean = Elementwise.scaleInPlace(engine, sum, 1.0 / Math.max(1, pixels));
    return mean.reshape(Shape.of(1, h.shape().extent(1), 1, 1));
  }

  private static double product(Tensor a, Tensor b) {
    float[] x = a.toArray();
    float[] y = b.toArray();
    double product = 0;
    for (int i = 0; i < x.length; i++) product += (double) x[i] * y[i];
    return product;
  }
}
