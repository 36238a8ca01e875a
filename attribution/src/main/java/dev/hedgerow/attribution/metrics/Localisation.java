package dev.hedgerow.attribution.metrics;

import dev.hedgerow.attribution.Heatmap;
import it.unimi.dsi.fastutil.ints.IntArrays;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** How much of a map R lies on the object s. Maps have the size of the truth. */
public final class Localisation {
  private Localisation() {}

  /**
   * Returns the outside-inside ratio (Eq. 14 of Gradient Hedge's paper), smaller being better:
   *
   * <pre>μ = mean(N outside s) / mean(N inside s),   N = (R − min R) / (max R − min R)</pre>
   *
   * @return at least 0; infinite if N is 0 everywhere inside; empty if s is empty or the whole
   *     image, or the map is constant
   * @throws IllegalArgumentException if the map has another size than the truth
   */
  public static OptionalDouble outsideInside(Heatmap map, Region truth) {
    float[] r = truth.valuesOf(map);
    int outside = r.length - truth.area();
    if (truth.area() == 0 || outside == 0 || map.maximum() == map.minimum()) {
      return OptionalDouble.empty();
    }
    // The range cancels in the ratio.
    double sumInside = 0;
    double sumOutside = 0;
    for (int i = 0; i < r.length; i++) {
      double height = (double) r[i] - map.minimum();
      if (truth.contains(i)) sumInside += height;
      else sumOutside += height;
    }
    return OptionalDouble.of((sumOutside / outside) / (sumInside / truth.area()));
  }

  /**
   * Returns the relevance mass accuracy (L. Arras et al., "CLEVR-XAI"), as Quantus computes it:
   * {@code Σ_{i∈s} R_i / ΣR}. Signed: meant for maps that are not negative, on which it is 0..1.
   *
   * @return empty if {@code ΣR = 0}
   * @throws IllegalArgumentException if the map has another size than the truth
   */
  public static OptionalDouble massAccuracy(Heatmap map, Region truth) {
    float[] r = truth.valuesOf(map);
    double inside = 0;
    for (int i = 0; i < r.length; i++) if (truth.contains(i)) inside += r[i];
    double sum = map.sum();
    return sum == 0 ? OptionalDouble.empty() : OptionalDouble.of(inside / sum);
  }

  /**
   * Returns the relevance rank accuracy (L. Arras et al., "CLEVR-XAI"): the share of the K = |s|
   * most relevant pixels that lie in s, the first in row order on ties.
   *
   * @return 0..1; empty if s is empty
   * @throws IllegalArgumentException if the map has another size than the truth
   */
  public static OptionalDouble rankAccuracy(Heatmap map, Region truth) {
    float[] r = truth.valuesOf(map);
    if (truth.area() == 0) return OptionalDouble.empty();
    int[] order = IntStream.range(0, r.length).toArray();
    IntArrays.stableSort(order, (a, b) -> Float.compare(r[b] + 0f, r[a] + 0f));
    long inside = IntStream.of(order).limit(truth.area()).filter(truth::contains).count();
    return OptionalDouble.of((double) inside / truth.area());
  }
}
