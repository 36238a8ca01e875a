package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.Reductions.SignedSums;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ReductionsTest {
  private final Engine engine = Engine.sequential();

  /** Integers, so that sums are exact. */
  @Property(tries = 200, seed = "101")
  void equalTheNaiveLoops(
      @ForAll @IntRange(min = 1, max = 2) int batch,
      @ForAll @IntRange(min = 1, max = 40) int channels,
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll @IntRange(min = -6, max = 6) int centre,
      @ForAll boolean image,
      @ForAll int seed) {
    Shape shape =
        image ? Shape.of(batch, channels, height, 3) : Shape.of(batch * channels, height, 3);
    float[] values = Samples.integers(new Random(seed), shape.size());
    double sum = 0;
    double positive = 0;
    double negative = 0;
    long nonZero = 0;
    float smallest = 100;
    float largest = -100;
    double[] channelSums = new double[batch * channels];
    for (int i = 0; i < values.length; i++) {
      values[i] += centre;
      float value = values[i];
      sum += value;
      if (value > 0) positive += value;
      if (value < 0) negative += value;
      if (value != 0) nonZero++;
      smallest = value < smallest ? value : smallest;
      largest = value > largest ? value : largest;
      channelSums[i / (height * 3)] += value;
    }
    Tensor a = Tensor.of(shape, values);
    assertEquals(sum, Reductions.sum(engine, a));
    assertEquals(positive, Reductions.signedSums(engine, a).positive());
    assertEquals(negative, Reductions.signedSums(engine, a).negative());
    assertEquals(positive - negative, Reductions.signedSums(engine, a).magnitude());
    assertEquals(nonZero, Reductions.countNonZero(engine, a));
    assertEquals(smallest, Reductions.minimum(engine, a));
    assertEquals(largest, Reductions.maximum(engine, a));
    if (!image) return;
    float[] sums = Reductions.spatialSum(engine, a).toArray();
    float[] means = Reductions.spatialMean(engine, a).toArray();
    for (int i = 0; i < sums.length; i++) {
      assertEquals((float) channelSums[i], sums[i]);
      assertEquals((float) (channelSums[i] / (height * 3)), means[i]);
    }
  }

  @Test
  void smallTermsAreNotLostInLargeSums() {
    int count = 3_000_000;
    float[] values = new float[count];
    Arrays.fill(values, 0.1f);
    values[0] = 1e7f;
    Tensor a = Tensor.of(Shape.of(count), values);
    double expected = 1e7 + (count - 1.0) * 0.1f;
    assertEquals(expected, Reductions.sum(engine, a), 1e-3);
    assertEquals(expected, Reductions.signedSums(engine, a).magnitude(), 1e-3);
  }

  /** Of several chunks, the last one not whole. */
  @Test
  void longSumsEqualTheNaiveLoopOnAnyThreads() {
    Shape shape = Shape.of(2, 40, 61, 63);
    Tensor a = Tensor.of(shape, Samples.gaussians(new Random(102), shape.size()));
    double positive = 0;
    double negative = 0;
    for (float value : a.toArray()) {
      positive += Math.max(value, 0);
      negative += Math.min(value, 0);
    }
    SignedSums sums = Reductions.signedSums(engine, a);
    assertEquals(positive, sums.positive(), 1e-12 * positive);
    assertEquals(negative, sums.negative(), -1e-12 * negative);
    Samples.onOneAndThreeThreads(other -> assertEquals(sums, Reductions.signedSums(other, a)));
  }

  @Test
  void spatialMeansAreAMatrix() {
    assertValues(
        Reductions.spatialMean(engine, Samples.counting(2, 2, 1, 2)),
        Shape.of(2, 2),
        1.5f,
        3.5f,
        5.5f,
        7.5f);
  }

  @Test
  void emptyTensors() {
    Tensor empty = Tensor.zeros(Shape.of(1, 0, 2, 2));
    assertEquals(0, Reductions.sum(engine, empty));
    assertEquals(0, Reductions.countNonZero(engine, empty));
    assertRefused("minimum: no element in [1, 0, 2, 2]", () -> Reductions.minimum(engine, empty));
    assertRefused("maximum: no element in [1, 0, 2, 2]", () -> Reductions.maximum(engine, empty));
    assertRefused(
        "spatial mean: input is [2, 3], expected [N, C, H, W]",
        () -> Reductions.spatialMean(engine, Tensor.zeros(Shape.of(2, 3))));
  }
}
