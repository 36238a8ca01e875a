package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.gaussians;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every direction, view and geometry of the convolution against a naive loop in double. */
class ConvolutionTest {
  private final Engine engine = Engine.sequential().exact();

  /** One geometry; the weights and inputs follow from the seed. */
  record Case(
      int batch,
      int inputs,
      int outputs,
      int groups,
      int height,
      int width,
      Window window,
      long seed) {
    Shape input() {
      return Shape.of(batch, inputs, height, width);
    }

    Shape weight() {
      return Shape.of(outputs, inputs / groups, window.height(), window.width());
    }
  }

  @Provide
  Arbitrary<Case> cases() {
    Arbitrary<Window> windows =
        Combinators.combine(
                Arbitraries.integers().between(1, 5),
                Arbitraries.integers().between(1, 5),
                Arbitraries.integers().between(1, 3),
                Arbitraries.integers().between(1, 3),
                Arbitraries.integers().between(1, 2),
                Arbitraries.integers().between(1, 2),
                Arbitraries.integers().between(0, 3).list().ofSize(4))
            .as(
                (h, w, sy, sx, dy, dx, p) ->
                    new Window(h, w, sy, sx, dy, dx, p.get(0), p.get(1), p.get(2), p.get(3)));
    Arbitrary<int[]> channels =
        Combinators.combine(
                Arbitraries.of(1, 1, 1, 2, 3, 4, 8, 16, 20),
                Arbitraries.integers().between(1, 20),
                Arbitraries.integers().between(1, 20),
                Arbitraries.of(true, false))
            .as(
                (groups, in, out, depthwise) -> {
                  int perGroupIn = depthwise && groups > 1 ? 1 : Math.max(1, in / groups * 2);
                  int perGroupOut = depthwise && groups > 1 ? 1 : Math.max(1, out * 2 / groups);
                  return new int[] {groups, perGroupIn * groups, perGroupOut * groups};
                });
    return Combinators.combine(
            Arbitraries.integers().between(0, 3),
            channels,
            Arbitraries.integers().between(1, 20),
            Arbitraries.integers().between(1, 20),
            windows,
            Arbitraries.longs())
        .as((n, c, h, w, window, seed) -> new Case(n, c[1], c[2], c[0], h, w, window, seed))
        .filter(
            c ->
                c.window.outputHeight(c.height, false) > 0
                    && c.window.outputWidth(c.width, false) > 0);
  }

  @Property(tries = 400, seed = "1")
  void forwardEqualsTheNaiveLoopOnIntegers(@ForAll("cases") Case c, @ForAll WeightView view) {
    assertForwardEqualsTheNaiveLoop(c, view);
  }

  private void assertForwardEqualsTheNaiveLoop(Case c, WeightView view) {
    var random = new Random(c.seed);
    float[] w = integers(random, c.weight().size());
    float[] x = integers(random, c.input().size());
    Convolution convolution = convolution(c, w, null);
    Tensor y = convolution.forward(engine, view, Tensor.of(c.input(), x));
    assertArrayEquals(floats(naive(c, view(w, view), x)), y.toArray());
    assertPaddingLanesAreZero(y);
  }

  @Property(tries = 60, seed = "11")
  void smallImagesOfManyOutputsEqualTheNaiveLoopOnIntegers(
      @ForAll @IntRange(min = 1, max = 3) int samples,
      @ForAll @IntRange(min = 1, max = 70) int inputs,
      @ForAll @IntRange(min = 129, max = 330) int outputs,
      @ForAll @IntRange(min = 1, max = 17) int side,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll boolean pointwise,
      @ForAll long seed) {
    Window window = pointwise ? Window.of(1, stride, 0) : Window.of(3, stride, 1);
    var c = new Case(samples, inputs, outputs, 1, side, side + 1, window, seed);
    // A view whose sums Winograd's algorithm does not compute: integers are exact then.
    assertForwardEqualsTheNaiveLoop(c, WeightView.ABSOLUTE);
    var swapped = new Case(samples, outputs, inputs, 1, side, side + 1, window, seed);
    assertReverseEqualsTheNaiveLoop(swapped, WeightView.ABSOLUTE);
  }

  /**
   * Interleaved: images of few channels, whose pixels are copied in pieces that end inside rows.
   */
  @Property(tries = 60, seed = "12")
  void imagesOfFewChannelsEqualTheNaiveLoopOnIntegers(
      @ForAll @IntRange(min = 1, max = 3) int samples,
      @ForAll @IntRange(min = 1, max = 5) int inputs,
      @ForAll @IntRange(min = 1, max = 50) int outputs,
      @ForAll @IntRange(min = 7, max = 60) int side,
      @ForAll @IntRange(min = 1, max = 12) int size,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll long seed) {
    Window window = Window.of(size, stride, size / 2);
    var c = new Case(samples, inputs, outputs, 1, side, side + 3, window, seed);
    assertForwardEqualsTheNaiveLoop(c, WeightView.PLAIN);
    assertReverseEqualsTheNaiveLoop(c, WeightView.NEGATIVE);
  }

  /** Tasks of some outputs copy what these groups read, from the first of their blocks on. */
  @Test
  void manyGroupsEqualTheNaiveLoop() {
    for (int groups : new int[] {32, 33}) {
      int channels = groups * (groups == 32 ? 16 : 12);
      var c = new Case(1, channels, channels, groups, 20, 21, Window.of(3, 1, 1), groups);
      assertForwardEqualsTheNaiveLoop(c, WeightView.PLAIN);
      assertReverseEqualsTheNaiveLoop(c, WeightView.POSITIVE);
    }
  }

  /** Depthwise: bands of rows, also of those that the phases of a reverse sweep read. */
  @Test
  void bandsOfDepthwiseConvolutionsEqualTheNaiveLoop() {
    for (int size : new int[] {3, 5}) {
      for (int stride : new int[] {1, 2}) {
        var c = new Case(1, 20, 20, 20, 70 * stride, 71, Window.of(size, stride, size / 2), size);
        assertForwardEqualsTheNaiveLoop(c, WeightView.PLAIN);
        assertReverseEqualsTheNaiveLoop(c, WeightView.NEGATIVE);
      }
    }
  }

  @Test
  void bandsOfDepthwiseConvolutionsAddTheirOwnRows() {
    var c = new Case(1, 20, 20, 20, 70, 71, Window.of(3, 1, 1), 13);
    var random = new Random(c.seed);
    float[] w = integers(random, c.weight().size());
    float[] x = integers(random, c.input().size());
    float[] add = integers(random, c.input().size());
    double[] expected = naive(c, w, x);
    for (int i = 0; i < expected.length; i++) expected[i] += add[i];
    Tensor y =
        convolution(c, w, null)
            .apply(engine, List.of(Tensor.of(c.input(), x)), null, Tensor.of(c.input(), add));
    assertArrayEquals(floats(expected), y.toArray());
    assertPaddingLanesAreZero(y);
  }

  /** A row of the window that is longer than the kernel's rows. */
  @Test
  void wideWindowsOfFewChannelsEqualTheNaiveLoop() {
    for (int width : new int[] {64, 65, 300}) {
      var window = new Window(2, width, 1, 1, 1, 1, 0, 1, 1, 0);
      var c = new Case(1, 4, 20, 1, 5, width + 7, window, 3);
      assertForwardEqualsTheNaiveLoop(c, WeightView.PLAIN);
      assertReverseEqualsTheNaiveLoop(c, WeightView.PLAIN);
    }
  }

  @Property(tries = 400, seed = "2")
  void reverseEqualsTheNaiveLoopOnIntegers(@ForAll("cases") Case c, @ForAll WeightView view) {
    assertReverseEqualsTheNaiveLoop(c, view);
  }

  /** Where a phase of the grid is as many pixels as the image, though the stride is larger. */
  @Test
  void reverseOfLinesEqualsTheNaiveLoop() {
    for (Window window : List.of(Window.of(3, 2, 1), Window.of(1, 3, 0))) {
      for (int[] side : new int[][] {{9, 1}, {1, 9}, {1, 1}}) {
        var c = new Case(2, 20, 40, 1, side[0], side[1], window, 4);
        assertReverseEqualsTheNaiveLoop(c, WeightView.PLAIN);
        var wide = new Window(3, 3, side[0] > 1 ? 1 : 2, side[1] > 1 ? 1 : 2, 1, 1, 1, 1, 1, 1);
        assertReverseEqualsTheNaiveLoop(
            new Case(2, 20, 40, 1, side[0], side[1], wide, 5), WeightView.PLAIN);
      }
    }
  }

  private void assertReverseEqualsTheNaiveLoop(Case c, WeightView view) {
    var random = new Random(c.seed);
    float[] w = integers(random, c.weight().size());
    Convolution convolution = convolution(c, w, null);
    Shape output = convolution.outputShape(c.input());
    float[] s = integers(random, output.size());
    Tensor x = convolution.reverse(engine, view, Tensor.of(output, s), c.input());
    assertArrayEquals(floats(naiveReverse(c, view(w, view), s, output)), x.toArray());
    assertPaddingLanesAreZero(x);
  }

  @Property(tries = 100, seed = "3")
  void directionsAreAdjoint(@ForAll("cases") Case c, @ForAll WeightView view) {
    var random = new Random(c.seed);
    Convolution convolution = convolution(c, gaussians(random, c.weight().size()), null);
    Samples.assertAdjoint(engine, convolution, view, c.input(), random);
  }

  @Property(tries = 60, seed = "4")
  void errorIsBoundedByTheSumOfMagnitudes(@ForAll("cases") Case c) {
    var random = new Random(c.seed);
    float[] w = gaussians(random, c.weight().size());
    float[] x = gaussians(random, c.input().size());
    double[] expected = naive(c, w, x);
    double[] magnitudes = naive(c, absolute(w), absolute(x));
    float[] y =
        convolution(c, w, null)
            .forward(engine, WeightView.PLAIN, Tensor.of(c.input(), x))
            .toArray();
    int terms = c.weight().size() / c.outputs;
    for (int i = 0; i < y.length; i++) {
      assertEquals(expected[i], y[i], (2 + terms) * 0x1p-24 * magnitudes[i] + 1e-30);
    }
  }

  @Property(tries = 100, seed = "5")
  void kernelsAndThreadsAgree(@ForAll("cases") Case c) {
    var random = new Random(c.seed);
    float[] gaussian = gaussians(random, c.weight().size());
    float[] integer = integers(random, c.weight().size());
    Tensor x = Tensor.of(c.input(), gaussians(random, c.input().size()));
    Tensor xi = Tensor.of(c.input(), integers(random, c.input().size()));
    try (var pool = new ForkJoinPool(3)) {
      Convolution one = convolution(c, gaussian, null);
      assertArrayEquals(
          one.apply(engine, x).toArray(),
          one.apply(new Engine(engine.kernels(), pool).exact(), x).toArray());
    }
    Convolution two = convolution(c, integer, null);
    assertArrayEquals(two.apply(Engine.reference(), xi).toArray(), two.apply(engine, xi).toArray());
  }

  @Property(tries = 400, seed = "6")
  void weightGradientEqualsTheNaiveLoopOnIntegers(@ForAll("cases") Case c) {
    var random = new Random(c.seed);
    Convolution convolution = convolution(c, integers(random, c.weight().size()), null);
    Shape output = convolution.outputShape(c.input());
    float[] x = integers(random, c.input().size());
    float[] s = integers(random, output.size());
    Parameter g = convolution.weightGradient(engine, Tensor.of(c.input(), x), Tensor.of(output, s));
    assertEquals(c.weight(), g.shape());
    assertArrayEquals(floats(naiveWeightGradient(c, x, s, output)), plusZero(g.toArray()));
  }

  @Property(tries = 60, seed = "7")
  void weightGradientsErrorIsBounded(@ForAll("cases") Case c) {
    var random = new Random(c.seed);
    Convolution convolution = convolution(c, gaussians(random, c.weight().size()), null);
    Shape output = convolution.outputShape(c.input());
    float[] x = gaussians(random, c.input().size());
    float[] s = gaussians(random, output.size());
    double[] expected = naiveWeightGradient(c, x, s, output);
    double[] magnitudes = naiveWeightGradient(c, absolute(x), absolute(s), output);
    float[] g =
        convolution.weightGradient(engine, Tensor.of(c.input(), x), Tensor.of(output, s)).toArray();
    int terms = output.size() / c.outputs;
    for (int i = 0; i < g.length; i++) {
      assertEquals(expected[i], g[i], (2 + terms) * 0x1p-24 * magnitudes[i] + 1e-30);
    }
  }

  /** {@code ⟨weightGradient(x, s), w⟩ = ⟨forward(w, x), s⟩}. */
  @Property(tries = 100, seed = "8")
  void weightGradientIsAdjoint(@ForAll("cases") Case c) {
    var random = new Random(c.seed);
    float[] w = gaussians(random, c.weight().size());
    Convolution convolution = convolution(c, w, null);
    Tensor x = Tensor.of(c.input(), gaussians(random, c.input().size()));
    Tensor y = convolution.forward(engine, WeightView.PLAIN, x);
    float[] s = gaussians(random, y.shape().size());
    float[] g = convolution.weightGradient(engine, x, Tensor.of(y.shape(), s)).toArray();
    Samples.assertInnerProductsAgree(y.toArray(), s, w, g);
  }

  @Test
  void weightGradientRefusesAnotherOutput() {
    Convolution convolution =
        Convolution.of(Parameter.of(Shape.of(1, 1, 2, 2), 1, 2, 3, 4), null, Window.of(2, 1, 0), 1);
    Tensor x = Tensor.zeros(Shape.of(1, 1, 4, 4));
    Samples.assertRefused(
        "conv2d: weight gradient for input [1, 1, 4, 4] expects [1, 1, 3, 3] but was given"
            + " [1, 1, 4, 4]",
        () -> convolution.weightGradient(engine, x, x));
  }

  @Test
  void manyTasksGiveTheSameBitsAsOne() {
    var random = new Random(7);
    for (Case c :
        List.of(
            new Case(2, 64, 96, 1, 40, 41, Window.of(3, 1, 1), 0),
            new Case(1, 80, 72, 1, 33, 31, Window.of(1, 1, 0), 0),
            new Case(2, 3, 72, 1, 57, 41, Window.of(7, 2, 3), 0),
            new Case(1, 48, 64, 1, 57, 57, Window.of(3, 2, 1), 0),
            new Case(1, 144, 128, 1, 7, 7, Window.of(1, 1, 0), 0),
            new Case(2, 144, 128, 1, 14, 14, Window.of(1, 1, 0), 0),
            new Case(1, 36, 132, 1, 9, 10, Window.of(3, 1, 1), 0),
            // Each of two threads copies the whole image, also of a second one.
            new Case(1, 400, 512, 1, 7, 14, Window.of(1, 1, 0), 0),
            new Case(2, 400, 512, 1, 7, 7, Window.of(1, 1, 0), 0),
            // Fewer tiles than threads.
            new Case(1, 512, 64, 1, 5, 5, Window.of(3, 1, 1), 0),
            new Case(1, 40, 32, 1, 7, 7, Window.of(3, 1, 1), 0),
            // Bands of three groups of units, the last one of fewer.
            new Case(1, 80, 300, 1, 14, 15, Window.of(1, 1, 0), 0),
            // Units that read different blocks; more of them a task on two threads than on nine.
            new Case(1, 512, 512, 32, 20, 21, Window.of(3, 1, 1), 0),
            // Depthwise, in bands of rows.
            new Case(1, 20, 20, 20, 70, 71, Window.of(3, 1, 1), 0),
            new Case(1, 20, 20, 20, 140, 71, Window.of(5, 2, 2), 0))) {
      float[] w = gaussians(random, c.weight().size());
      Tensor x = Tensor.of(c.input(), gaussians(random, c.input().size()));
      Convolution convolution = convolution(c, w, null);
      Tensor y = convolution.apply(engine, x);
      for (int threads : new int[] {2, 9}) {
        try (var pool = new ForkJoinPool(threads)) {
          var parallel = new Engine(engine.kernels(), pool).exact();
          assertArrayEquals(y.toArray(), convolution.apply(parallel, x).toArray());
          assertArrayEquals(
              convolution.reverse(engine, WeightView.ABSOLUTE, y, c.input()).toArray(),
              convolution.reverse(parallel, WeightView.ABSOLUTE, y, c.input()).toArray());
          assertArrayEquals(
              convolution.weightGradient(engine, x, y).toArray(),
              convolution.weightGradient(parallel, x, y).toArray());
        }
      }
    }
  }

  /** As at the end of a network: few pixels, few outputs, many inputs. */
  @Test
  void smallImagesAreWorkForTwoThreads() {
    var random = new Random(8);
    for (Case c :
        List.of(
            new Case(1, 512, 128, 1, 7, 7, Window.of(1, 1, 0), 0),
            new Case(1, 128, 32, 1, 7, 7, Window.of(3, 1, 1), 0))) {
      Set<Thread> threads = ConcurrentHashMap.newKeySet();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      Kernels meeting =
          Samples.watched(
              engine.kernels(),
              arguments -> {
                threads.add(Thread.currentThread());
                while (threads.size() < 2 && System.nanoTime() - end < 0) Thread.onSpinWait();
              });
      Convolution convolution = convolution(c, gaussians(random, c.weight().size()), null);
      Tensor x = Tensor.of(c.input(), gaussians(random, c.input().size()));
      try (var pool = new ForkJoinPool(2)) {
        convolution.apply(new Engine(meeting, pool).exact(), x);
      }
      assertEquals(2, threads.size(), c.toString());
    }
  }

  /** Which unit's weights a product reads, and which it asks for, −1 for none; from where on. */
  private record Product(int unit, int at, int ahead, int aheadAt) {}

  /** The next panel's, then the next unit's; the last unit its own again. */
  @Test
  void aThreadAsksForTheWeightsThatItReadsNext() {
    Set<Product> expected = new HashSet<>();
    for (int unit = 0; unit < 4; unit++) {
      expected.add(new Product(unit, 0, unit, 256 * 16));
      expected.add(new Product(unit, 256 * 16, Math.min(3, unit + 1), 0));
    }
    assertEquals(expected, productsOn(2, new Case(1, 512, 128, 1, 7, 7, Window.of(1, 1, 0), 0)));
  }

  /** Before a panel of 41 terms 256 that end with it, before a unit of one block its own again. */
  @Test
  void whatIsAskedForEndsWhereTheWeightsDo() {
    Set<Product> expected = new HashSet<>();
    for (int unit = 0; unit < 4; unit++) {
      expected.add(new Product(unit, 0, unit, 256 * 16));
      expected.add(new Product(unit, 256 * 16, unit, (256 + 41) * 16));
      expected.add(new Product(unit, 512 * 16, unit < 2 ? unit + 1 : unit, 0));
    }
    assertEquals(expected, productsOn(2, new Case(1, 553, 112, 1, 5, 5, Window.of(1, 1, 0), 0)));
  }

  /** A line that is asked for is taken from the caches of other cores. */
  @Test
  void threadsAskForNoWeightsThatOthersReadToo() {
    var image = new Case(1, 512, 512, 1, 7, 7, Window.of(1, 1, 0), 0);
    var images = new Case(2, 512, 512, 1, 7, 7, Window.of(1, 1, 0), 0);
    var bands = new Case(1, 512, 64, 1, 14, 14, Window.of(1, 1, 0), 0);
    for (Product product : productsOn(2, image)) assertNotEquals(-1, product.ahead);
    for (Product product : productsOn(1, image)) assertEquals(-1, product.ahead);
    for (Product product : productsOn(2, images)) assertEquals(-1, product.ahead);
    for (Product product : productsOn(2, bands)) assertEquals(-1, product.ahead);
  }

  private Set<Product> productsOn(int threads, Case c) {
    var random = new Random(9);
    Convolution convolution = convolution(c, gaussians(random, c.weight().size()), null);
    Tensor x = Tensor.of(c.input(), gaussians(random, c.input().size()));
    List<float[]> units = List.of(convolution.packing(engine, WeightView.PLAIN).weights());
    Set<Product> products = ConcurrentHashMap.newKeySet();
    Kernels watched =
        Samples.watched(
            engine.kernels(),
            arguments -> {
              float[] ahead = (float[]) arguments[13];
              int unit = units.indexOf((float[]) arguments[3]);
              int at = (int) arguments[4] - Kernels.ORIGIN;
              int aheadAt = (int) arguments[14] - Kernels.ORIGIN;
              products.add(
                  new Product(unit, at, ahead == null ? -1 : units.indexOf(ahead), aheadAt));
            });
    try (var pool = new ForkJoinPool(threads)) {
      convolution.apply(new Engine(watched, pool).exact(), x);
    }
    return products;
  }

  @Test
  void applyAddsTheBias() {
    var convolution =
        Convolution.of(
            Parameter.of(Shape.of(2, 1, 1, 1), 2, -3),
            Parameter.of(Shape.of(2), 10, 20),
            Window.of(1, 1, 0),
            1);
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 2), 1, 4);
    assertArrayEquals(new float[] {12, 18, 17, 8}, convolution.apply(engine, x).toArray());
    assertArrayEquals(
        new float[] {2, 8, -3, -12}, convolution.forward(engine, WeightView.PLAIN, x).toArray());
  }

  @Test
  void whatIsClippedTwiceIsInBothRanges() {
    Convolution convolution =
        Convolution.of(Parameter.of(Shape.of(1, 1, 1, 1), 1), null, Window.of(1, 1, 0), 1);
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 6), -3, -1.5f, -0.5f, 0.5f, 3, 9);
    assertArrayEquals(
        new float[] {0, 0, 0, 0.5f, 3, 6},
        convolution.clipped(-1, 6).rectified().apply(engine, x).toArray());
    assertArrayEquals(
        new float[] {0, 0, 0, 0.5f, 3, 6},
        convolution.rectified().clipped(-1, 6).apply(engine, x).toArray());
    assertArrayEquals(
        new float[] {-1, -1, -0.5f, 0.5f, 1, 1},
        convolution.clipped(-2, 1).clipped(-1, 6).apply(engine, x).toArray());
  }

  /** Interleaved, with borders that only its own copy of the image has. */
  @Test
  void anImageThatIsTooLargeWithItsPaddingIsNamed() {
    Parameter weight = Parameter.of(Shape.of(1, 1, 3, 3), new float[9]);
    Convolution convolution = Convolution.of(weight, null, Window.of(3, 40_000, 40_000), 1);
    Samples.assertRefused(
        "conv2d: input [1, 1, 20000, 1] with its padding, 80003x40003 pixels, is too large",
        () -> convolution.apply(engine, Tensor.zeros(Shape.of(1, 1, 20_000, 1))));
  }

  /** Depthwise, whose bands have borders; some have so many pixels that an int wraps around. */
  @Test
  void bandsThatAreTooLargeWithTheirPaddingAreNamed() {
    int far = 1 << 15;
    assertBandsAreTooLarge(
        new Window(3, 3, 1, 1, far, far, far, far, far, far), 1, "65537x65537", true);
    assertBandsAreTooLarge(Window.of(3, 40_000, 40_000), 20_000, "40001x80001", false);
    int farther = (1 << 30) - 1;
    assertBandsAreTooLarge(
        new Window(1, 3, 1, 1, 1, farther, 0, farther, 0, farther), 1, "1x2147483647", true);
    assertBandsAreTooLarge(
        new Window(3, 1, 1, 1, 1 << 27, 1, 1 << 27, 0, 1 << 27, 0), 40, "268435496x1", true);
  }

  private void assertBandsAreTooLarge(Window window, int height, String pixels, boolean back) {
    Shape weight = Shape.of(2, 1, window.height(), window.width());
    Convolution convolution =
        Convolution.of(Parameter.of(weight, new float[weight.size()]), null, window, 2);
    Tensor x = Tensor.zeros(Shape.of(1, 2, height, 1));
    String message =
        "conv2d: input %s with its padding, %s pixels a band, is too large"
            .formatted(x.shape(), pixels);
    Samples.assertRefused(message, () -> convolution.apply(engine, x));
    if (back) {
      Samples.assertRefused(
          message, () -> convolution.reverse(engine, WeightView.PLAIN, x, x.shape()));
    }
  }

  @Test
  void mismatchesAreNamed() {
    Parameter weight = Parameter.of(Shape.of(64, 4, 7, 7), new float[64 * 4 * 49]);
    Convolution convolution = Convolution.of(weight, null, Window.of(7, 2, 3), 1);
    assertEquals(
        "conv2d: input has 3 channels but weight [64, 4, 7, 7] with groups 1 expects 4",
        assertThrows(
                IllegalArgumentException.class,
                () -> convolution.outputShape(Shape.of(1, 3, 224, 224)))
            .getMessage());
    assertEquals(
        "conv2d: input [1, 4, 0, 9] is smaller than the window 7x7",
        assertThrows(
                IllegalArgumentException.class, () -> convolution.outputShape(Shape.of(1, 4, 0, 9)))
            .getMessage());
    Samples.assertRefused(
        "conv2d: weight [64, 4, 7, 7] does not fill the window 3x3",
        () -> Convolution.of(weight, null, Window.of(3, 1, 1), 1));
    Samples.assertRefused(
        "conv2d: 3 groups do not divide the outputs of weight [64, 4, 7, 7]",
        () -> Convolution.of(weight, null, Window.of(7, 1, 1), 3));
    Samples.assertRefused(
        "conv2d: bias is [3] but weight [64, 4, 7, 7] expects [64]",
        () -> Convolution.of(weight, Parameter.of(Shape.of(3), 1, 2, 3), Window.of(7, 1, 1), 1));
  }

  @Test
  void partsThatDoNotFitAreNamed() {
    Parameter weight = Parameter.of(Shape.of(5, 40, 1, 1), new float[200]);
    Convolution convolution = Convolution.of(weight, null, Window.of(1, 1, 0), 1);
    Tensor first = Tensor.zeros(Shape.of(1, 16, 3, 3));
    Tensor second = Tensor.zeros(Shape.of(1, 24, 3, 3));
    List<Tensor> parts = List.of(first, second);
    assertEquals(Shape.of(1, 5, 3, 3), convolution.apply(engine, parts, null, null).shape());
    Samples.assertRefused(
        "conv2d: weight [5, 40, 1, 1] takes no parts of [24, 16] channels",
        () -> convolution.apply(engine, List.of(second, first), null, null));
    Tensor twenty = Tensor.zeros(Shape.of(1, 20, 3, 3));
    Samples.assertRefused(
        "conv2d: weight [5, 40, 1, 1] takes no parts of [20, 20] channels",
        () -> convolution.apply(engine, List.of(twenty, twenty), null, null));
    Samples.assertRefused(
        "conv2d: parts of shapes [1, 16, 3, 3] and [1, 24, 5, 5] are not joined",
        () ->
            convolution.apply(
                engine, List.of(first, Tensor.zeros(Shape.of(1, 24, 5, 5))), null, null));
    Samples.assertRefused(
        "conv2d: input is [24, 3], expected [N, C, H, W]",
        () -> convolution.apply(engine, List.of(first, Tensor.zeros(Shape.of(24, 3))), null, null));
    Samples.assertRefused(
        "conv2d: the output is [1, 5, 3, 3] but [1, 5, 7, 7] is to be added",
        () -> convolution.apply(engine, parts, null, Tensor.zeros(Shape.of(1, 5, 7, 7))));
    Parameter three = Parameter.of(Shape.of(3), 1, 1, 1);
    var normalization = BatchNormalization.of(three, three, three, three, 1e-5f);
    Samples.assertRefused(
        "conv2d: a batch normalization of 3 channels is before an input of 40",
        () -> convolution.apply(engine, parts, normalization, null));
  }

  static Convolution convolution(Case c, float[] w, @Nullable Parameter bias) {
    return Convolution.of(Parameter.of(c.weight(), w), bias, c.window, c.groups);
  }

  /** Row-major result of the definition in the class's documentation. */
  static double[] naive(Case c, float[] w, float[] x) {
    Window k = c.window;
    int oh = k.outputHeight(c.height, false);
    int ow = k.outputWidth(c.width, false);
    double[] y = new double[c.batch * c.outputs * oh * ow];
    visit(c, oh, ow, (yAt, wAt, xAt) -> y[yAt] += (double) w[wAt] * x[xAt]);
    return y;
  }

  static double[] naiveReverse(Case c, float[] w, float[] s, Shape output) {
    double[] x = new double[c.input().size()];
    visit(
        c,
        output.extent(2),
        output.extent(3),
        (yAt, wAt, xAt) -> x[xAt] += (double) w[wAt] * s[yAt]);
    return x;
  }

  private static double[] naiveWeightGradient(Case c, float[] x, float[] s, Shape output) {
    double[] g = new double[c.weight().size()];
    visit(
        c,
        output.extent(2),
        output.extent(3),
        (yAt, wAt, xAt) -> g[wAt] += (double) x[xAt] * s[yAt]);
    return g;
  }

  /** The sign of a sum's zero depends on the order of its terms. */
  private static float[] plusZero(float[] values) {
    for (int i = 0; i < values.length; i++) values[i] += 0f;
    return values;
  }

  private interface Term {
    void at(int y, int w, int x);
  }

  private static void visit(Case c, int oh, int ow, Term term) {
    Window k = c.window;
    int ci = c.inputs / c.groups;
    int co = c.outputs / c.groups;
    for (int n = 0; n < c.batch; n++) {
      for (int o = 0; o < c.outputs; o++) {
        for (int oy = 0; oy < oh; oy++) {
          for (int ox = 0; ox < ow; ox++) {
            for (int i = 0; i < ci; i++) {
              for (int ky = 0; ky < k.height(); ky++) {
                for (int kx = 0; kx < k.width(); kx++) {
                  int iy = oy * k.strideY() + ky * k.dilationY() - k.top();
                  int ix = ox * k.strideX() + kx * k.dilationX() - k.left();
                  if (iy < 0 || iy >= c.height || ix < 0 || ix >= c.width) continue;
                  int channel = o / co * ci + i;
                  term.at(
                      ((n * c.outputs + o) * oh + oy) * ow + ox,
                      ((o * ci + i) * k.height() + ky) * k.width() + kx,
                      ((n * c.inputs + channel) * c.height + iy) * c.width + ix);
                }
              }
            }
          }
        }
      }
    }
  }

  static float[] view(float[] w, WeightView view) {
    float[] shown = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      shown[i] =
          switch (view) {
            case PLAIN -> w[i];
            case ABSOLUTE -> w[i] < 0 ? -w[i] : w[i];
            case POSITIVE -> w[i] > 0 ? w[i] : 0;
            case NEGATIVE -> w[i] < 0 ? w[i] : 0;
            case SQUARED -> w[i] * w[i];
            case ONE -> 1;
          };
    }
    return shown;
  }

  static float[] absolute(float[] values) {
    return view(values, WeightView.ABSOLUTE);
  }

  private static float[] integers(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = random.nextInt(-8, 9);
    return values;
  }

  static float[] floats(double[] values) {
    float[] rounded = new float[values.length];
    // Adding 0 turns the -0 of an empty sum with negative terms into 0.
    for (int i = 0; i < values.length; i++) rounded[i] = (float) values[i] + 0f;
    return rounded;
  }

  private static void assertPaddingLanesAreZero(Tensor tensor) {
    Tensor cleared = new Tensor(tensor.shape(), tensor.data.clone());
    cleared.clearPaddingLanes();
    assertTrue(java.util.Arrays.equals(cleared.data, tensor.data), "padding lanes are not zero");
  }

  @Test
  void callersInsideAndOutsideThePoolMayShareAConvolution() throws Exception {
    var c = new Case(1, 40, 40, 1, 12, 12, Window.of(3, 1, 1), 0);
    var random = new Random(9);
    float[] w = gaussians(random, c.weight().size());
    Tensor x = Tensor.of(c.input(), gaussians(random, c.input().size()));
    float[] expected = convolution(c, w, null).apply(engine, x).toArray();
    try (var pool = new ForkJoinPool(3)) {
      var shared = new Engine(engine.kernels(), pool).exact();
      for (int round = 0; round < 20; round++) {
        Convolution cold = convolution(c, w, null);
        var inside =
            pool.submit(
                () ->
                    IntStream.range(0, 8)
                        .parallel()
                        .mapToObj(i -> cold.apply(shared, x).toArray())
                        .toList());
        assertArrayEquals(expected, cold.apply(shared, x).toArray());
        for (float[] y : inside.get(30, TimeUnit.SECONDS)) {
          assertArrayEquals(expected, y);
        }
      }
    }
  }
}
