package dev.hedgerow.attribution.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SegmentationTest {
  /** scikit-learn's numbers. */
  @Test
  void averagePrecisionByHand() {
    assertEquals(
        0.8333333333,
        AveragePrecision.of(
            new double[] {.1, .4, .35, .8}, new boolean[] {false, false, true, true}),
        1e-10);
    assertEquals(
        0.8333333333,
        AveragePrecision.of(
            new double[] {.9, .8, .7, .6, .5}, new boolean[] {true, false, true, false, false}),
        1e-10);
    assertEquals(
        0.5,
        AveragePrecision.of(new double[] {1, 1, 1, 1}, new boolean[] {true, false, true, false}));
    assertEquals(0, AveragePrecision.of(new double[] {1, 2}, new boolean[] {false, false}));
    assertThrows(
        IllegalArgumentException.class,
        () -> AveragePrecision.of(new double[] {1}, new boolean[2]));
  }

  /** Against precision and recall counted anew at every threshold. */
  @Property(tries = 200, seed = "64")
  void averagePrecisionIsTheAreaUnderTheCurve(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int size) {
    var random = new Random(seed);
    double[] scores = new double[size];
    boolean[] positive = new boolean[size];
    for (int i = 0; i < size; i++) {
      scores[i] = random.nextInt(8);
      positive[i] = random.nextBoolean();
    }
    double area = 0;
    double recall = 0;
    for (int threshold = 7; threshold >= 0; threshold--) {
      int taken = 0;
      int hits = 0;
      int all = 0;
      for (int i = 0; i < size; i++) {
        if (positive[i]) all++;
        if (scores[i] < threshold) continue;
        taken++;
        if (positive[i]) hits++;
      }
      if (taken == 0 || all == 0) continue;
      area += ((double) hits / all - recall) * hits / taken;
      recall = (double) hits / all;
    }
    assertEquals(area, AveragePrecision.of(scores, positive), 1e-12);
  }

  @Test
  void hardByHand() {
    Segmentation score = Segmentation.hard(0);
    // Right: three of four.
    score.add(Maps.map(2, 2, 0, 1, 2, -3), Maps.region(2, 2, 1, 2, 3));
    assertEquals(0.75, score.pixelAccuracy());
    assertEquals(0.6875, score.meanAveragePrecision(), 1e-15);
    // Background 1 of 2, object 2 of 3.
    assertEquals((1 / 2.0 + 2 / 3.0) / 2, score.meanIntersectionOverUnion(), 1e-15);
    // All wrong: nothing is shared, and the unions grow by all four pixels.
    score.add(Maps.map(2, 2, 1, 1, -1, -1), Maps.region(2, 2, 2, 3));
    assertEquals(3 / 8.0, score.pixelAccuracy());
    assertEquals((0.6875 + 0.5) / 2, score.meanAveragePrecision(), 1e-15);
    assertEquals((1 / 6.0 + 2 / 7.0) / 2, score.meanIntersectionOverUnion(), 1e-15);
    assertEquals(2, score.images());
  }

  /** N = [0, 1/4, 1/2, 1], of mean 7/16. */
  @Test
  void softByHand() {
    Segmentation score = Segmentation.soft();
    score.add(Maps.map(2, 2, -1, 0, 1, 3), Maps.region(2, 2, 1, 3));
    // Object where 1/2 and 1 are: one of two is right, on either side.
    assertEquals(1 / 2.0, score.pixelAccuracy());
    assertEquals(1 / 3.0, score.meanIntersectionOverUnion(), 1e-15);
    // Background scores 1, 3/4, 1/2, 0 with truth 1 0 1 0; object 0, 1/4, 1/2, 1 with 0 1 0 1.
    // At 1: 2 of 2; at 3/4: 2 of 3; at 1/2: 3 of 5; at 1/4: 4 of 6; at 0: 4 of 8.
    assertEquals(
        (2 / 4.0) * 1 + (1 / 4.0) * (3 / 5.0) + (1 / 4.0) * (4 / 6.0),
        score.meanAveragePrecision(),
        1e-15);
  }

  @Test
  void aConstantMapIsBackground() {
    Segmentation score = Segmentation.soft();
    score.add(Maps.map(1, 3, 2, 2, 2), Maps.region(1, 3, 1));
    assertEquals(2 / 3.0, score.pixelAccuracy());
    assertEquals((2 / 3.0 + 0) / 2, score.meanIntersectionOverUnion(), 1e-15);
    assertTrue(Double.isNaN(Segmentation.soft().pixelAccuracy()));
  }

  /**
   * AP = a² + (1 − a)/2 of binary, complementary scores; the AP of an image that is all right is 1.
   */
  @Property(tries = 200, seed = "65")
  void hardAveragePrecisionIsAFunctionOfAccuracy(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 6) int height,
      @ForAll @IntRange(min = 2, max = 6) int width) {
    var random = new Random(seed);
    Segmentation score = Segmentation.hard(0);
    score.add(
        Maps.map(height, width, Maps.gaussian(random, height * width)),
        Maps.region(random, height, width));
    double a = score.pixelAccuracy();
    assertEquals(a * a + (1 - a) / 2, score.meanAveragePrecision(), 1e-12);
    double iou = score.meanIntersectionOverUnion();
    assertTrue(iou <= a + 1e-12, "IoU " + iou + " is at most accuracy " + a);
  }
}
