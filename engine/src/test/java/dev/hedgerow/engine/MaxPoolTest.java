package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertPaddingLanesAreZero;
import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static dev.hedgerow.engine.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.PoolCases.Case;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MaxPoolTest {
  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<Case> cases() {
    return PoolCases.all();
  }

  /** Integers of a small range, so that ties are frequent. */
  @Property(tries = 500, seed = "41")
  void equalsTheNaiveLoop(@ForAll("cases") Case c) {
    var random = new Random(c.seed());
    float[] x = Samples.integers(random, c.input().size());
    float[] s = Samples.integers(random, c.output().size());
    int[] winners = new int[s.length];
    int[] pixels = new int[s.length];
    Arrays.fill(winners, -1);
    Arrays.fill(pixels, -1);
    PoolCases.visit(
        c,
        (output, input, pixel) -> {
          if (input < 0 || (winners[output] >= 0 && x[input] <= x[winners[output]])) return;
          winners[output] = input;
          pixels[output] = pixel;
        });
    float[] y = new float[s.length];
    float[] dx = new float[x.length];
    for (int i = 0; i < s.length; i++) {
      if (winners[i] < 0) continue;
      y[i] = x[winners[i]];
      dx[winners[i]] += s[i];
    }
    var pool = new MaxPool(c.window(), c.ceil());
    Tensor input = Tensor.of(c.input(), x);
    assertEquals(c.output(), pool.outputShape(c.input()));
    assertValues(pool.forward(engine, input), c.output(), y);
    assertArrayEquals(pixels, pool.argMax(engine, input));
    Tensor reversed = pool.reverse(engine, Tensor.of(c.output(), s), input);
    assertEquals(c.input(), reversed.shape());
    float[] values = reversed.toArray();
    for (int i = 0; i < dx.length; i++) assertEquals(dx[i] + 0f, values[i] + 0f);
    assertPaddingLanesAreZero(reversed);
  }

  @Property(tries = 300, seed = "42")
  void tiesShareEqually(@ForAll("cases") Case c) {
    var random = new Random(c.seed());
    float[] x = Samples.integers(random, c.input().size());
    float[] s = Samples.integers(random, c.output().size());
    var pool = new MaxPool(c.window(), c.ceil());
    Tensor input = Tensor.of(c.input(), x);
    float[] y = pool.forward(engine, input).toArray();
    int[] ties = new int[s.length];
    PoolCases.visit(
        c,
        (output, at, pixel) -> {
          if (at >= 0 && x[at] == y[output]) ties[output]++;
        });
    double[] expected = new double[x.length];
    PoolCases.visit(
        c,
        (output, at, pixel) -> {
          if (at >= 0 && x[at] == y[output]) expected[at] += (double) s[output] / ties[output];
        });
    Tensor shared = pool.reverseShared(engine, Tensor.of(c.output(), s), input);
    float[] values = shared.toArray();
    // Up to 25 shares of up to 8 add up.
    for (int i = 0; i < expected.length; i++) assertEquals(expected[i], values[i], 1e-4);
    assertPaddingLanesAreZero(shared);
  }

  @Test
  void onnxExamples() {
    Tensor square = counting(1, 1, 4, 4);
    assertValues(
        new MaxPool(Window.of(3, 2, 0), true).forward(engine, square),
        Shape.of(1, 1, 2, 2),
        new float[] {11, 12, 15, 16});
    assertValues(
        new MaxPool(new Window(2, 2, 1, 1, 2, 2, 0, 0, 0, 0), false).forward(engine, square),
        Shape.of(1, 1, 2, 2),
        new float[] {11, 12, 15, 16});
    float[] padded = {
      13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25, 23, 24, 25,
      25, 25
    };
    assertValues(
        new MaxPool(Window.of(5, 1, 2), false).forward(engine, counting(1, 1, 5, 5)),
        Shape.of(1, 1, 5, 5),
        padded);
  }

  @Test
  void paddingNeverWins() {
    Tensor x = Tensor.of(Shape.of(1, 1, 2, 2), -5, -7, -6, -8);
    var pool = new MaxPool(Window.of(3, 2, 1), true);
    assertValues(pool.forward(engine, x), Shape.of(1, 1, 2, 2), -5, -7, -6, -8);
    assertArrayEquals(new int[] {0, 1, 2, 3}, pool.argMax(engine, x));
  }

  @Test
  void aWindowOfNothingButPaddingGivesZero() {
    // Taps at -2 and 2 of an image of one pixel.
    var pool = new MaxPool(new Window(2, 1, 1, 1, 4, 1, 2, 0, 2, 0), false);
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 1), -3);
    assertValues(pool.forward(engine, x), Shape.of(1, 1, 1, 1), 0);
    assertArrayEquals(new int[] {-1}, pool.argMax(engine, x));
    assertValues(
        pool.reverse(engine, Tensor.of(Shape.of(1, 1, 1, 1), 9), x), Shape.of(1, 1, 1, 1), 0);
  }

  @Test
  void tiesAndZerosGoToTheFirstInScanOrder() {
    var pool = new MaxPool(Window.of(2, 2, 0), false);
    Tensor x = Tensor.of(Shape.of(1, 1, 2, 6), 0, 0, 1, 2, 5, 5, 0, 0, 2, 2, 5, 5);
    assertArrayEquals(new int[] {0, 3, 4}, pool.argMax(engine, x));
    Tensor s = Tensor.of(Shape.of(1, 1, 1, 3), 7, 8, 9);
    assertValues(
        pool.reverse(engine, s, x),
        Shape.of(1, 1, 2, 6),
        new float[] {7, 0, 0, 8, 9, 0, 0, 0, 0, 0, 0, 0});
  }

  @Test
  void overlapsAdd() {
    var pool = new MaxPool(Window.of(3, 1, 0), false);
    Tensor x = Tensor.of(Shape.of(1, 1, 3, 4), 0, 1, 2, 3, 4, 5, 20, 6, 7, 8, 9, 10);
    assertValues(
        pool.reverse(engine, Tensor.of(Shape.of(1, 1, 1, 2), 3, 4), x),
        Shape.of(1, 1, 3, 4),
        new float[] {0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0});
  }

  @Test
  void manyTasksGiveTheSameBitsAsOne() {
    var random = new Random(42);
    Tensor x = Tensor.of(Shape.of(2, 50, 31, 33), Samples.gaussians(random, 2 * 50 * 31 * 33));
    var pool = new MaxPool(Window.of(3, 2, 1), true);
    Tensor y = pool.forward(engine, x);
    Tensor dx = pool.reverse(engine, y, x);
    int[] pixels = pool.argMax(engine, x);
    Samples.onOneAndThreeThreads(
        other -> {
          assertArrayEquals(y.data, pool.forward(other, x).data);
          assertArrayEquals(dx.data, pool.reverse(other, y, x).data);
          assertArrayEquals(pixels, pool.argMax(other, x));
        });
  }

  @Test
  void mismatchesAreNamed() {
    var pool = new MaxPool(Window.of(3, 2, 0), false);
    assertRefused(
        "max pool: input is [1, 8, 2, 9] but the window with its padding expects at least 3x3"
            + " pixels",
        () -> pool.outputShape(Shape.of(1, 8, 2, 9)));
    assertRefused(
        "max pool: input is [1, 8], expected [N, C, H, W]", () -> pool.outputShape(Shape.of(1, 8)));
    assertRefused(
        "max pool: reverse of [1, 1, 1, 1] for input [1, 1, 5, 5], expected [1, 1, 2, 2]",
        () -> pool.reverse(engine, Tensor.zeros(Shape.of(1, 1, 1, 1)), counting(1, 1, 5, 5)));
    int width = (1 << 24) + 1;
    var row = new MaxPool(new Window(1, width, 1, 1, 1, 1, 0, 0, 0, 0), false);
    Tensor s = Tensor.zeros(Shape.of(0, 1, 1, 1));
    Tensor x = Tensor.zeros(Shape.of(0, 1, 1, width));
    assertRefused(
        "max pool: windows of 1x16777217 pixels are too large to go back through",
        () -> row.reverse(engine, s, x));
  }
}
