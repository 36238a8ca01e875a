package dev.hedgerow.attribution.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Heatmap;
import java.util.OptionalDouble;
import java.util.Random;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LocalisationTest {
  private static final Region BOTTOM = Maps.region(2, 2, 2, 3);

  /** The example of the evaluation's notes: N = [[0, 1/3], [2/3, 1]]. */
  @Test
  void outsideInsideByHand() {
    assertEquals(
        0.2, Localisation.outsideInside(Maps.map(2, 2, 1, 2, 3, 4), BOTTOM).orElseThrow(), 1e-15);
    assertEquals(
        5, Localisation.outsideInside(Maps.map(2, 2, 4, 3, 2, 1), BOTTOM).orElseThrow(), 1e-14);
    assertEquals(0, Localisation.outsideInside(Maps.map(2, 2, -1, -1, 0, 3), BOTTOM).orElseThrow());
  }

  @Test
  void outsideInsideMayBeUndefined() {
    Heatmap map = Maps.map(2, 2, 1, 2, 3, 4);
    assertTrue(Localisation.outsideInside(map, Maps.region(2, 2)).isEmpty());
    assertTrue(Localisation.outsideInside(map, Maps.region(2, 2, 0, 1, 2, 3)).isEmpty());
    assertTrue(Localisation.outsideInside(Maps.map(2, 2, 7, 7, 7, 7), BOTTOM).isEmpty());
    assertEquals(
        OptionalDouble.of(Double.POSITIVE_INFINITY),
        Localisation.outsideInside(Maps.map(2, 2, 1, 0, 0, 0), BOTTOM));
  }

  /** Quantus' definitions on numbers worked out beside it. */
  @Test
  void massAndRankByHand() {
    Heatmap map = Maps.map(3, 3, .1f, .4f, .3f, .9f, .2f, 0, .8f, .5f, .7f);
    Region truth = Maps.region(3, 3, 3, 6, 7);
    assertEquals(2.2 / 3.9, Localisation.massAccuracy(map, truth).orElseThrow(), 1e-7);
    assertEquals(2 / 3.0, Localisation.rankAccuracy(map, truth).orElseThrow());
  }

  @Test
  void massIsSignedAndMayBeUndefined() {
    assertEquals(-2, Localisation.massAccuracy(Maps.map(2, 2, 2, 1, -1, -1), BOTTOM).orElseThrow());
    assertTrue(Localisation.massAccuracy(Maps.map(2, 2, 2, -1, 0, -1), BOTTOM).isEmpty());
  }

  @Test
  void theFirstOfEqualPixelsRankHigher() {
    Heatmap map = Maps.map(2, 2, 5, -0f, 0, -1);
    assertEquals(0.5, Localisation.rankAccuracy(map, Maps.region(2, 2, 1, 2)).orElseThrow());
    assertEquals(0, Localisation.rankAccuracy(map, BOTTOM).orElseThrow());
    assertTrue(Localisation.rankAccuracy(map, Maps.region(2, 2)).isEmpty());
  }

  @Test
  void differencesInSizeAreRefused() {
    Heatmap map = Maps.map(1, 4, 1, 2, 3, 4);
    assertThrows(IllegalArgumentException.class, () -> Localisation.outsideInside(map, BOTTOM));
    assertThrows(IllegalArgumentException.class, () -> Localisation.massAccuracy(map, BOTTOM));
    assertThrows(IllegalArgumentException.class, () -> Localisation.rankAccuracy(map, BOTTOM));
  }

  /** N does not see a positive factor or an offset, and swapping the sides inverts the ratio. */
  @Property(tries = 200, seed = "62")
  void outsideInsideIsOfTheShape(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 6) int height,
      @ForAll @IntRange(min = 2, max = 6) int width,
      @ForAll @FloatRange(min = 0.25f, max = 8) float factor) {
    var random = new Random(seed);
    float[] values = Maps.gaussian(random, height * width);
    Region truth = Maps.region(random, height, width);
    boolean[] outside = new boolean[values.length];
    float[] moved = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      outside[i] = !truth.contains(i);
      moved[i] = values[i] * factor + 1;
    }
    double ratio = ratio(Maps.map(height, width, values), truth);
    Assume.that(ratio > 0 && Double.isFinite(ratio));
    assertEquals(ratio, ratio(Maps.map(height, width, moved), truth), 1e-4 * ratio);
    double swapped = ratio(Maps.map(height, width, values), Region.of(height, width, outside));
    assertEquals(1, ratio * swapped, 1e-12);
  }

  private static double ratio(Heatmap map, Region truth) {
    return Localisation.outsideInside(map, truth).orElseThrow();
  }

  /** The parts inside and outside add up; the best map of a truth is the truth. */
  @Property(tries = 200, seed = "63")
  void sharesAddUp(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 6) int height,
      @ForAll @IntRange(min = 2, max = 6) int width) {
    var random = new Random(seed);
    float[] values = Maps.gaussian(random, height * width);
    for (int i = 0; i < values.length; i++) values[i] = Math.abs(values[i]);
    Region truth = Maps.region(random, height, width);
    boolean[] outside = new boolean[values.length];
    float[] perfect = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      outside[i] = !truth.contains(i);
      perfect[i] = truth.contains(i) ? 1 + values[i] : 0;
    }
    Heatmap map = Maps.map(height, width, values);
    double inside = Localisation.massAccuracy(map, truth).orElseThrow();
    double rest = Localisation.massAccuracy(map, Region.of(height, width, outside)).orElseThrow();
    assertEquals(1, inside + rest, 1e-12);
    double rank = Localisation.rankAccuracy(map, truth).orElseThrow();
    assertTrue(rank >= 0 && rank <= 1);
    Heatmap best = Maps.map(height, width, perfect);
    assertEquals(1, Localisation.massAccuracy(best, truth).orElseThrow(), 1e-12);
    assertEquals(1, Localisation.rankAccuracy(best, truth).orElseThrow());
    assertEquals(0, ratio(best, truth));
    assertTrue(PointingGame.STANDARD.hits(best, truth));
  }

  @Test
  void averagesLeaveOutWhatIsUndefined() {
    var average = new Average();
    assertTrue(Double.isNaN(average.mean()));
    average.add(OptionalDouble.empty());
    average.add(OptionalDouble.of(Double.POSITIVE_INFINITY));
    average.add(OptionalDouble.of(1));
    average.add(4);
    assertEquals(2.5, average.mean());
    assertEquals(2, average.count());
    assertEquals(2, average.leftOut());
    assertFalse(Double.isNaN(average.mean()));
  }
}
