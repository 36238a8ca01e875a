package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.ConvolutionTest.Case;
import dev.hedgerow.engine.kernel.Kernels;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Max pools of convolutions of few channels; these alone are {@link ConvolutionTest}'s. */
class InterleavedTest {
  private final Engine engine = Engine.sequential();

  /** Windows of up to four rows, which may lie in the padding, overlap, or leave rows out. */
  @Provide
  Arbitrary<MaxPool> pools() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 4).list().ofSize(2),
            Arbitraries.integers().between(1, 5).list().ofSize(2),
            Arbitraries.of(1, 1, 2),
            Arbitraries.integers().between(0, 5).list().ofSize(4),
            Arbitraries.of(true, false))
        .as(
            (k, s, d, p, ceil) ->
                new MaxPool(
                    new Window(
                        k.get(0), k.get(1), s.get(0), s.get(1), 1, d, p.get(0), p.get(1), p.get(2),
                        p.get(3)),
                    ceil));
  }

  @Property(tries = 200, seed = "1")
  void aPoolInBetweenIsAPoolAfterwards(
      @ForAll @IntRange(max = 2) int samples,
      @ForAll @IntRange(min = 1, max = 4) int inputs,
      @ForAll @IntRange(min = 1, max = 70) int outputs,
      @ForAll @IntRange(min = 10, max = 40) int side,
      @ForAll @IntRange(min = 2, max = 7) int size,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll("pools") MaxPool pool,
      @ForAll long seed) {
    Window window = Window.of(size, stride, size / 2);
    assertPoolsAlike(new Case(samples, inputs, outputs, 1, side, side + 3, window, seed), pool);
  }

  /** Rows of windows that see more pixels than are copied at a time. */
  @Test
  void aPoolOfWideImages() {
    var pool = new MaxPool(Window.of(3, 2, 1), false);
    assertPoolsAlike(new Case(1, 3, 40, 1, 20, 700, Window.of(7, 2, 3), 1), pool);
    assertPoolsAlike(new Case(1, 3, 20, 1, 40, 301, Window.of(11, 4, 2), 2), pool);
  }

  private void assertPoolsAlike(Case c, MaxPool pool) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    Parameter bias = Parameter.of(Shape.of(c.outputs()), Samples.gaussians(random, c.outputs()));
    Convolution convolution = ConvolutionTest.convolution(c, w, bias);
    Tensor x = Tensor.of(c.input(), Samples.gaussians(random, c.input().size()));
    try (var threads = new ForkJoinPool(3)) {
      for (Engine on : List.of(engine, engine.exact(), Engine.parallel(threads))) {
        for (Convolution each :
            List.of(convolution, convolution.rectified(), convolution.clipped(-1, 2))) {
          Tensor expected = pool.forward(engine, each.apply(engine, x));
          Tensor actual = each.pooled(pool).apply(on, x);
          assertEquals(expected.shape(), actual.shape());
          // The same bits, also where a block has more channels than the tensor.
          assertArrayEquals(expected.data, actual.data);
        }
      }
    }
  }

  /** Which one can tell by how far apart the kernel stores the sums of two blocks of outputs. */
  @Test
  void sumsOfShortRowsAreNotStored() {
    assertEquals(Set.of(3 * 500 * 16), distances(500));
    assertFalse(distances(600).contains(3 * 600 * 16));
  }

  private Set<Object> distances(int width) {
    Set<Object> distances = new HashSet<>();
    Kernels watched = Samples.watched(engine.kernels(), arguments -> distances.add(arguments[10]));
    Case c = new Case(1, 3, 64, 1, 14, width, Window.of(3, 1, 1), 1);
    Convolution convolution = ConvolutionTest.convolution(c, new float[c.weight().size()], null);
    var pool = new MaxPool(Window.of(3, 2, 0), false);
    convolution.pooled(pool).apply(new Engine(watched, null), Tensor.zeros(c.input()));
    return distances;
  }

  @Test
  void poolsOfFewRowsAreTakenOver() {
    Case c = new Case(1, 3, 4, 1, 30, 30, Window.of(3, 2, 0), 1);
    Convolution convolution = ConvolutionTest.convolution(c, new float[c.weight().size()], null);
    assertTrue(convolution.takesOver(new MaxPool(Window.of(4, 2, 0), false)));
    assertFalse(convolution.takesOver(new MaxPool(Window.of(5, 2, 0), false)));
    assertFalse(
        convolution.takesOver(new MaxPool(new Window(2, 2, 1, 1, 2, 1, 0, 0, 0, 0), false)));
    MaxPool pool = new MaxPool(Window.of(3, 2, 0), false);
    assertFalse(convolution.pooled(pool).takesOver(pool));
    Case many = new Case(1, 5, 4, 1, 30, 30, Window.of(3, 2, 0), 1);
    assertFalse(
        ConvolutionTest.convolution(many, new float[many.weight().size()], null).takesOver(pool));
  }
}
