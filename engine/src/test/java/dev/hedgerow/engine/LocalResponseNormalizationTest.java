package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertClose;
import static dev.hedgerow.engine.Samples.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LocalResponseNormalizationTest {
  private final Engine engine = Engine.sequential();

  @Property(tries = 80, seed = "81")
  void equalsTheDefinition(
      @ForAll @IntRange(min = 1, max = 2) int batch,
      @ForAll @IntRange(min = 1, max = 40) int channels,
      @ForAll @IntRange(min = 1, max = 6) int size,
      @ForAll boolean published,
      @ForAll int seed) {
    var random = new Random(seed);
    float beta = published ? 0.75f : 0.6f;
    var normalization = new LocalResponseNormalization(size, 0.5f, beta, 1.5f);
    Shape shape = Shape.of(batch, channels, 3, 4);
    float[] x = Samples.gaussians(random, shape.size());
    float[] g = Samples.gaussians(random, shape.size());
    double[] y = new double[x.length];
    double[] magnitudes = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] * Math.pow(scale(normalization, x, channels, 12, i), -beta);
      magnitudes[i] = Math.abs(y[i]);
    }
    Tensor input = Tensor.of(shape, x);
    Tensor output = normalization.forward(engine, input);
    assertClose(y, magnitudes, 12, output);
    // The Jacobian, entry by entry.
    double[] dx = new double[x.length];
    double[] dxMagnitudes = new double[x.length];
    int before = (size - 1) / 2;
    for (int i = 0; i < x.length; i++) {
      int c = i / 12 % channels;
      double d = scale(normalization, x, channels, 12, i);
      for (int k = Math.max(0, c - before);
          k <= Math.min(channels - 1, c + size - 1 - before);
          k++) {
        int j = i + (k - c) * 12;
        double slope = -2 * 0.5 * beta / size * x[i] * x[j] * Math.pow(d, -beta - 1.0);
        if (k == c) slope += Math.pow(d, -beta);
        dx[j] += g[i] * slope;
        dxMagnitudes[j] += Math.abs(g[i]) * (Math.abs(slope) + (k == c ? 1 : 0));
      }
    }
    assertClose(
        dx, dxMagnitudes, 30, normalization.gradient(engine, input, output, Tensor.of(shape, g)));
  }

  private static double scale(
      LocalResponseNormalization n, float[] x, int channels, int area, int i) {
    int c = i / area % channels;
    int first = (int) Math.max(0, c - Math.floor((n.size() - 1) / 2d));
    int last = (int) Math.min(channels - 1, c + Math.ceil((n.size() - 1) / 2d));
    double sum = 0;
    for (int k = first; k <= last; k++) {
      double value = x[i + (k - c) * area];
      sum += value * value;
    }
    return n.bias() + (double) n.alpha() / n.size() * sum;
  }

  @Test
  void knownNumbers() {
    // With size 2 each channel is summed with the next one: d = 1 + (x_c² + x_{c+1}²)/2.
    var normalization = new LocalResponseNormalization(2, 1, 0.5f, 1);
    Tensor y = normalization.forward(engine, Tensor.of(Shape.of(1, 3, 1, 1), 1, 7, 0));
    assertEquals(1 / Math.sqrt(26), y.get(0, 0, 0, 0), 1e-7);
    assertEquals(7 / Math.sqrt(25.5), y.get(0, 1, 0, 0), 1e-6);
    assertEquals(0, y.get(0, 2, 0, 0));
  }

  /** Without a bias a channel of 0 has a gradient if another of its sum is not 0. */
  @Test
  void aGradientWithoutABias() {
    // d = (x_1² + x_2²)/3 for both, y = x / d: ∂(y_1 + y_2)/∂x_2 at x = (1, 0) is 1/d.
    var normalization = new LocalResponseNormalization(3, 1, 1, 0);
    Tensor x = Tensor.of(Shape.of(1, 2, 1, 1), 1, 0);
    Tensor y = normalization.forward(engine, x);
    Tensor dx = normalization.gradient(engine, x, y, Tensor.of(x.shape(), 1, 1));
    assertEquals(-3, dx.get(0, 0, 0, 0), 1e-6);
    assertEquals(3, dx.get(0, 1, 0, 0), 1e-6);
  }

  @Test
  void threadsDoNotChangeTheBits() {
    var random = new Random(82);
    Shape shape = Shape.of(2, 37, 19, 21);
    Tensor x = Tensor.of(shape, Samples.gaussians(random, shape.size()));
    Tensor g = Tensor.of(shape, Samples.gaussians(random, shape.size()));
    var normalization = new LocalResponseNormalization(5, 1e-4f, 0.75f, 1);
    Tensor y = normalization.forward(engine, x);
    Tensor dx = normalization.gradient(engine, x, y, g);
    Samples.onOneAndThreeThreads(
        other -> {
          assertArrayEquals(y.data, normalization.forward(other, x).data);
          assertArrayEquals(dx.data, normalization.gradient(other, x, y, g).data);
        });
  }

  @Test
  void mismatchesAreNamed() {
    assertRefused(
        "local response normalization: size 0, expected at least 1",
        () -> new LocalResponseNormalization(0, 1, 1, 1));
    var normalization = new LocalResponseNormalization(5, 1, 1, 1);
    assertRefused(
        "local response normalization: input is [2, 3], expected [N, C, H, W]",
        () -> normalization.forward(engine, Tensor.zeros(Shape.of(2, 3))));
    Tensor x = Tensor.zeros(Shape.of(1, 1, 1, 1));
    assertRefused(
        "local response normalization: output is [1, 1, 1, 1], gradient [1], expected [1, 1, 1, 1]",
        () -> normalization.gradient(engine, x, x, Tensor.zeros(Shape.of(1))));
  }
}
