package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertClose;
import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchNormalizationTest {
  private final Engine engine = Engine.sequential();

  @Property(tries = 200, seed = "71")
  void equalsTheDefinition(
      @ForAll @IntRange(min = 1, max = 3) int batch,
      @ForAll @IntRange(min = 1, max = 40) int channels,
      @ForAll @IntRange(min = 1, max = 12) int height,
      @ForAll @IntRange(min = 1, max = 12) int width,
      @ForAll boolean image,
      @ForAll int seed) {
    var random = new Random(seed);
    float[] scale = Samples.gaussians(random, channels);
    float[] shift = Samples.gaussians(random, channels);
    float[] mean = Samples.gaussians(random, channels);
    float[] variance = new float[channels];
    for (int c = 0; c < channels; c++) variance[c] = random.nextFloat();
    var normalization = normalization(scale, shift, mean, variance, 1e-5f);
    Shape shape = image ? Shape.of(batch, channels, height, width) : Shape.of(batch, channels);
    int area = image ? height * width : 1;
    float[] x = Samples.gaussians(random, shape.size());
    double[] y = new double[x.length];
    double[] yMagnitudes = new double[x.length];
    double[] r = new double[x.length];
    double[] rMagnitudes = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i / area % channels;
      double root = Math.sqrt(variance[c] + 1e-5f);
      y[i] = (x[i] - mean[c]) / root * scale[c] + shift[c];
      yMagnitudes[i] =
          (Math.abs(x[i]) + Math.abs(mean[c])) / root * Math.abs(scale[c]) + Math.abs(shift[c]);
      r[i] = x[i] / root * scale[c];
      rMagnitudes[i] = Math.abs(r[i]);
    }
    Tensor input = Tensor.of(shape, x);
    Samples.onOneAndThreeThreads(
        other -> {
          assertClose(y, yMagnitudes, 6, normalization.forward(other, input));
          assertClose(r, rMagnitudes, 4, normalization.reverse(other, input));
        });
  }

  @Test
  void knownNumbers() {
    var normalization =
        normalization(
            new float[] {1.5f, -.5f},
            new float[] {.1f, .2f},
            new float[] {.3f, -.2f},
            new float[] {4, .25f},
            0);
    assertArrayEquals(new float[] {.75f, -1}, normalization.factor());
    assertArrayEquals(new float[] {-.125f, 0}, normalization.offset(), 1e-8f);
    assertEquals(2, normalization.channels());
    assertValues(
        normalization.reverse(engine, Tensor.of(Shape.of(1, 2, 1, 2), 4, 8, 1, -2)),
        Shape.of(1, 2, 1, 2),
        3,
        6,
        -1,
        2);
  }

  @Test
  void theFactorIsComputedInDouble() {
    var normalization =
        normalization(new float[] {1}, new float[] {0}, new float[] {0}, new float[] {3}, 1e-12f);
    assertEquals((float) (1 / Math.sqrt(3)), normalization.factor()[0]);
    normalization.factor()[0] = 7;
    assertEquals((float) (1 / Math.sqrt(3)), normalization.factor()[0]);
  }

  @Test
  void mismatchesAreNamed() {
    float[] two = {1, 2};
    assertRefused(
        "batch normalization: scale is [2], shift [2], mean [1], variance [2], expected [C] each",
        () -> normalization(two, two, new float[] {1}, two, 0));
    var normalization = normalization(two, two, two, two, 0);
    assertRefused(
        "batch normalization: input is [1, 3, 4, 4], expected [N, 2] or [N, 2, H, W]",
        () -> normalization.forward(engine, Tensor.zeros(Shape.of(1, 3, 4, 4))));
    assertRefused(
        "batch normalization: input is [1, 2, 4], expected [N, 2] or [N, 2, H, W]",
        () -> normalization.reverse(engine, Tensor.zeros(Shape.of(1, 2, 4))));
  }

  private static BatchNormalization normalization(
      float[] scale, float[] shift, float[] mean, float[] variance, float epsilon) {
    return BatchNormalization.of(
        Parameter.of(Shape.of(scale.length), scale),
        Parameter.of(Shape.of(shift.length), shift),
        Parameter.of(Shape.of(mean.length), mean),
        Parameter.of(Shape.of(variance.length), variance),
        epsilon);
  }
}
