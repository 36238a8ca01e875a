package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HeatmapTest {
  private static final ColourMap SEISMIC = ColourMap.SEISMIC;

  private static Heatmap map(int height, int width, float... values) {
    return Heatmap.of(Tensor.of(Shape.of(height, width), values));
  }

  @Test
  void describesTheMap() {
    Heatmap map = map(2, 3, 0, -4, 0.5f, 2, 2, -0.25f);
    assertEquals(2, map.height());
    assertEquals(3, map.width());
    assertEquals(0.25, map.sum());
    assertEquals(3 / 6.0, map.positiveRatio());
    assertEquals(2, map.maximum());
    assertEquals(-4, map.minimum());
    assertEquals(4, map.scale());
    assertEquals(new Heatmap.Position(1, 0), map.argMax(), "the first of two");
  }

  @Test
  void sumsInDoublePrecision() {
    float[] values = new float[1 << 20];
    Arrays.fill(values, 0.1f);
    values[0] = 1e8f;
    assertEquals(1e8 + (values.length - 1) * (double) 0.1f, map(1 << 10, 1 << 10, values).sum(), 1);
  }

  @Test
  void coloursAreSymmetricAboutZero() {
    int[] colours = map(1, 5, -2, -1, 0, 1, 2).colours(SEISMIC);
    int[] expected = {0, 64, 128, 192, 255};
    for (int i = 0; i < expected.length; i++) {
      assertEquals(SEISMIC.colour(expected[i]), colours[i], "pixel " + i);
    }
  }

  @Test
  void aMapWithoutNegativePartsKeepsZeroInTheMiddle() {
    int[] colours = map(1, 2, 0, 3).colours(SEISMIC);
    assertArrayEquals(new int[] {SEISMIC.colour(128), SEISMIC.colour(255)}, colours);
  }

  @Test
  void anEmptyMapHasTheMiddleColour() {
    int[] colours = map(2, 2, 0, -0f, 0, 0).colours(SEISMIC);
    for (int colour : colours) assertEquals(SEISMIC.colour(128), colour);
  }

  @Test
  void aScaleMayEndBeforeTheLargestMagnitudeOrBeyond() {
    Heatmap map = map(1, 4, -2, -1, 0, 0.5f);
    int[] narrow = map.colours(SEISMIC, 1);
    int[] wide = map.colours(SEISMIC, 4);
    int[][] expected = {{0, 0, 128, 192}, {64, 96, 128, 144}};
    for (int i = 0; i < 4; i++) {
      assertEquals(SEISMIC.colour(expected[0][i]), narrow[i], "pixel " + i);
      assertEquals(SEISMIC.colour(expected[1][i]), wide[i], "pixel " + i);
    }
    int[] grey = {0x646464, 0x646464, 0x646464, 0x646464};
    int[] overlay = map.overlay(grey, SEISMIC, 1);
    assertEquals(overlay[0], overlay[1], "beyond the end the opacity stays, too");
    assertEquals(0x646464, overlay[2]);
  }

  @Test
  void percentilesAreNumpys() {
    // numpy.percentile(numpy.abs([...]), q) by hand: ranks 0, 1, 2, 3 hold 0, 1, 2, 4.
    Heatmap map = map(2, 2, -4, 1, 0, 2);
    assertEquals(0, map.percentile(0));
    assertEquals(1.5, map.percentile(50), 1e-15);
    assertEquals(3.4, map.percentile(90), 1e-12);
    assertEquals(4, map.percentile(100));
    assertEquals(7, map(1, 1, -7).percentile(99));
    for (double bad : new double[] {-1, 100.5, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> map.percentile(bad));
    }
  }

  @Test
  void denormalsAndLargestFloatsHaveColours() {
    assertEquals(SEISMIC.colour(255), map(1, 1, Float.MIN_VALUE).colours(SEISMIC)[0]);
    assertArrayEquals(
        new int[] {SEISMIC.colour(255), SEISMIC.colour(0)},
        map(1, 2, Float.MAX_VALUE, -Float.MAX_VALUE).colours(SEISMIC));
  }

  @Test
  void refusesWhatIsNoMap() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      var wrong = assertThrows(IllegalArgumentException.class, () -> map(2, 2, 0, 1, 2, bad));
      assertEquals("heatmap: " + bad + " at row 1, column 1", wrong.getMessage());
    }
    Tensor image = Tensor.zeros(Shape.of(1, 1, 2, 2));
    assertThrows(IllegalArgumentException.class, () -> Heatmap.of(image));
    Tensor empty = Tensor.zeros(Shape.of(0, 2));
    assertThrows(IllegalArgumentException.class, () -> Heatmap.of(empty));
  }

  @Test
  void overlayShowsThePictureWhereThereIsNoRelevance() {
    int grey = 0x646464;
    int red = 0xff0000;
    int[] overlay = map(1, 4, 0, 1, -1, 0.125f).overlay(new int[] {red, grey, grey, grey}, SEISMIC);
    int luma = 76; // 0.299 · 255
    assertEquals(luma << 16 | luma << 8 | luma, overlay[0]);
    // A quarter of grey 100, three quarters of (128, 0, 0) and (0, 0, 76).
    assertEquals(121 << 16 | 25 << 8 | 25, overlay[1]);
    assertEquals(25 << 16 | 25 << 8 | 82, overlay[2]);
    // Opacity 3/4 · 0.125^(2/3) = 3/16 of the colour of (1 + 0.125) / 2.
    assertEquals(0xee0000, SEISMIC.signed(0.5625));
    assertEquals(126 << 16 | 81 << 8 | 81, overlay[3]);
  }

  @Test
  void overlayNeedsAPictureOfItsSize() {
    assertThrows(
        IllegalArgumentException.class, () -> map(1, 2, 0, 1).overlay(new int[3], SEISMIC));
  }

  @Test
  void resizesBetweenPixelCentres() {
    Heatmap map = map(1, 2, 0, 4).resized(1, 4);
    assertArrayEquals(new float[] {0, 1, 3, 4}, map.toTensor().toArray());
    assertEquals(Shape.of(1, 4), map.toTensor().shape());
  }

  /** TorchRay's kernel for σ = 1, and a map smoothed by it. */
  @Test
  void smoothing() {
    double[] kernel = Smoothing.kernel(1);
    double[] half = {.000133831, .004431862, .053991127, .241971446, .398943469};
    assertEquals(9, kernel.length);
    for (int i = 0; i < 9; i++) assertEquals(half[4 - Math.abs(i - 4)], kernel[i], 1e-9);
    KnownAnswers.assertClose(
        "smooth 3x5 sigma 1", Smoothing.gaussian(Det.tensor(50, 3, 5), 1).toArray(), 1e-6);
  }
}
