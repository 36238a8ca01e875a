package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.ConvolutionTest.Case;
import dev.hedgerow.engine.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The sums over inactive inputs against a naive loop in double, and what the rule's steps cost. */
class HedgingTest {
  private final Engine engine = Engine.sequential();

  /** How a convolution is computed, and so what the sums that are subtracted are made of. */
  enum Way {
    GATHERED,
    INTERLEAVED,
    GROUPED,
    DEPTHWISE,
    WINOGRAD
  }

  @ParameterizedTest
  @EnumSource
  void inactiveSumsAreThoseOfANaiveLoop(Way way) {
    // Of the sum itself, which may be 1/64 of what it is the difference of. Winograd's algorithm
    // rounds more.
    double tolerance = way == Way.WINOGRAD ? 4e-4 : 1e-4;
    var random = new Random(4);
    for (int round = 0; round < 100; round++) {
      Case c = geometry(way, random);
      float[] w = new float[c.weight().size()];
      // Some weights are 0, some so small that their sum drowns in the others' rounding.
      for (int i = 0; i < w.length; i++) {
        double size = random.nextInt(4) == 0 ? 0 : random.nextInt(3) == 0 ? 1e-6 : 1;
        w[i] = (float) (size * random.nextGaussian());
      }
      float[] x = new float[c.input().size()];
      float[] inactive = new float[x.length];
      double share = new double[] {0, 0.001, 0.02, 0.5, 1}[random.nextInt(5)];
      for (int i = 0; i < x.length; i++) {
        if (random.nextDouble() < share) inactive[i] = 1;
        x[i] = inactive[i] == 1 ? -random.nextInt(2) : 1 + random.nextFloat();
      }
      Convolution convolution = ConvolutionTest.convolution(c, w, null);
      Tensor activations = Tensor.of(c.input(), x);
      Tensor active =
          convolution.positiveSums(engine, Elementwise.indicatorPositive(engine, activations));
      assertEquals(way == Way.INTERLEAVED, Interleaved.pays(c.window(), c.inputs()));
      boolean tiles = Winograd.pays(c.inputs(), c.outputs(), active.shape());
      assertEquals(way == Way.WINOGRAD, tiles && c.groups() == 1);
      float[] actual = InactiveSums.of(engine, convolution, activations, active).toArray();
      double[] expected = ConvolutionTest.naive(c, ConvolutionTest.absolute(w), inactive);
      for (int i = 0; i < actual.length; i++) {
        assertEquals(expected[i], actual[i], tolerance * expected[i], c.toString());
      }
    }
  }

  private static Case geometry(Way way, Random random) {
    int groups = 2 + random.nextInt(2);
    int inputs = 5 + random.nextInt(16);
    int outputs = 1 + random.nextInt(20);
    int side = 9 + random.nextInt(5);
    Window any = window(random, 1 + random.nextInt(4), 1 + random.nextInt(4), 3, 2);
    return switch (way) {
      case GATHERED -> new Case(1, inputs, outputs, 1, side, side + 1, any, 0);
      case INTERLEAVED -> {
        Window wide = window(random, 1 + random.nextInt(4), 2 + random.nextInt(3), 3, 1);
        yield new Case(1, 1 + random.nextInt(4), outputs, 1, side, side + 1, wide, 0);
      }
      case GROUPED ->
          new Case(1, groups * inputs, groups * outputs, groups, side, side + 1, any, 0);
      case DEPTHWISE -> new Case(1, inputs, inputs, inputs, side, side + 1, any, 0);
      case WINOGRAD -> {
        Window three = window(random, 3, 3, 1, 1);
        yield new Case(1, 27 + inputs, 31 + outputs, 1, side + 2, side + 3, three, 0);
      }
    };
  }

  private static Window window(Random random, int height, int width, int strides, int dilations) {
    return new Window(
        height,
        width,
        1 + random.nextInt(strides),
        1 + random.nextInt(strides),
        1 + random.nextInt(dilations),
        1 + random.nextInt(dilations),
        random.nextInt(height),
        random.nextInt(width),
        random.nextInt(height),
        random.nextInt(width));
  }

  @Test
  void aLayerCostsFiveConvolutions() {
    var work = new AtomicLong();
    Kernels counting =
        Samples.watched(
            Kernels.best(),
            arguments -> {
              long terms = (int) arguments[2];
              work.addAndGet(terms * (int) arguments[11] * (int) arguments[12]);
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
    // Two passes, and one over 5×5 pixels of one channel.
    assertTrue(forward <= 2 + 25.0 / (28 * 28 * 32) + 1e-9, "forward " + forward);
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
    long hedged = Hedging.contribute(engine, input, c, true, true);
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
      expected[i] += x[i] > 0 ? Math.max(cau[x.length + i], 0) : Math.min(cau[2 * x.length + i], 0);
    }
    assertEquals(count, hedged);
    assertArrayEquals(expected, sum.toArray(), 0f);
    assertEquals(
        0, Hedging.contribute(engine, Tensor.of(shape, new float[x.length]), c, true, true));
  }

  /** Of relevance of one sign nothing has the other, however its shares are rounded. */
  @Test
  void contributionsHaveTheSignOfTheRelevance() {
    Shape shape = Shape.of(1, 1, 1, 3);
    Tensor x = Tensor.of(shape, 2, 2, -1);
    var negative = new Hedging.Sample(Tensor.of(shape, 1e-9f, -3, -1), 0);
    assertEquals(1, Hedging.contribute(engine, x, negative, false, true));
    assertArrayEquals(new float[] {0, -6, 0}, negative.batch().toArray(), 0f);
    var positive = new Hedging.Sample(Tensor.of(shape, -1e-9f, 3, 1), 0);
    assertEquals(1, Hedging.contribute(engine, x, positive, true, false));
    assertArrayEquals(new float[] {0, 6, 0}, positive.batch().toArray(), 0f);
  }

  @Test
  void threadsDoNotChangeTheBits() {
    var random = new Random(8);
    Shape input = Shape.of(1, 40, 31, 28);
    Shape output = Shape.of(1, 35, 31, 28);
    Parameter weight = Parameter.of(Shape.of(35, 40, 3, 3), Samples.gaussians(random, 35 * 40 * 9));
    Convolution convolution = Convolution.of(weight, null, Window.of(3, 1, 1), 1);
    Tensor x = Tensor.of(input, Samples.gaussians(random, input.size()));
    Tensor r = Tensor.of(output, Samples.gaussians(random, output.size()));
    float[] back = Samples.gaussians(random, 3 * input.size());
    List<Hedging.Term> terms = List.of(Hedging.Term.values());
    List<Object> known = new ArrayList<>();
    Samples.onOneAndThreeThreads(
        other -> {
          Hedging.Shares shares =
              Hedging.of(other, convolution, x).shares(other, terms, r, 0.5, 0.25, 1.5f);
          Tensor batch = Tensor.of(input.with(0, 3), back);
          var c = new Hedging.Sample(batch, 0);
          long hedged = Hedging.contribute(other, x, c, true, true);
          var a = new Hedging.Sample(batch, 1);
          var u = new Hedging.Sample(batch, 2);
          Tensor sum = Hedging.sum(other, x, c, a, u, 0.125f);
          List<Object> results =
              List.of(
                  Arrays.hashCode(shares.s().data),
                  shares.placed(),
                  hedged,
                  Arrays.hashCode(sum.data));
          if (known.isEmpty()) known.addAll(results);
          assertEquals(known, results);
        });
  }

  @Test
  void severalSamplesAreRefused() {
    Convolution convolution =
        Convolution.of(Parameter.of(Shape.of(1, 1, 1, 1), 1), null, Window.of(1, 1, 0), 1);
    Tensor x = Tensor.zeros(Shape.of(2, 1, 3, 3));
    Samples.assertRefused(
        "hedging: input is [2, 1, 3, 3], expected [1, ...]",
        () -> Hedging.of(engine, convolution, x));
    Samples.assertRefused(
        "hedging: C is sample 1, expected 0",
        () -> Hedging.contribute(engine, x.image(0), new Hedging.Sample(x, 1), true, true));
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
