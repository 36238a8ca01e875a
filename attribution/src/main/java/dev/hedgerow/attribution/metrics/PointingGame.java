package dev.hedgerow.attribution.metrics;

import dev.hedgerow.attribution.Heatmap;
import java.util.List;

/**
 * The pointing game (J. Zhang et al., "Top-down Neural Attention by Excitation Backprop"), as
 * TorchRay plays it: a map points at its largest value, the first in row order on ties, and hits
 * where some pixel of the class lies nearer than the tolerance:
 *
 * <pre>hit = ∃ (y, x) ∈ truth : (y − y*)² + (x − x*)² &lt; tolerance²</pre>
 *
 * A distance of exactly the tolerance is a miss. {@link PointingScore} counts.
 *
 * @param tolerance in pixels of the image, above 0
 */
public record PointingGame(double tolerance) {
  /** The tolerance of Pascal VOC and COCO, whose pictures are about 500 pixels long. */
  public static final PointingGame STANDARD = new PointingGame(15);

  private static final double STANDARD_LENGTH = 500;

  /** σ of {@link #smoothed}, in lengths of the longer side. */
  private static final double SIGMA = 0.02;

  /** The class's boxes of a difficult question cover less than this of the image. */
  private static final double DIFFICULT = 0.25;

  /**
   * Checks the tolerance.
   *
   * @throws IllegalArgumentException if it is not above 0
   */
  public PointingGame {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("tolerance is " + tolerance + ", expected above 0");
    }
  }

  /**
   * Returns the game for images of another size than VOC's, with a tolerance of the same share of
   * the longer side: {@code 15 · max(H, W) / 500}.
   */
  public static PointingGame scaledTo(int height, int width) {
    return new PointingGame(STANDARD.tolerance * Math.max(height, width) / STANDARD_LENGTH);
  }

  /**
   * Returns a map smoothed with a Gaussian of {@code σ = 0.02 max(H, W)}, as TorchRay does before
   * the largest value is looked for with methods of the gradient's family, whose maps are noisy.
   *
   * @param map at the size of the image
   */
  public static Heatmap smoothed(Heatmap map) {
    return map.smoothed(SIGMA * Math.max(map.height(), map.width()));
  }

  /**
   * Returns whether a map hits.
   *
   * @param map at the size of the truth
   * @throws IllegalArgumentException if it has another
   */
  public boolean hits(Heatmap map, Region truth) {
    truth.valuesOf(map);
    Heatmap.Position point = map.argMax();
    int reach = (int) Math.min(Math.ceil(tolerance), (double) truth.height() + truth.width());
    int bottom = Math.min(point.y() + reach, truth.height() - 1);
    int right = Math.min(point.x() + reach, truth.width() - 1);
    for (int y = Math.max(point.y() - reach, 0); y <= bottom; y++) {
      for (int x = Math.max(point.x() - reach, 0); x <= right; x++) {
        double dy = y - point.y();
        double dx = x - point.x();
        if (dy * dy + dx * dx < tolerance * tolerance && truth.contains(y, x)) return true;
      }
    }
    return false;
  }

  /**
   * Returns whether a class is difficult in an image, by the rule of the game's paper: its boxes
   * are small, {@code Σ area < H W / 4}, and another class is there to distract. The benchmarks of
   * VOC and COCO have published lists instead, which this rule does not reproduce exactly: say
   * "recomputed" of what is scored with it.
   *
   * @param boxes of the class; where they overlap they count several times
   * @param distracted whether the image holds another class
   */
  public static boolean isDifficult(int height, int width, List<Box> boxes, boolean distracted) {
    long area = boxes.stream().mapToLong(Box::area).sum();
    return distracted && area < DIFFICULT * height * width;
  }
}
