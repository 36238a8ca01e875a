package dev.hedgerow.attribution.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Heatmap;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PointingGameTest {
  /** The object is the pixel (20, 20); 9² + 12² = 15². */
  @ParameterizedTest
  @CsvSource({
    "20, 20, true",
    "20, 34, true",
    "20, 35, false",
    "5, 20, false",
    "6, 20, true",
    "11, 32, false",
    "12, 32, true",
    "29, 8, false",
    "39, 39, false"
  })
  void aDistanceOfExactlyTheToleranceIsAMiss(int y, int x, boolean hit) {
    Region truth = Maps.region(40, 40, 20 * 40 + 20);
    assertEquals(hit, PointingGame.STANDARD.hits(Maps.peak(40, 40, y, x), truth));
  }

  @Test
  void theFirstOfEqualMaximaPoints() {
    var game = new PointingGame(1);
    Heatmap map = Maps.map(2, 2, 0, 3, 3, -9);
    assertTrue(game.hits(map, Maps.region(2, 2, 1)));
    assertFalse(game.hits(map, Maps.region(2, 2, 2)));
  }

  @Test
  void anEmptyTruthIsMissed() {
    assertFalse(PointingGame.STANDARD.hits(Maps.peak(3, 3, 1, 1), Maps.region(3, 3)));
  }

  @Test
  void theToleranceScales() {
    assertEquals(15, PointingGame.scaledTo(375, 500).tolerance());
    assertEquals(2.88, PointingGame.scaledTo(96, 64).tolerance(), 1e-12);
  }

  @Test
  void smoothingPrefersManyNeighboursToOnePeak() {
    // 100 wide: σ = 2. A lone 1 against a block of 0.5.
    float[] values = new float[100 * 100];
    values[10 * 100 + 10] = 1;
    for (int y = 60; y < 70; y++) for (int x = 60; x < 70; x++) values[y * 100 + x] = 0.5f;
    Heatmap map = Maps.map(100, 100, values);
    assertEquals(new Heatmap.Position(10, 10), map.argMax());
    Heatmap smoothed = PointingGame.smoothed(map);
    assertEquals(new Heatmap.Position(64, 64), smoothed.argMax());
    // The middle of the kernel is 1 / Σ exp(−i²/8) for |i| ≤ 8, in both directions.
    double sum = 1;
    for (int i = 1; i <= 8; i++) sum += 2 * Math.exp(-i * i / 8.0);
    assertEquals(1 / (sum * sum), smoothed.toTensor().toArray()[10 * 100 + 10], 1e-8);
  }

  @Test
  void differencesInSizeAreRefused() {
    var wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> PointingGame.STANDARD.hits(Maps.peak(3, 2, 0, 0), Maps.region(2, 3)));
    assertEquals("region: a map of 3 x 2 for a truth of 2 x 3", wrong.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new PointingGame(0));
    assertThrows(IllegalArgumentException.class, () -> new PointingGame(Double.NaN));
  }

  /** Against the distance to every pixel of the object. */
  @Property(tries = 200, seed = "61")
  void hitsWhereSomePixelIsNear(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll @IntRange(min = 1, max = 9) int width,
      @ForAll @DoubleRange(min = 0.1, max = 6) double tolerance) {
    var random = new Random(seed);
    boolean[] inside = new boolean[height * width];
    inside[random.nextInt(inside.length)] = true;
    inside[random.nextInt(inside.length)] = true;
    int y = random.nextInt(height);
    int x = random.nextInt(width);
    double nearest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < inside.length; i++) {
      if (inside[i]) nearest = Math.min(nearest, Math.hypot(i / width - y, i % width - x));
    }
    assertEquals(
        nearest < tolerance,
        new PointingGame(tolerance)
            .hits(Maps.peak(height, width, y, x), Region.of(height, width, inside)));
  }

  @Test
  void difficultIsSmallAndDistracted() {
    List<Box> quarter = List.of(new Box(0, 0, 9, 4), new Box(0, 0, 9, 4));
    assertFalse(PointingGame.isDifficult(20, 20, quarter, true), "100 of 400, twice counted");
    assertTrue(PointingGame.isDifficult(20, 20, quarter.subList(0, 1), true));
    assertFalse(PointingGame.isDifficult(20, 20, quarter.subList(0, 1), false));
  }

  @Test
  void classesCountEqually() {
    var score = new PointingScore(4);
    for (int i = 0; i < 8; i++) score.add(0, true);
    score.add(1, true);
    score.add(1, false);
    score.add(3, false);
    assertEquals(11, score.trials());
    assertEquals(1.5 / 4, score.mean(), "class 2 has no trial and counts as 0");
    assertEquals(1.5 / 3, score.meanOfTried());
    assertTrue(Double.isNaN(new PointingScore(2).meanOfTried()));
    assertEquals(0, new PointingScore(2).mean());
  }

  @Test
  void predictedIsAboveAHalfOrElseTheBest() {
    assertEquals("{0, 2}", Predicted.of(new float[] {0, -1e-6f, 4}).toString());
    assertEquals("{1}", Predicted.of(new float[] {-3, -1, -2, -1}).toString());
  }

  @Test
  void boxesAreInclusiveAndCutAtTheImage() {
    Region region =
        Region.ofBoxes(
            3, 4, List.of(new Box(1, 0, 1, 0), new Box(2, 1, 9, 9), new Box(3, 2, 3, 2)));
    assertEquals(1 + 4, region.area());
    assertTrue(region.contains(0, 1));
    assertFalse(region.contains(0, 0));
    assertTrue(region.contains(2, 3));
    assertEquals(1, new Box(1, 0, 1, 0).area());
    assertThrows(IllegalArgumentException.class, () -> new Box(2, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> Region.of(2, 2, new boolean[3]));
  }
}
