package dev.hedgerow.attribution.metrics;

import dev.hedgerow.attribution.Heatmap;

/**
 * Maps taken for segmentations into background and object, over many images.
 *
 * <p>There are two protocols. {@link #hard} is that of Attribution-Guided Factorization: R above a
 * threshold is object, and the scores that average precision ranks are these decisions, 0 and 1.
 * {@link #soft} is that of Chefer et al.: the map scaled to {@code N = (R − min R) / (max R − min
 * R)} is cut at its own mean, and average precision ranks 1 − N for background and N for object.
 * Both flatten the two classes of an image into one ranking of 2 H W scores, so that in the hard
 * protocol an image with a share a of its pixels right has average precision {@code a² + (1 − a) /
 * 2}.
 *
 * <p>Not safe for use by several threads.
 */
public final class Segmentation {
  private final boolean soft;
  private final double threshold;
  private long images;
  private double precisions;
  private long pixels;

  // Of background and object, over all images.
  private final long[] intersection = new long[2];
  private final long[] union = new long[2];

  private Segmentation(boolean soft, double threshold) {
    this.soft = soft;
    this.threshold = threshold;
  }

  /** Begins a score in which what is above a threshold is object; AGF's threshold is 0. */
  public static Segmentation hard(double threshold) {
    return new Segmentation(false, threshold);
  }

  /** Begins a score of maps scaled to 0..1. A constant map becomes 0, and is all background. */
  public static Segmentation soft() {
    return new Segmentation(true, 0);
  }

  /**
   * Scores one more map.
   *
   * @throws IllegalArgumentException if the map has another size than the truth
   */
  public void add(Heatmap map, Region truth) {
    float[] r = truth.valuesOf(map);
    double[] object = new double[r.length];
    for (int i = 0; i < r.length; i++) object[i] = soft ? scaled(r[i], map) : r[i];
    double cut = threshold;
    if (soft) {
      double sum = 0;
      for (double value : object) sum += value;
      cut = sum / object.length;
    }
    double[] scores = new double[2 * r.length];
    boolean[] positive = new boolean[2 * r.length];
    for (int i = 0; i < r.length; i++) {
      boolean found = object[i] > cut;
      boolean inside = truth.contains(i);
      count(found, inside);
      double score = soft ? object[i] : found ? 1 : 0;
      scores[i] = 1 - score;
      scores[r.length + i] = score;
      positive[i] = !inside;
      positive[r.length + i] = inside;
    }
    images++;
    pixels += r.length;
    precisions += AveragePrecision.of(scores, positive);
  }

  private static double scaled(float value, Heatmap map) {
    double range = (double) map.maximum() - map.minimum();
    return range == 0 ? 0 : ((double) value - map.minimum()) / range;
  }

  private void count(boolean found, boolean inside) {
    int predicted = found ? 1 : 0;
    int right = inside ? 1 : 0;
    union[right]++;
    if (predicted == right) intersection[right]++;
    else union[predicted]++;
  }

  /** Returns the number of images. */
  public long images() {
    return images;
  }

  /** Returns the share of the pixels of all images that are right; NaN without an image. */
  public double pixelAccuracy() {
    return (double) (intersection[0] + intersection[1]) / pixels;
  }

  /** Returns the mean over images of average precision; NaN without an image. */
  public double meanAveragePrecision() {
    return precisions / images;
  }

  /**
   * Returns the mean over background and object of {@code Σ intersection / Σ union}, the sums being
   * over images; 0 for a class that is nowhere.
   */
  public double meanIntersectionOverUnion() {
    double sum = 0;
    for (int k = 0; k < 2; k++) sum += (double) intersection[k] / Math.max(1, union[k]);
    return sum / 2;
  }
}
