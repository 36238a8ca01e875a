package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.ConvolutionTest.Case;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** 3×3 convolutions of an engine that need not be exact. */
class WinogradTest {
  /** (2 + K), K being the nine weights of 32 channels: errors are so many times ε at most. */
  private static final int ROUNDINGS = 2 + 9 * 32;

  /** The pool that convolutions take over. */
  private static final MaxPool HALVES = new MaxPool(Window.of(2, 2, 0), false);

  private final Engine engine = Engine.sequential();

  /** Small images of many channels; large ones of few, whose weights are transformed first. */
  @Provide
  Arbitrary<Case> cases() {
    return Arbitraries.oneOf(
        cases(32, 70, 70, 9, 22),
        cases(120, 300, 36, 9, 13),
        cases(16, 31, 36, 43, 46),
        cases(32, 36, 36, 43, 46));
  }

  private static Arbitrary<Case> cases(
      int inputs, int mostInputs, int mostOutputs, int side, int mostSide) {
    Arbitrary<Window> windows =
        Arbitraries.integers()
            .between(0, 3)
            .list()
            .ofSize(4)
            .map(p -> new Window(3, 3, 1, 1, 1, 1, p.get(0), p.get(1), p.get(2), p.get(3)));
    return Combinators.combine(
            Arbitraries.integers().between(1, 2),
            Arbitraries.integers().between(inputs, mostInputs),
            Arbitraries.integers().between(32, mostOutputs),
            Arbitraries.integers().between(side, mostSide),
            Arbitraries.integers().between(side, mostSide),
            windows,
            Arbitraries.longs())
        .as((n, in, out, h, w, window, seed) -> new Case(n, in, out, 1, h, w, window, seed));
  }

  @Property(tries = 30, seed = "1")
  void forwardsErrorIsBounded(@ForAll("cases") Case c) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    float[] x = Samples.gaussians(random, c.input().size());
    Convolution convolution = ConvolutionTest.convolution(c, w, null);
    Tensor y = convolution.forward(engine, WeightView.PLAIN, Tensor.of(c.input(), x));
    float[] magnitudes = ConvolutionTest.absolute(w);
    assertErrorIsBounded(
        ConvolutionTest.naive(c, w, x),
        ConvolutionTest.naive(c, magnitudes, ConvolutionTest.absolute(x)),
        y);
  }

  @Property(tries = 30, seed = "2")
  void reversesErrorIsBounded(@ForAll("cases") Case c, @ForAll WeightView view) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    Convolution convolution = ConvolutionTest.convolution(c, w, null);
    Shape output = convolution.outputShape(c.input());
    float[] s = Samples.gaussians(random, output.size());
    Tensor x = convolution.reverse(engine, view, Tensor.of(output, s), c.input());
    float[] shown = ConvolutionTest.view(w, view);
    float[] magnitudes = ConvolutionTest.absolute(shown);
    assertErrorIsBounded(
        ConvolutionTest.naiveReverse(c, shown, s, output),
        ConvolutionTest.naiveReverse(c, magnitudes, ConvolutionTest.absolute(s), output),
        x);
  }

  /**
   * The errors are relative to the largest Σ|w||x|: the transforms, whose growth the bound has to
   * cover, spread them over a tile.
   */
  private static void assertErrorIsBounded(double[] expected, double[] sums, Tensor actual) {
    double largest = Arrays.stream(sums).max().orElseThrow();
    Arrays.setAll(sums, i -> largest);
    Samples.assertClose(expected, sums, ROUNDINGS, actual);
  }

  @Property(tries = 20, seed = "3")
  void threadsAndImagesOfABatchDoNotMatter(@ForAll("cases") Case c) {
    assertThreadsAndOtherImagesDoNotMatter(c);
  }

  /** More tiles than a batch of them has, which ends within an image and within a row. */
  @Test
  void batchesOfTilesDoNotMatter() {
    Window window = Window.of(3, 1, 1);
    assertThreadsAndOtherImagesDoNotMatter(new Case(3, 40, 72, 1, 20, 28, window, 5));
    assertThreadsAndOtherImagesDoNotMatter(new Case(3, 40, 40, 1, 45, 46, window, 6));
    assertThreadsAndOtherImagesDoNotMatter(new Case(2, 32, 32, 1, 10, 400, window, 7));
    assertThreadsAndOtherImagesDoNotMatter(new Case(3, 300, 40, 1, 20, 28, window, 8));
    assertThreadsAndOtherImagesDoNotMatter(new Case(2, 40, 72, 1, 20, 36, window, 11));
    // Two threads share the second of three batches.
    assertThreadsAndOtherImagesDoNotMatter(new Case(3, 300, 160, 1, 20, 28, window, 12));
  }

  /** Parts of rows of tiles that begin right of the image, or end left of it. */
  @Test
  void widePadding() {
    Window right = new Window(3, 3, 1, 1, 1, 1, 4, 4, 4, 4);
    Window left = new Window(3, 3, 1, 1, 1, 1, 1, 9, 1, 1);
    forwardsErrorIsBounded(new Case(1, 16, 32, 1, 103, 99, right, 0));
    forwardsErrorIsBounded(new Case(2, 16, 32, 1, 46, 46, left, 0));
  }

  @Property(tries = 12, seed = "4")
  void biasAdditionAndReluAreThoseOfTheExactEngine(@ForAll("cases") Case c) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    float[] b = Samples.gaussians(random, c.outputs());
    Parameter bias = Parameter.of(Shape.of(c.outputs()), b);
    Convolution convolution = ConvolutionTest.convolution(c, w, bias);
    float[] values = Samples.gaussians(random, c.input().size());
    List<Tensor> x = List.of(Tensor.of(c.input(), values));
    Shape output = convolution.outputShape(c.input());
    Tensor add = Tensor.of(output, Samples.gaussians(random, output.size()));
    float tolerance = ROUNDINGS * 0x1p-24f * largestSum(convolution, c, values);
    List<Convolution> all =
        List.of(convolution, convolution.rectified(), convolution.clipped(-1, 2));
    for (Convolution each : all) {
      for (Tensor added : Arrays.asList(null, add)) {
        assertArrayEquals(
            each.apply(engine.exact(), x, null, added).toArray(),
            each.apply(engine, x, null, added).toArray(),
            tolerance);
      }
    }
  }

  /** To the bit, whichever way the convolution goes, of odd sides and on any threads too. */
  @Property(tries = 20, seed = "5")
  void aPoolInBetweenIsAPoolAfterwards(@ForAll("cases") Case c) {
    assertPoolsAlike(c);
  }

  /** Tasks that begin within a row of tiles, also with the last tile, of which nothing is left. */
  @Test
  void aPoolOfPartsOfRowsAndOfSmallImages() {
    Window window = Window.of(3, 1, 1);
    assertPoolsAlike(new Case(3, 40, 72, 1, 21, 28, window, 5));
    assertPoolsAlike(new Case(2, 32, 32, 1, 11, 401, window, 7));
    assertPoolsAlike(new Case(2, 32, 32, 1, 13, 9, window, 8));
    assertPoolsAlike(new Case(2, 300, 40, 1, 13, 53, window, 9));
    assertPoolsAlike(new Case(2, 3, 20, 1, 5, 2, window, 10));
    assertPoolsAlike(new Case(2, 40, 72, 1, 20, 36, window, 11));
  }

  private void assertPoolsAlike(Case c) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    Parameter bias = Parameter.of(Shape.of(c.outputs()), Samples.gaussians(random, c.outputs()));
    Convolution convolution = ConvolutionTest.convolution(c, w, bias);
    Convolution rectified = convolution.rectified();
    Convolution clipped = convolution.clipped(-1, 2);
    Tensor x = Tensor.of(c.input(), Samples.gaussians(random, c.input().size()));
    for (Engine on : List.of(engine, engine.exact())) {
      Tensor expected = HALVES.forward(on, convolution.apply(on, x));
      assertSame(expected, convolution.pooled(HALVES).apply(on, x));
      Tensor positive = HALVES.forward(on, rectified.apply(on, x));
      assertSame(positive, rectified.pooled(HALVES).apply(on, x));
      assertSame(positive, convolution.pooled(HALVES).rectified().apply(on, x));
      assertSame(HALVES.forward(on, clipped.apply(on, x)), clipped.pooled(HALVES).apply(on, x));
    }
    try (var threads = new ForkJoinPool(3)) {
      assertSame(
          convolution.pooled(HALVES).apply(engine, x),
          convolution.pooled(HALVES).apply(new Engine(engine.kernels(), threads), x));
    }
  }

  /** The same bits, also where a block has more channels than the tensor. */
  private static void assertSame(Tensor expected, Tensor actual) {
    assertEquals(expected.shape(), actual.shape());
    assertArrayEquals(expected.data, actual.data);
  }

  @Test
  void whatIsPooledIsRefused() {
    Case c = new Case(1, 5, 4, 1, 8, 8, Window.of(3, 1, 1), 1);
    Convolution convolution = ConvolutionTest.convolution(c, new float[c.weight().size()], null);
    Convolution pooled = convolution.pooled(HALVES);
    assertTrue(convolution.takesOver(HALVES));
    assertFalse(pooled.takesOver(HALVES));
    for (MaxPool pool :
        List.of(
            new MaxPool(Window.of(2, 2, 0), true),
            new MaxPool(Window.of(2, 2, 1), false),
            new MaxPool(Window.of(3, 2, 0), false))) {
      assertFalse(convolution.takesOver(pool));
      Samples.assertRefused(
          "conv2d: weight [4, 5, 3, 3] with %s does not take over %s"
              .formatted(convolution.window(), pool),
          () -> convolution.pooled(pool));
    }
    Case strided = new Case(1, 5, 4, 1, 8, 8, Window.of(3, 2, 1), 1);
    assertFalse(
        ConvolutionTest.convolution(strided, new float[c.weight().size()], null).takesOver(HALVES));
    List<Tensor> x = List.of(Tensor.zeros(c.input()));
    Samples.assertRefused(
        "conv2d: weight [4, 5, 3, 3] is pooled and adds nothing, but was given [1, 4, 8, 8]",
        () -> pooled.apply(engine, x, null, Tensor.zeros(Shape.of(1, 4, 8, 8))));
  }

  /** Returns the largest Σ|w||x|, which the error is relative to. */
  private float largestSum(Convolution convolution, Case c, float[] x) {
    Tensor magnitudes = Tensor.of(c.input(), ConvolutionTest.absolute(x));
    float[] sums = convolution.forward(engine.exact(), WeightView.ABSOLUTE, magnitudes).toArray();
    float largest = 0;
    for (float sum : sums) largest = Math.max(largest, sum);
    return largest;
  }

  private void assertThreadsAndOtherImagesDoNotMatter(Case c) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    Tensor x = Tensor.of(c.input(), Samples.gaussians(random, c.input().size()));
    Convolution convolution = ConvolutionTest.convolution(c, w, null);
    Tensor y = convolution.apply(engine, x);
    float[] back = convolution.reverse(engine, WeightView.ABSOLUTE, y, c.input()).toArray();
    // A thread makes V of its own where they are few.
    for (int threads : new int[] {2, 7}) {
      try (var pool = new ForkJoinPool(threads)) {
        var parallel = new Engine(engine.kernels(), pool);
        assertArrayEquals(y.toArray(), convolution.apply(parallel, x).toArray());
        assertArrayEquals(
            back, convolution.reverse(parallel, WeightView.ABSOLUTE, y, c.input()).toArray());
      }
    }
    for (int n = 0; n < c.batch(); n++) {
      assertArrayEquals(y.image(n).toArray(), convolution.apply(engine, x.image(n)).toArray());
    }
  }

  @Test
  void tilesOfZerosGiveTheBias() {
    Case c = new Case(1, 48, 40, 1, 24, 24, Window.of(3, 1, 1), 5);
    var random = new Random(5);
    float[] w = Samples.gaussians(random, c.weight().size());
    float[] bias = Samples.gaussians(random, c.outputs());
    float[] x = new float[c.input().size()];
    for (int i = 0; i < x.length; i++) x[i] = i % 24 < 8 ? 1e3f + i : 0;
    Convolution convolution =
        ConvolutionTest.convolution(c, w, Parameter.of(Shape.of(c.outputs()), bias));
    Tensor y = convolution.apply(engine, Tensor.of(c.input(), x));
    for (int o = 0; o < c.outputs(); o++) {
      for (int row = 0; row < 24; row++) {
        for (int column = 12; column < 24; column++) {
          assertEquals(bias[o], y.get(0, o, row, column));
        }
        assertTrue(y.get(0, o, row, 4) != bias[o]);
      }
    }
  }

  /** Gradient Hedge counts the inputs that something comes back to, and subtracts Ψ from those. */
  @Test
  void nothingComesBackWhereNothingWasSent() {
    Case c = new Case(1, 32, 32, 1, 12, 12, Window.of(3, 1, 1), 7);
    var random = new Random(7);
    Convolution convolution =
        ConvolutionTest.convolution(c, Samples.gaussians(random, c.weight().size()), null);
    Shape output = convolution.outputShape(c.input());
    float[] s = new float[output.size()];
    for (int o = 0; o < c.outputs(); o++) s[o * 12 * 12] = random.nextFloat();
    Tensor back = convolution.reverse(engine, WeightView.ABSOLUTE, Tensor.of(output, s), c.input());
    for (int i = 0; i < 32; i++) {
      for (int pixel = 0; pixel < 12 * 12; pixel++) {
        float value = back.get(0, i, pixel / 12, pixel % 12);
        assertEquals(pixel / 12 < 2 && pixel % 12 < 2, value != 0, i + " at " + pixel);
      }
    }
  }

  /**
   * Outputs of a picture of few colours that are equal on an exact engine, and near each other, as
   * a max pool compares them, are equal here.
   */
  @Property(tries = 30, seed = "6")
  void equalOutputsStayEqual(@ForAll("cases") Case c) {
    var random = new Random(c.seed());
    float[] w = Samples.gaussians(random, c.weight().size());
    float[] b = Samples.gaussians(random, c.outputs());
    Parameter bias = Parameter.of(Shape.of(c.outputs()), b);
    Convolution convolution = ConvolutionTest.convolution(c, w, bias);
    Tensor x = Tensor.of(c.input(), patches(random, c.input()));
    Tensor expected = convolution.apply(engine.exact(), x);
    Tensor y = engine.zeros(expected.shape());
    Winograd.run(
        engine,
        Sweep.forward(c.window()),
        convolution.packing(engine, WeightView.PLAIN).weights(),
        WeightView.PLAIN,
        x,
        y.shape(),
        y,
        new Epilogue(
            Arrays.copyOf(b, Tensor.blocks(c.outputs()) * Tensor.BLOCK),
            null,
            Float.NEGATIVE_INFINITY,
            Float.POSITIVE_INFINITY),
        true);
    assertStaysEqual(expected, y);
    assertBiasStays(b, expected, y);
  }

  /** Returns rectangles, some of them chequered, on zeros. */
  private static float[] patches(Random random, Shape shape) {
    float[] x = new float[shape.size()];
    int channels = shape.extent(1);
    int height = shape.extent(2);
    int width = shape.extent(3);
    float[][] colours = new float[3][];
    for (int i = 0; i < 3; i++) colours[i] = Samples.gaussians(random, channels);
    Arrays.fill(colours[0], 0f);
    for (int patch = 0; patch < 12 * shape.extent(0); patch++) {
      int image = patch % shape.extent(0) * channels;
      int top = random.nextInt(height);
      int left = random.nextInt(width);
      float[] even = colours[random.nextInt(3)];
      float[] odd = random.nextBoolean() ? even : colours[random.nextInt(3)];
      for (int row = top; row < Math.min(height, top + 9); row++) {
        for (int column = left; column < Math.min(width, left + 12); column++) {
          float[] colour = (row + column) % 2 == 0 ? even : odd;
          for (int i = 0; i < channels; i++) {
            x[((image + i) * height + row) * width + column] = colour[i];
          }
        }
      }
    }
    return x;
  }

  private static void assertStaysEqual(Tensor expected, Tensor actual) {
    Shape shape = expected.shape();
    int near = 0;
    for (int n = 0; n < shape.extent(0); n++) {
      for (int y = 0; y < shape.extent(2); y++) {
        for (int x = 0; x < shape.extent(3); x++) {
          for (int other = 0; other < 15; other++) {
            int row = y - other / 5;
            int column = x - 2 + other % 5;
            if (row < 0 || column < 0 || column >= shape.extent(3)) continue;
            if (!Arrays.equals(pixel(expected, n, y, x), pixel(expected, n, row, column))) continue;
            assertArrayEquals(pixel(actual, n, y, x), pixel(actual, n, row, column));
            near++;
          }
        }
      }
    }
    assertTrue(near > shape.extent(0) * shape.extent(2) * shape.extent(3), "only itself is equal");
  }

  private static void assertBiasStays(float[] bias, Tensor expected, Tensor actual) {
    Shape shape = expected.shape();
    for (int n = 0; n < shape.extent(0); n++) {
      for (int y = 0; y < shape.extent(2); y++) {
        for (int x = 0; x < shape.extent(3); x++) {
          if (!Arrays.equals(bias, pixel(expected, n, y, x))) continue;
          assertArrayEquals(bias, pixel(actual, n, y, x));
        }
      }
    }
  }

  private static float[] pixel(Tensor x, int n, int row, int column) {
    float[] pixel = new float[x.shape().extent(1)];
    for (int i = 0; i < pixel.length; i++) pixel[i] = x.get(n, i, row, column);
    return pixel;
  }

  @Test
  void anExactEngineComputesTheSumsAsTheyAreWritten() {
    Case c = new Case(1, 64, 64, 1, 20, 20, Window.of(3, 1, 1), 6);
    var random = new Random(6);
    float[] w = Samples.integers(random, c.weight().size());
    float[] x = Samples.integers(random, c.input().size());
    Tensor input = Tensor.of(c.input(), x);
    Convolution convolution = ConvolutionTest.convolution(c, w, null);
    float[] exact = ConvolutionTest.floats(ConvolutionTest.naive(c, w, x));
    assertArrayEquals(
        exact, convolution.forward(engine.exact(), WeightView.PLAIN, input).toArray());
    // Weights of a third or a 24th are not: this engine has taken the other way.
    assertTrue(
        !Arrays.equals(exact, convolution.forward(engine, WeightView.PLAIN, input).toArray()));
    // So are all but PLAIN; what relevance is divided by takes the other way in positiveSums alone.
    assertArrayEquals(
        convolution.forward(engine.exact(), WeightView.ABSOLUTE, input).toArray(),
        convolution.forward(engine, WeightView.ABSOLUTE, input).toArray());
  }
}
