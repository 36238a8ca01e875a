package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertClose;
import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static dev.hedgerow.engine.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.PoolCases.Case;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class AveragePoolTest {
  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<Case> cases() {
    return PoolCases.all();
  }

  @Property(tries = 500, seed = "51")
  void bothDirectionsEqualTheNaiveLoop(@ForAll("cases") Case c, @ForAll boolean countPadding) {
    var random = new Random(c.seed());
    float[] x = Samples.gaussians(random, c.input().size());
    float[] s = Samples.gaussians(random, c.output().size());
    int[] divisors = new int[s.length];
    PoolCases.visit(
        c,
        (output, input, pixel) -> {
          if (countPadding || input >= 0) divisors[output]++;
        });
    double[] y = new double[s.length];
    double[] yMagnitudes = new double[s.length];
    double[] r = new double[x.length];
    double[] rMagnitudes = new double[x.length];
    PoolCases.visit(
        c,
        (output, input, pixel) -> {
          if (input < 0) return;
          y[output] += (double) x[input] / divisors[output];
          yMagnitudes[output] += (double) Math.abs(x[input]) / divisors[output];
          r[input] += (double) s[output] / divisors[output];
          rMagnitudes[input] += (double) Math.abs(s[output]) / divisors[output];
        });
    var pool = new AveragePool(c.window(), countPadding, c.ceil());
    assertEquals(c.output(), pool.outputShape(c.input()));
    for (var view : new WeightView[] {WeightView.PLAIN, WeightView.ABSOLUTE, WeightView.POSITIVE}) {
      assertClose(y, yMagnitudes, 30, pool.forward(engine, view, Tensor.of(c.input(), x)));
      assertClose(
          r, rMagnitudes, 30, pool.reverse(engine, view, Tensor.of(c.output(), s), c.input()));
    }
    for (var view : new WeightView[] {WeightView.SQUARED, WeightView.ONE}) {
      double[] sums = new double[s.length];
      double[] magnitudes = new double[s.length];
      PoolCases.visit(
          c,
          (output, input, pixel) -> {
            if (input < 0) return;
            double weight = view == WeightView.ONE ? 1 : Math.pow(divisors[output], -2);
            sums[output] += weight * x[input];
            magnitudes[output] += weight * Math.abs(x[input]);
          });
      assertClose(sums, magnitudes, 30, pool.forward(engine, view, Tensor.of(c.input(), x)));
    }
    Tensor zeros = pool.forward(engine, WeightView.NEGATIVE, Tensor.of(c.input(), x));
    assertValues(zeros, c.output(), new float[s.length]);
    assertValues(
        pool.reverse(engine, WeightView.NEGATIVE, zeros, c.input()),
        c.input(),
        new float[x.length]);
  }

  @Property(tries = 200, seed = "52")
  void directionsAreAdjoint(
      @ForAll("cases") Case c, @ForAll boolean countPadding, @ForAll WeightView view) {
    var pool = new AveragePool(c.window(), countPadding, c.ceil());
    Samples.assertAdjoint(engine, pool, view, c.input(), new Random(c.seed()));
  }

  @Test
  void onnxExamples() {
    Tensor four = counting(1, 1, 4, 4);
    assertClose(
        new double[] {6, 7.5, 12, 13.5},
        new double[] {6, 7.5, 12, 13.5},
        4,
        forward(new AveragePool(Window.of(3, 2, 0), false, true), four));
    assertValues(
        forward(new AveragePool(new Window(2, 2, 1, 1, 2, 2, 0, 0, 0, 0), false, true), four),
        Shape.of(1, 1, 2, 2),
        new float[] {6, 7, 10, 11});
    Tensor five = counting(1, 1, 5, 5);
    double[] cut = {
      7, 7.5, 8, 8.5, 9, 9.5, 10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5, 15, 15.5, 16, 16.5,
      17, 17.5, 18, 18.5, 19
    };
    assertClose(cut, cut, 8, forward(new AveragePool(Window.of(5, 1, 2), false, false), five));
    double[] counted = {
      2.52, 3.6, 4.8, 4.08, 3.24, 4.56, 6.4, 8.4, 7.04, 5.52, 7.2, 10, 13, 10.8, 8.4, 6.96, 9.6,
      12.4, 10.24, 7.92, 6.12, 8.4, 10.8, 8.88, 6.84
    };
    assertClose(
        counted, counted, 8, forward(new AveragePool(Window.of(5, 1, 2), true, false), five));
  }

  /**
   * The last row and column of windows reach one pixel beyond the padding, which is not counted.
   */
  @Test
  void whatReachesBeyondThePaddingIsNotCounted() {
    Tensor ones = Elementwise.shift(engine, Tensor.zeros(Shape.of(1, 1, 4, 4)), 1);
    double[] counted = {4 / 9d, 6 / 9d, 2 / 6d, 6 / 9d, 1, 3 / 6d, 2 / 6d, 3 / 6d, 1 / 4d};
    assertClose(
        counted, counted, 4, forward(new AveragePool(Window.of(3, 2, 1), true, true), ones));
    double[] cut = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    assertClose(cut, cut, 4, forward(new AveragePool(Window.of(3, 2, 1), false, true), ones));
  }

  @Test
  void aLastWindowInsideThePaddingIsDropped() {
    Tensor x = Tensor.of(Shape.of(1, 1, 2, 2), 9, 18, 27, 36);
    Tensor y = forward(new AveragePool(Window.of(3, 3, 1), true, true), x);
    assertEquals(Shape.of(1, 1, 1, 1), y.shape());
    assertEquals(10, y.get(0, 0, 0, 0), 1e-5);
  }

  @Test
  void manyTasksGiveTheSameBitsAsOne() {
    var random = new Random(53);
    Tensor x = Tensor.of(Shape.of(2, 50, 31, 33), Samples.gaussians(random, 2 * 50 * 31 * 33));
    var pool = new AveragePool(Window.of(3, 2, 1), true, true);
    Tensor y = forward(pool, x);
    Tensor r = pool.reverse(engine, WeightView.PLAIN, y, x.shape());
    Samples.onOneAndThreeThreads(
        other -> {
          assertArrayEquals(y.data, pool.forward(other, WeightView.PLAIN, x).data);
          assertArrayEquals(r.data, pool.reverse(other, WeightView.PLAIN, y, x.shape()).data);
        });
  }

  @Test
  void mismatchesAreNamed() {
    var pool = new AveragePool(Window.of(7, 1, 0), false, false);
    assertRefused(
        "average pool: input is [1, 8, 6, 7] but the window with its padding expects at least 7x7"
            + " pixels",
        () -> pool.outputShape(Shape.of(1, 8, 6, 7)));
    assertRefused(
        "average pool: reverse of [1, 8, 1, 1] for input [1, 8, 8, 7], expected [1, 8, 2, 1]",
        () ->
            pool.reverse(
                engine,
                WeightView.PLAIN,
                Tensor.zeros(Shape.of(1, 8, 1, 1)),
                Shape.of(1, 8, 8, 7)));
  }

  private Tensor forward(AveragePool pool, Tensor x) {
    return pool.forward(engine, WeightView.PLAIN, x);
  }
}
