package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Both layouts, both directions and every view against a naive double loop. */
class DenseTest {
  private final Engine engine = Engine.sequential();

  @Property(tries = 150, seed = "31")
  void bothDirectionsEqualTheNaiveLoopOnIntegers(
      @ForAll @IntRange(min = 1, max = 4) int batch,
      @ForAll @IntRange(min = 1, max = 300) int inputs,
      @ForAll @IntRange(min = 1, max = 300) int outputs,
      @ForAll boolean transposed,
      @ForAll WeightView view,
      @ForAll int seed) {
    var random = new Random(seed);
    float[] w = Samples.integers(random, outputs * inputs);
    Dense dense = dense(w, outputs, inputs, transposed);
    float[] x = Samples.integers(random, batch * inputs);
    float[] s = Samples.integers(random, batch * outputs);
    float[] y = new float[batch * outputs];
    float[] r = new float[batch * inputs];
    float[] g = new float[outputs * inputs];
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          y[n * outputs + o] += view.of(w[o * inputs + i]) * x[n * inputs + i];
          r[n * inputs + i] += view.of(w[o * inputs + i]) * s[n * outputs + o];
          g[o * inputs + i] += x[n * inputs + i] * s[n * outputs + o];
        }
      }
    }
    Shape input = Shape.of(batch, inputs);
    Shape output = Shape.of(batch, outputs);
    assertArrayEquals(plusZero(y), plusZero(dense.forward(engine, view, Tensor.of(input, x)).data));
    assertArrayEquals(
        plusZero(r), plusZero(dense.reverse(engine, view, Tensor.of(output, s), input).data));
    Parameter gradient = dense.weightGradient(engine, Tensor.of(input, x), Tensor.of(output, s));
    assertArrayEquals(plusZero(g), plusZero(gradient.toArray()));
    assertEquals(Shape.of(outputs, inputs), gradient.shape());
  }

  /** The sum's sign of zero depends on the order of terms. */
  private static float[] plusZero(float[] values) {
    float[] sums = values.clone();
    for (int i = 0; i < sums.length; i++) sums[i] += 0f;
    return sums;
  }

  @Property(tries = 100, seed = "32")
  void directionsAreAdjoint(
      @ForAll @IntRange(min = 1, max = 3) int batch,
      @ForAll @IntRange(min = 1, max = 200) int inputs,
      @ForAll @IntRange(min = 1, max = 200) int outputs,
      @ForAll boolean transposed,
      @ForAll WeightView view,
      @ForAll int seed) {
    var random = new Random(seed);
    Dense dense = dense(Samples.gaussians(random, outputs * inputs), outputs, inputs, transposed);
    Samples.assertAdjoint(engine, dense, view, Shape.of(batch, inputs), random);
  }

  @Test
  void manyTasksGiveTheSameBitsAsOne() {
    var random = new Random(33);
    int inputs = 5003;
    int outputs = 301;
    for (boolean transposed : new boolean[] {false, true}) {
      Dense dense = dense(Samples.gaussians(random, outputs * inputs), outputs, inputs, transposed);
      Tensor x = Tensor.of(Shape.of(2, inputs), Samples.gaussians(random, 2 * inputs));
      Tensor y = dense.apply(engine, x);
      Tensor r = dense.reverse(engine, WeightView.ABSOLUTE, y, x.shape());
      Samples.onOneAndThreeThreads(
          other -> {
            assertArrayEquals(y.data, dense.apply(other, x).data);
            assertArrayEquals(r.data, dense.reverse(other, WeightView.ABSOLUTE, y, x.shape()).data);
            assertArrayEquals(
                dense.weightGradient(engine, x, y).toArray(),
                dense.weightGradient(other, x, y).toArray());
          });
    }
  }

  @Test
  void applyAddsTheBias() {
    Parameter bias = Parameter.of(Shape.of(2), 10, 20);
    Tensor x = Tensor.of(Shape.of(2, 3), 1, 2, 3, 0, -1, 1);
    Dense dense = Dense.of(Parameter.of(Shape.of(2, 3), 1, 2, 3, -1, 0, 5), bias);
    assertValues(dense.apply(engine, x), Shape.of(2, 2), 24, 34, 11, 25);
    assertValues(dense.forward(engine, WeightView.PLAIN, x), Shape.of(2, 2), 14, 14, 1, 5);
    Dense other = Dense.ofTransposed(Parameter.of(Shape.of(3, 2), 1, -1, 2, 0, 3, 5), bias);
    assertValues(other.apply(engine, x), Shape.of(2, 2), 24, 34, 11, 25);
  }

  @Test
  void largeMappedWeightsMoveIntoTheHeapWhenUsedAgain() {
    Shape shape = Shape.of(1025, 1024);
    float[] w = Samples.gaussians(new Random(8), shape.size());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4L * w.length + 2, 4).asSlice(2, 4L * w.length);
      var layout = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
      MemorySegment.copy(w, 0, memory, layout, 0, w.length);
      for (boolean transposed : new boolean[] {false, true}) {
        Parameter mapped = Parameter.inPlace(shape, memory);
        Dense dense = transposed ? Dense.ofTransposed(mapped, null) : Dense.of(mapped, null);
        int inputs = shape.extent(transposed ? 0 : 1);
        Tensor x = Tensor.of(Shape.of(1, inputs), Samples.gaussians(new Random(9), inputs));
        float[] first = dense.apply(engine, x).toArray();
        assertNull(dense.weight().array());
        float[] second = dense.apply(engine, x).toArray();
        assertNotNull(dense.weight().array());
        assertArrayEquals(first, second, 0f);
        assertArrayEquals(w, dense.weight().toArray(), 0f);
      }
    }
  }

  @Test
  void mappedWeightsOfAnyAlignmentWork() {
    Shape shape = Shape.of(37, 41);
    float[] w = Samples.gaussians(new Random(34), shape.size());
    try (var arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4L * w.length + 1).asSlice(1);
      var layout = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
      MemorySegment.copy(w, 0, memory, layout, 0, w.length);
      Parameter mapped = Parameter.inPlace(shape, memory);
      for (boolean transposed : new boolean[] {false, true}) {
        Dense dense = transposed ? Dense.ofTransposed(mapped, null) : Dense.of(mapped, null);
        Parameter array = Parameter.of(shape, w);
        Dense expected = transposed ? Dense.ofTransposed(array, null) : Dense.of(array, null);
        Shape input = Shape.of(3, transposed ? 37 : 41);
        Tensor x = Tensor.of(input, Samples.gaussians(new Random(35), input.size()));
        x.data[5] = 0; // of which no weight need be read
        for (WeightView view : WeightView.values()) {
          Tensor y = expected.forward(engine, view, x);
          assertArrayEquals(y.data, dense.forward(engine, view, x).data);
          assertArrayEquals(
              expected.reverse(engine, view, y, input).data,
              dense.reverse(engine, view, y, input).data);
        }
      }
    }
  }

  @Test
  void mismatchesAreNamed() {
    Parameter weight = Parameter.of(Shape.of(2, 3), new float[6]);
    Dense dense = Dense.of(weight, null);
    assertRefused(
        "dense: input is [1, 4] but weight [2, 3] expects [N, 3]",
        () -> dense.outputShape(Shape.of(1, 4)));
    assertRefused(
        "dense: input is [1, 3] but weight [2, 3] (transposed) expects [N, 2]",
        () -> Dense.ofTransposed(weight, null).outputShape(Shape.of(1, 3)));
    assertRefused(
        "dense: bias is [3] but weight [2, 3] expects [2]",
        () -> Dense.of(weight, Parameter.of(Shape.of(3), 1, 2, 3)));
    assertRefused(
        "dense: weight is [6], expected two axes",
        () -> Dense.of(weight.reshape(Shape.of(6)), null));
    assertRefused(
        "dense: reverse of [1, 3] for input [1, 3], expected [1, 2]",
        () ->
            dense.reverse(engine, WeightView.PLAIN, Tensor.zeros(Shape.of(1, 3)), Shape.of(1, 3)));
    assertRefused(
        "dense: weight gradient of [1, 3] for input [1, 3], expected [1, 2]",
        () ->
            dense.weightGradient(
                engine, Tensor.zeros(Shape.of(1, 3)), Tensor.zeros(Shape.of(1, 3))));
  }

  /** A dense layer of weights given as {@code [out, in]}. */
  private static Dense dense(float[] w, int outputs, int inputs, boolean transposed) {
    if (!transposed) return Dense.of(Parameter.of(Shape.of(outputs, inputs), w), null);
    float[] turned = new float[w.length];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) turned[i * outputs + o] = w[o * inputs + i];
    }
    return Dense.ofTransposed(Parameter.of(Shape.of(inputs, outputs), turned), null);
  }
}
