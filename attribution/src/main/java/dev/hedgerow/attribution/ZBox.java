package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.Contributions.box;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * The rule z^B (Montavon et al., deep Taylor decomposition, Eq. 15) of a layer that reads pixels of
 * a box {@code l ≤ x ≤ h}:
 *
 * <pre>R_i = Σ_j c_ij (R_j ⊘ Σ_k c_kj),   c = (x − l) w⁺ + (x − h) w⁻</pre>
 *
 * This equals the usual form {@code x w − l w⁺ − h w⁻}, but inside the box every c is at least 0,
 * so its zero is exact and a constant image yields no rounding noise. The bias takes nothing; it
 * conserves ΣR where the denominator is not 0.
 *
 * @param low l, the smallest value a pixel may have after preprocessing
 * @param high h, the largest
 */
public record ZBox(float low, float high) implements JointLinearRule {
  /** The box of the image itself: its smallest and its largest value over channels and pixels. */
  public static final LinearRule OF_IMAGE =
      (JointLinearRule) (engine, layer, x, rs) -> ofImage(engine, x).shareAll(engine, layer, x, rs);

  public ZBox {
    if (!(low <= high)) {
      throw new IllegalArgumentException("a box from " + low + " to " + high);
    }
  }

  private static ZBox ofImage(Engine engine, Tensor x) {
    return new ZBox(Reductions.minimum(engine, x), Reductions.maximum(engine, x));
  }

  @Override
  public List<Tensor> shareAll(Engine engine, LinearMap layer, Tensor x, List<Tensor> rs) {
    return box(engine, layer, x, low, high).shareAll(engine, layer.withoutBias(), rs, 0);
  }
}
