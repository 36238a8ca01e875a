package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.reflect.Proxy;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import org.junit.jupiter.api.function.Executable;

/** Random values, and the comparisons that tests of operations share. */
public final class Samples {
  private Samples() {}

  static float[] integers(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = random.nextInt(-4, 5);
    return values;
  }

  public static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = (float) random.nextGaussian();
    return values;
  }

  /** The numbers 1, 2, 3, ... */
  static Tensor counting(int... extents) {
    Shape shape = Shape.of(extents);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = i + 1;
    return Tensor.of(shape, values);
  }

  static void assertPaddingLanesAreZero(Tensor tensor) {
    Tensor cleared = new Tensor(tensor.shape(), tensor.data.clone());
    cleared.clearPaddingLanes();
    for (int i = 0; i < cleared.data.length; i++) {
      // By value: a zero of either sign will do.
      assertTrue(cleared.data[i] == tensor.data[i], "padding lane");
    }
  }

  static void assertValues(Tensor actual, Shape shape, float... expected) {
    assertEquals(shape, actual.shape());
    assertArrayEquals(expected, actual.toArray());
    assertPaddingLanesAreZero(actual);
  }

  /** Asserts that each element is within {@code ulps} rounding steps of {@code magnitudes}. */
  static void assertClose(double[] expected, double[] magnitudes, double ulps, Tensor actual) {
    float[] values = actual.toArray();
    assertEquals(expected.length, values.length);
    for (int i = 0; i < values.length; i++) {
      assertEquals(expected[i], values[i], ulps * 0x1p-24 * magnitudes[i] + 1e-37, "element " + i);
    }
    assertPaddingLanesAreZero(actual);
  }

  /** Asserts {@code ⟨forward(x), s⟩ = ⟨x, reverse(s)⟩} for random x and s. */
  static void assertAdjoint(
      Engine engine, LinearOperator operator, WeightView view, Shape input, Random random) {
    Shape output = operator.outputShape(input);
    float[] x = gaussians(random, input.size());
    float[] s = gaussians(random, output.size());
    Tensor y = operator.forward(engine, view, Tensor.of(input, x));
    Tensor r = operator.reverse(engine, view, Tensor.of(output, s), input);
    assertEquals(output, y.shape());
    assertEquals(input, r.shape());
    assertInnerProductsAgree(y.toArray(), s, x, r.toArray());
    assertPaddingLanesAreZero(y);
    assertPaddingLanesAreZero(r);
  }

  /** Asserts {@code ⟨a, b⟩ = ⟨c, d⟩} up to the rounding of float sums. */
  static void assertInnerProductsAgree(float[] a, float[] b, float[] c, float[] d) {
    double magnitude = 0;
    double left = 0;
    for (int i = 0; i < a.length; i++) {
      left += (double) a[i] * b[i];
      magnitude += Math.abs((double) a[i] * b[i]);
    }
    double right = 0;
    for (int i = 0; i < c.length; i++) {
      right += (double) c[i] * d[i];
      magnitude += Math.abs((double) c[i] * d[i]);
    }
    // Each element is a sum that float32 rounds to a few parts in 2^24 of its terms; the terms are
    // not larger than ten times the products here.
    assertEquals(left, right, 1e-5 * magnitude + 1e-6);
  }

  /** Runs {@code test} on one thread and on three. */
  static void onOneAndThreeThreads(Consumer<Engine> test) {
    test.accept(Engine.sequential());
    try (var pool = new ForkJoinPool(3)) {
      test.accept(Engine.parallel(pool));
    }
  }

  static void assertRefused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  /**
   * Returns kernels that tell of each {@link Kernels#convolve}, by its arguments, before it runs.
   */
  static Kernels watched(Kernels kernels, Consumer<Object[]> watcher) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("convolve")) watcher.accept(arguments);
              return method.invoke(kernels, arguments);
            });
  }
}
