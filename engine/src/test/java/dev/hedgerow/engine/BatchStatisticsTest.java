package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class BatchStatisticsTest {
  private static final int IMAGES = 3;
  private static final int CHANNELS = 19;
  private static final int HEIGHT = 13;
  private static final int WIDTH = 11;
  private static final Shape SHAPE = Shape.of(IMAGES, CHANNELS, HEIGHT, WIDTH);
  private static final int COUNT = IMAGES * HEIGHT * WIDTH;

  /** Values far from 0, where a difference of large sums would lose all digits. */
  private static float[] values(long seed, double centre) {
    var random = new Random(seed);
    float[] values = new float[SHAPE.size()];
    for (int i = 0; i < values.length; i++) values[i] = (float) (centre + random.nextGaussian());
    return values;
  }

  private static int channel(int i) {
    return i / (HEIGHT * WIDTH) % CHANNELS;
  }

  @Test
  void statisticsAreThoseOfAllImages() {
    float[] x = values(1, 1000);
    var statistics = BatchStatistics.of(Engine.sequential(), Tensor.of(SHAPE, x));
    double[] mean = new double[CHANNELS];
    double[] variance = new double[CHANNELS];
    for (int i = 0; i < x.length; i++) mean[channel(i)] += x[i] / (double) COUNT;
    for (int i = 0; i < x.length; i++) {
      double difference = x[i] - mean[channel(i)];
      variance[channel(i)] += difference * difference / COUNT;
    }
    assertEquals(COUNT, statistics.count());
    for (int c = 0; c < CHANNELS; c++) {
      assertEquals(mean[c], statistics.mean().get(c), 1e-7 * mean[c]);
      assertEquals(variance[c], statistics.variance().get(c), 1e-5 * variance[c]);
    }
  }

  /** The slope of ⟨s, y⟩ in double precision, for some elements and all channels. */
  @Test
  void gradientIsTheSlope() {
    float[] x = values(1, 2);
    float[] s = values(2, 0.5);
    float[] scale = new float[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) scale[c] = 0.5f + c / 10f;
    Engine engine = Engine.sequential();
    Tensor batch = Tensor.of(SHAPE, x);
    BatchStatistics.Gradient gradient =
        BatchStatistics.of(engine, batch)
            .gradient(
                engine, batch, Tensor.of(SHAPE, s), Parameter.of(Shape.of(CHANNELS), scale), 1e-3f);
    float[] input = gradient.input().toArray();
    for (int c = 0; c < CHANNELS; c++) {
      double step = 1e-5;
      int i = c * HEIGHT * WIDTH + 7 * c % (HEIGHT * WIDTH);
      double slope =
          (product(x, s, c, scale[c], i, step) - product(x, s, c, scale[c], i, -step)) / 2 / step;
      assertEquals(slope, input[i], 1e-5, "x of channel " + c);
      double scaled = product(x, s, c, scale[c] + 1, i, 0) - product(x, s, c, scale[c], i, 0);
      assertEquals(scaled, gradient.scale().get(c), 1e-5 * COUNT, "scale of channel " + c);
      double sum = 0;
      for (int k = 0; k < s.length; k++) sum += channel(k) == c ? s[k] : 0;
      assertEquals(sum, gradient.shift().get(c), 1e-6 * COUNT, "shift of channel " + c);
    }
  }

  /** Returns ⟨s, y⟩ over one channel, with element {@code i} of x moved. */
  private static double product(float[] x, float[] s, int c, double scale, int i, double step) {
    double mean = step / COUNT;
    for (int k = 0; k < x.length; k++) mean += channel(k) == c ? x[k] / (double) COUNT : 0;
    double variance = 0;
    for (int k = 0; k < x.length; k++) {
      if (channel(k) != c) continue;
      double difference = x[k] + (k == i ? step : 0) - mean;
      variance += difference * difference / COUNT;
    }
    double product = 0;
    for (int k = 0; k < x.length; k++) {
      if (channel(k) != c) continue;
      double value = x[k] + (k == i ? step : 0);
      product += s[k] * scale * (value - mean) / Math.sqrt(variance + 1e-3f);
    }
    return product;
  }

  @Test
  void othersShapesAreRefused() {
    Engine engine = Engine.sequential();
    Samples.assertRefused(
        "batch statistics: input is [2, 3], expected [N, C, H, W]",
        () -> BatchStatistics.of(engine, Tensor.zeros(Shape.of(2, 3))));
    Tensor x = Tensor.zeros(Shape.of(1, 2, 3, 3));
    var statistics = BatchStatistics.of(engine, x);
    Samples.assertRefused(
        "batch statistics: of [1, 2, 3, 3], but the input is [1, 2, 3, 3] and the gradient"
            + " [2, 2, 3, 3]",
        () ->
            statistics.gradient(
                engine, x, Tensor.zeros(Shape.of(2, 2, 3, 3)), Parameter.of(Shape.of(2), 1, 1), 0));
    Samples.assertRefused(
        "batch statistics: scale is [1], expected [2]",
        () -> statistics.gradient(engine, x, x, Parameter.of(Shape.of(1), 1), 0));
  }

  @Test
  void threadsDoNotChangeTheBits() {
    Tensor x = Tensor.of(SHAPE, values(3, 1));
    Tensor s = Tensor.of(SHAPE, values(4, 0));
    Parameter scale = Parameter.of(Shape.of(CHANNELS), Samples.gaussians(new Random(5), CHANNELS));
    var one = BatchStatistics.of(Engine.sequential(), x);
    BatchStatistics.Gradient back = one.gradient(Engine.sequential(), x, s, scale, 1e-3f);
    Samples.onOneAndThreeThreads(
        engine -> {
          var statistics = BatchStatistics.of(engine, x);
          assertArrayEquals(one.mean().toArray(), statistics.mean().toArray());
          assertArrayEquals(one.variance().toArray(), statistics.variance().toArray());
          BatchStatistics.Gradient gradient = statistics.gradient(engine, x, s, scale, 1e-3f);
          assertArrayEquals(back.input().data, gradient.input().data);
          assertArrayEquals(back.scale().toArray(), gradient.scale().toArray());
          assertArrayEquals(back.shift().toArray(), gradient.shift().toArray());
        });
  }
}
