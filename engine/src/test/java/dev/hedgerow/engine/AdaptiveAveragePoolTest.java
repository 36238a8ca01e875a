package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertClose;
import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static dev.hedgerow.engine.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AdaptiveAveragePoolTest {
  private final Engine engine = Engine.sequential();

  @Property(tries = 300, seed = "61")
  void bothDirectionsEqualTheNaiveLoop(
      @ForAll @IntRange(min = 1, max = 2) int batch,
      @ForAll @IntRange(min = 1, max = 20) int channels,
      @ForAll @IntRange(min = 1, max = 15) int rows,
      @ForAll @IntRange(min = 1, max = 15) int columns,
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll @IntRange(min = 1, max = 9) int width,
      @ForAll int seed) {
    var random = new Random(seed);
    Shape input = Shape.of(batch, channels, rows, columns);
    Shape output = Shape.of(batch, channels, height, width);
    float[] x = Samples.gaussians(random, input.size());
    float[] s = Samples.gaussians(random, output.size());
    double[] y = new double[output.size()];
    double[] yMagnitudes = new double[output.size()];
    double[] r = new double[input.size()];
    double[] rMagnitudes = new double[input.size()];
    int at = 0;
    for (int plane = 0; plane < batch * channels; plane++) {
      for (int oy = 0; oy < height; oy++) {
        for (int ox = 0; ox < width; ox++, at++) {
          int top = (int) Math.floor((double) oy * rows / height);
          int bottom = (int) Math.ceil((double) (oy + 1) * rows / height);
          int left = (int) Math.floor((double) ox * columns / width);
          int right = (int) Math.ceil((double) (ox + 1) * columns / width);
          double divisor = (bottom - top) * (right - left);
          for (int i = top; i < bottom; i++) {
            for (int j = left; j < right; j++) {
              int from = (plane * rows + i) * columns + j;
              y[at] += x[from] / divisor;
              yMagnitudes[at] += Math.abs(x[from]) / divisor;
              r[from] += s[at] / divisor;
              rMagnitudes[from] += Math.abs(s[at]) / divisor;
            }
          }
        }
      }
    }
    var pool = new AdaptiveAveragePool(height, width);
    assertEquals(output, pool.outputShape(input));
    for (var view : new WeightView[] {WeightView.PLAIN, WeightView.ABSOLUTE, WeightView.POSITIVE}) {
      assertClose(y, yMagnitudes, 60, pool.forward(engine, view, Tensor.of(input, x)));
      assertClose(r, rMagnitudes, 60, pool.reverse(engine, view, Tensor.of(output, s), input));
    }
    Tensor zeros = pool.forward(engine, WeightView.NEGATIVE, Tensor.of(input, x));
    assertValues(zeros, output, new float[s.length]);
    assertValues(
        pool.reverse(engine, WeightView.NEGATIVE, zeros, input), input, new float[x.length]);
  }

  @Property(tries = 100, seed = "62")
  void directionsAreAdjoint(
      @ForAll @IntRange(min = 1, max = 20) int channels,
      @ForAll @IntRange(min = 1, max = 15) int rows,
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll WeightView view,
      @ForAll int seed) {
    Samples.assertAdjoint(
        engine,
        new AdaptiveAveragePool(height, 3),
        view,
        Shape.of(2, channels, rows, 7),
        new Random(seed));
  }

  @Test
  void windowsOfSizesThatDoNotDivideOverlap() {
    // Windows of 5 to 3: rows 0-1, 1-3, 3-4.
    Tensor y =
        new AdaptiveAveragePool(1, 3)
            .forward(engine, WeightView.PLAIN, Tensor.of(Shape.of(1, 1, 1, 5), 2, 4, 6, 11, 13));
    assertClose(new double[] {3, 7, 12}, new double[] {3, 7, 12}, 4, y);
  }

  @Test
  void oneByOneIsTheGlobalMean() {
    Tensor y =
        new AdaptiveAveragePool(1, 1).forward(engine, WeightView.PLAIN, counting(1, 2, 2, 2));
    assertValues(y, Shape.of(1, 2, 1, 1), 2.5f, 6.5f);
    assertValues(
        new AdaptiveAveragePool(1, 1).reverse(engine, WeightView.PLAIN, y, Shape.of(1, 2, 2, 2)),
        Shape.of(1, 2, 2, 2),
        new float[] {.625f, .625f, .625f, .625f, 1.625f, 1.625f, 1.625f, 1.625f});
  }

  @Test
  void aLargerOutputRepeatsPixels() {
    assertValues(
        new AdaptiveAveragePool(1, 4)
            .forward(engine, WeightView.PLAIN, Tensor.of(Shape.of(1, 1, 1, 2), 3, 5)),
        Shape.of(1, 1, 1, 4),
        3,
        3,
        5,
        5);
  }

  @Test
  void mismatchesAreNamed() {
    assertRefused(
        "adaptive average pool: output 0x1, expected at least 1x1",
        () -> new AdaptiveAveragePool(0, 1));
    assertRefused(
        "adaptive average pool: input is [1, 3, 0, 2], expected [N, C, H, W]",
        () -> new AdaptiveAveragePool(1, 1).outputShape(Shape.of(1, 3, 0, 2)));
  }
}
