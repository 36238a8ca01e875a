package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The sums over inactive inputs against a naive loop in double, and what the rule's steps cost. */
class HedgingTest {
  private final Engine engine = Engine.sequential();

  @Test
  void inactiveSumsAreThoseOfANaiveLoop() {
    var random = new Random(4);
    for (int round = 0; round < 300; round++) {
      int groups = 1 + random.nextInt(3) * random.nextInt(2);
      int inputs = groups * (1 + random.nextInt(20));
      int outputs = groups * (1 + random.nextInt(20));
      int height = 1 + random.nextInt(4);
      int width = 1 + random.nextInt(4);
      var window =
          new Window(
              height,
              width,
              1 + random.nextInt(3),
              1 + random.nextInt(3),
              1 + random.nextInt(2),
              1 + random.nextInt(2),
              random.nextInt(height),
              random.nextInt(width),
              random.nextInt(height),
              random.nextInt(width));
      Shape input = Shape.of(1, inputs, 7 + random.nextInt(6), 7 + random.nextInt(6));
      float[] w = new float[outputs * (inputs / groups) * height * width];
      // Some weights are 0, some so small that their sum drowns in the others' rounding.
      for (int i = 0; i < w.length; i++) {
        double size = random.nextInt(4) == 0 ? 0 : random.nextInt(3) == 0 ? 1e-6 : 1;
        w[i] = (float) (size * random.nextGaussian());
      }
      float[] x = new float[input.size()];
      double inactive = new double[] {0, 0.001, 0.02, 0.5, 1}[random.nextInt(5)];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextDouble() < inactive ? -random.nextInt(2) : 1 + random.nextFloat();
      }
      var convolution =
          Convolution.of(
              Parameter.of(Shape.of(outputs, inputs / groups, height, width), w),
              null,
              window,
              groups);
      Tensor activations = Tensor.of(input, x);
      Tensor active =
          convolution.forward(
              engine, WeightView.ABSOLUTE, Elementwise.indicatorPositive(engine, activations));
      Tensor actual = InactiveSums.of(engine, convolution, activations, active);
      double[] expected = naive(w, x, input, active.shape(), window, groups);
      float[] values = actual.toArray();
      for (int i = 0; i < values.length; i++) {
        assertEquals(expected[i], values[i], 1e-4 * expected[i], convolution.weight().toString());
      }
    }
  }

  private static double[] naive(
      float[] w, float[] x, Shape input, Shape output, Window window, int groups) {
    int channels = input.extent(1) / groups;
    int rows = input.extent(2);
    int columns = input.extent(3);
    double[] sums = new double[output.size()];
    for (int at = 0; at < sums.length; at++) {
      int column = at % output.extent(3);
      int row = at / output.extent(3) % output.extent(2);
      int o = at / output.extent(3) / output.extent(2);
      int group = o / (output.extent(1) / groups);
      for (int i = 0; i < channels; i++) {
        for (int k = 0; k < window.height(); k++) {
          for (int l = 0; l < window.width(); l++) {
            int y = row * window.strideY() + k * window.dilationY() - window.top();
            int c = column * window.strideX() + l * window.dilationX() - window.left();
            if (y < 0 || y >= rows || c < 0 || c >= columns) continue;
            if (x[((group * channels + i) * rows + y) * columns + c] > 0) continue;
            sums[at] +=
                Math.abs(w[((o * channels + i) * window.height() + k) * window.width() + l]);
          }
        }
      }
    }
    return sums;
  }

  @Test
  void aLayerCostsFiveConvolutions() {
    var work = new AtomicLong();
    Kernels counting =
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("convolve")) {
                    long terms = (int) arguments[3];
                    work.addAndGet(terms * (int) arguments[15] * (int) arguments[16]);
                  }
                  return method.invoke(Kernels.best(), arguments);
                });
    var counted = new Engine(counting, null);
    var random = new Random(5);
    Shape input = Shape.of(1, 32, 28, 28);
    var convolution =
        Convolution.of(
            Parameter.of(Shape.of(48, 32, 5, 5), Samples.gaussians(random, 48 * 32 * 25)),
            null,
            Window.of(5, 1, 2),
            1);
    Tensor x = Tensor.of(input, Samples.gaussians(random, input.size()));
    convolution.apply(counted, x);
    double once = work.getAndSet(0);
    Hedging hedging = Hedging.of(counted, convolution, x);
    double forward = work.getAndSet(0) / once;
    // Two passes, and one over an image of 5×5 pixels.
    assertTrue(forward <= 2 + 25.0 / (28 * 28) + 1e-9, "forward " + forward);
    Tensor r = Tensor.of(Shape.of(1, 48, 28, 28), Samples.gaussians(random, 48 * 28 * 28));
    List<Hedging.Term> terms = List.of(Hedging.Term.values());
    assertEquals(List.of(terms), hedging.groups(Set.copyOf(terms)));
    Hedging.Shares shares = hedging.shares(counted, terms, r, 1, 1, 1);
    convolution.reverse(counted, WeightView.ABSOLUTE, shares.s(), input.with(0, 3));
    assertEquals(3, work.get() / once, 1e-9);
  }

  @Test
  void stepsAreTheEquations() {
    var random = new Random(6);
    Shape shape = Shape.of(1, 19, 5, 4);
    float[] x = Samples.gaussians(random, shape.size());
    float[] cau = Samples.gaussians(random, 3 * shape.size());
    for (int i = 0; i < x.length; i += 7) x[i] = 0;
    for (int i = 0; i < x.length; i += 5) cau[i] = 0;
    Tensor back = Tensor.of(shape.with(0, 3), cau);
    Tensor input = Tensor.of(shape, x);
    var c = new Hedging.Sample(back, 0);
    long hedged = Hedging.contribute(engine, input, c);
    Tensor sum =
        Hedging.sum(
            engine, input, c, new Hedging.Sample(back, 1), new Hedging.Sample(back, 2), 0.25f);
    float[] expected = new float[x.length];
    long count = 0;
    for (int i = 0; i < x.length; i++) {
      float contribution = Math.max(x[i], 0) * cau[i];
      if (contribution != 0) {
        count++;
        expected[i] = contribution - 0.25f;
      }
      expected[i] += x[i] > 0 ? cau[x.length + i] : cau[2 * x.length + i];
    }
    assertEquals(count, hedged);
    assertArrayEquals(expected, sum.toArray(), 0f);
    assertEquals(0, Hedging.contribute(engine, Tensor.of(shape, new float[x.length]), c));
  }

  /** What goes through the convolution alone comes back as from a batch, bit for bit. */
  @Test
  void togetherOrOneAfterTheOther() {
    var random = new Random(7);
    Shape input = Shape.of(1, 40, 21, 18);
    Shape output = Shape.of(1, 35, 21, 18);
    var convolution =
        Convolution.of(
            Parameter.of(Shape.of(35, 40, 3, 3), Samples.gaussians(random, 35 * 40 * 9)),
            null,
            Window.of(3, 1, 1),
            1);
    Tensor x = Tensor.of(input, Samples.gaussians(random, input.size()));
    Tensor r = Tensor.of(output, Samples.gaussians(random, output.size()));
    for (Engine each : List.of(engine, engine.exact())) {
      Hedging batch = Hedging.of(each, convolution, x, true);
      Hedging single = Hedging.of(each, convolution, x, false);
      List<Hedging.Term> terms = List.of(Hedging.Term.values());
      Hedging.Shares shares = batch.shares(each, terms, r, 0.5, 0.25, 1.5f);
      double placed = 0;
      for (List<Hedging.Term> group : single.groups(Set.copyOf(terms))) {
        assertEquals(1, group.size());
        Hedging.Shares alone = single.shares(each, group, r, 0.5, 0.25, 1.5f);
        assertArrayEquals(
            shares.s().image(terms.indexOf(group.getFirst())).toArray(), alone.s().toArray(), 0f);
        placed += alone.placed();
      }
      assertEquals(shares.placed(), placed, 1e-9);
    }
  }
}
