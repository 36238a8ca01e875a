package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

/** The sums that relevance is divided by, in few multiplications, against exact ones. */
class PositiveSumsTest {
  private final Engine engine = Engine.sequential();

  /** Weights of very different sizes; none at all for outputs 3 and 40. */
  private static Convolution convolution(Random random, int inputs, int outputs) {
    float[] weights = new float[outputs * inputs * 9];
    for (int i = 0; i < weights.length; i++) {
      int output = i / (inputs * 9);
      double scale = output == 3 || output == 40 ? 0 : Math.pow(10, output % 7 - 3);
      weights[i] = (float) (random.nextGaussian() * scale);
    }
    return Convolution.of(
        Parameter.of(Shape.of(outputs, inputs, 3, 3), weights), null, Window.of(3, 1, 1), 1);
  }

  /**
   * A bright place, one a hundred thousand times darker, and one where nothing is, within tiles.
   */
  private static Tensor image(Random random, Shape shape) {
    float[] x = new float[shape.size()];
    int width = shape.extent(3);
    for (int i = 0; i < x.length; i++) {
      int column = i % width;
      float scale = column < 5 ? 1 : column < 13 ? 1e-5f : 0;
      x[i] = Math.max(0f, (float) random.nextGaussian()) * scale;
    }
    return Tensor.of(shape, x);
  }

  @Test
  void everySumIsNearTheExactOneWhateverIsBesideIt() {
    for (int seed = 0; seed < 7; seed++) {
      var random = new Random(seed);
      int outputs = 33 + seed * 5;
      // Of the large images weights are transformed first; of many inputs, part by part.
      boolean large = seed == 4 || seed == 5;
      int inputs = large ? 16 + seed : seed == 6 ? 151 : 32 + seed;
      int height = large ? 61 : 17 - seed;
      Convolution convolution = convolution(random, inputs, outputs);
      Tensor x = image(random, Shape.of(2, inputs, height, large ? 71 : 21 + seed));
      float[] exact = convolution.forward(engine.exact(), WeightView.ABSOLUTE, x).toArray();
      float[] sums = convolution.positiveSums(engine, x).toArray();
      int zeros = 0;
      for (int i = 0; i < exact.length; i++) {
        if (exact[i] == 0) zeros++;
        assertEquals(exact[i], sums[i], 1e-3 * exact[i]);
      }
      // What has no term is exactly 0: the outputs without weights, and places where nothing is.
      assertTrue(zeros > exact.length / outputs && zeros < exact.length, zeros + " zeros");
      try (var pool = new ForkJoinPool(3)) {
        assertArrayEquals(
            sums, convolution.positiveSums(Engine.parallel(pool), x).toArray(), "threads");
      }
    }
  }

  /** Output 5 reads one column of inputs 16 to 31 in the next tile alone. */
  @Test
  void aTileWithoutASumIsZeroWhateverItsWindowsRead() {
    var random = new Random(3);
    float[] weights = new float[32 * 32 * 9];
    for (int i = 0; i < weights.length; i++) {
      int output = i / (32 * 9);
      boolean read = i / 9 % 32 >= 16 && i % 3 == 0;
      weights[i] = output != 5 || read ? (float) random.nextGaussian() : 0;
    }
    Convolution convolution =
        Convolution.of(Parameter.of(Shape.of(32, 32, 3, 3), weights), null, Window.of(3, 1, 1), 1);
    float[] image = new float[32 * 12 * 12];
    for (int i = 0; i < image.length; i++) {
      if (i % 12 == (i / 144 < 16 ? 1 : 3)) image[i] = Math.abs((float) random.nextGaussian());
    }
    Tensor x = Tensor.of(Shape.of(1, 32, 12, 12), image);
    float[] exact = convolution.forward(engine.exact(), WeightView.ABSOLUTE, x).toArray();
    float[] sums = convolution.positiveSums(engine, x).toArray();
    for (int i = 0; i < exact.length; i++) assertEquals(exact[i], sums[i], 1e-3 * exact[i]);
  }

  @Test
  void theLargestValueThatATileReads() {
    var random = new Random(11);
    for (int round = 0; round < 200; round++) {
      int[] pads = random.ints(4, 0, 5).toArray();
      var window = new Window(3, 3, 1, 1, 1, 1, pads[0], pads[1], pads[2], pads[3]);
      int height = 3 + random.nextInt(14);
      int width = 3 + random.nextInt(14);
      int channels = 1 + random.nextInt(40);
      Shape shape = Shape.of(2, channels, height, width);
      float[] values = new float[shape.size()];
      for (int i = 0; i < values.length; i++) values[i] = Math.max(0, random.nextFloat() - 0.9f);
      Tensor z =
          Tensor.zeros(
              Shape.of(2, 1, height + pads[0] + pads[2] - 2, width + pads[1] + pads[3] - 2));
      Sweep sweep = Sweep.forward(window);
      float[] read =
          new PositiveSums(
                  engine, sweep, new float[1][], new float[16], Tensor.of(shape, values), z)
              .read();
      int tilesY = Math.ceilDiv(z.shape().extent(2), 4);
      int tilesX = Math.ceilDiv(z.shape().extent(3), 4);
      float[] expected = new float[2 * tilesY * tilesX];
      for (int i = 0; i < values.length; i++) {
        int column = i % width + window.left();
        int row = i / width % height + window.top();
        for (int y = 0; y < tilesY && y * 4 <= row; y++) {
          if (row >= y * 4 + 6) continue;
          for (int x = 0; x < tilesX && x * 4 <= column; x++) {
            if (column >= x * 4 + 6) continue;
            int tile = (i / (channels * height * width) * tilesY + y) * tilesX + x;
            expected[tile] = Math.max(expected[tile], values[i]);
          }
        }
      }
      assertArrayEquals(expected, read, window + " of " + shape);
    }
  }

  @Test
  void whatSumsAreBoundedByIsComputedOnce() {
    Convolution convolution = convolution(new Random(2), 32, 41);
    assertSame(convolution.magnitudeSums(engine), convolution.magnitudeSums(engine));
  }

  @Test
  void anExactEngineAddsUpEverySum() {
    var random = new Random(9);
    Convolution convolution = convolution(random, 32, 41);
    Tensor x = image(random, Shape.of(1, 32, 16, 20));
    assertArrayEquals(
        convolution.forward(engine.exact(), WeightView.ABSOLUTE, x).toArray(),
        convolution.positiveSums(engine.exact(), x).toArray());
  }
}
