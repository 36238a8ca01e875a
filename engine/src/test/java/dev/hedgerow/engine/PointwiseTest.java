package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hedgerow.engine.ConvolutionTest.Case;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Convolutions of 1×1 at any stride, in both directions. */
class PointwiseTest {
  @Provide
  Arbitrary<Case> cases() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 2),
            Arbitraries.integers().between(1, 70),
            Arbitraries.of(1, 16, 40, 100, 300),
            Arbitraries.integers().between(1, 20),
            Arbitraries.integers().between(1, 20),
            Arbitraries.integers().between(1, 3).list().ofSize(2),
            Arbitraries.longs())
        .as(
            (n, in, out, h, w, strides, seed) -> {
              var window = new Window(1, 1, strides.get(0), strides.get(1), 1, 1, 0, 0, 0, 0);
              return new Case(n, in, out, 1, h, w, window, seed);
            });
  }

  @Property(tries = 60, seed = "1")
  void equalsTheNaiveLoopOnIntegers(@ForAll("cases") Case c, @ForAll WeightView view) {
    var random = new Random(c.seed());
    float[] w = Samples.integers(random, c.weight().size());
    float[] x = Samples.integers(random, c.input().size());
    Convolution convolution = ConvolutionTest.convolution(c, w, null);
    Shape output = convolution.outputShape(c.input());
    float[] s = Samples.integers(random, output.size());
    float[] shown = ConvolutionTest.view(w, view);
    float[] forward = ConvolutionTest.floats(ConvolutionTest.naive(c, shown, x));
    float[] reverse = ConvolutionTest.floats(ConvolutionTest.naiveReverse(c, shown, s, output));
    try (var pool = new ForkJoinPool(3)) {
      Tensor y = convolution.forward(Engine.parallel(pool), view, Tensor.of(c.input(), x));
      Samples.assertPaddingLanesAreZero(y);
      assertArrayEquals(forward, y.toArray());
      Tensor r = convolution.reverse(Engine.sequential(), view, Tensor.of(output, s), c.input());
      Samples.assertPaddingLanesAreZero(r);
      assertArrayEquals(reverse, r.toArray());
    }
  }
}
