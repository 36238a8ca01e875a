package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SoftmaxTest {
  private final Engine engine = Engine.sequential();

  @Test
  void knownNumbers() {
    Tensor y = Softmax.forward(engine, Tensor.of(Shape.of(1, 3), 1, 2, 3), 1);
    assertArrayEquals(new float[] {.09003057f, .24472848f, .66524094f}, y.toArray(), 1e-7f);
    assertValues(
        Softmax.forward(engine, Tensor.of(Shape.of(2, 2), 5, 5, 1000, -1000), -1),
        Shape.of(2, 2),
        .5f,
        .5f,
        1,
        0);
  }

  @Property(tries = 200, seed = "91")
  void equalsTheDefinitionAlongAnyAxis(
      @ForAll @IntRange(max = 3) int axis, @ForAll boolean fromTheEnd, @ForAll int seed) {
    var random = new Random(seed);
    Shape shape = Shape.of(random.nextInt(1, 4), random.nextInt(1, 20), random.nextInt(1, 4), 3);
    float[] x = Samples.gaussians(random, shape.size());
    float[] g = Samples.gaussians(random, shape.size());
    Tensor y = Softmax.forward(engine, Tensor.of(shape, x), fromTheEnd ? axis - 4 : axis);
    Tensor dx = Softmax.gradient(engine, y, Tensor.of(shape, g), fromTheEnd ? axis - 4 : axis);
    int step = 1;
    for (int i = axis + 1; i < 4; i++) step *= shape.extent(i);
    int count = shape.extent(axis);
    for (int i = 0; i < x.length; i++) {
      int first = i - i / step % count * step;
      double sum = 0;
      for (int k = 0; k < count; k++) sum += Math.exp(x[first + k * step]);
      double own = Math.exp(x[i]) / sum;
      double gradient = 0;
      for (int k = 0; k < count; k++) {
        int j = first + k * step;
        gradient += g[j] * Math.exp(x[j]) / sum * ((i == j ? 1 : 0) - own);
      }
      assertEquals(own, y.toArray()[i], 1e-7);
      assertEquals(gradient, dx.toArray()[i], 2e-6);
    }
    Samples.assertPaddingLanesAreZero(y);
    Samples.assertPaddingLanesAreZero(dx);
  }

  @Test
  void threadsDoNotChangeTheBits() {
    var random = new Random(92);
    Shape shape = Shape.of(3, 37, 5, 7);
    Tensor x = Tensor.of(shape, Samples.gaussians(random, shape.size()));
    Tensor g = Tensor.of(shape, Samples.gaussians(random, shape.size()));
    Tensor y = Softmax.forward(engine, x, 1);
    Tensor dx = Softmax.gradient(engine, y, g, 1);
    Samples.onOneAndThreeThreads(
        other -> {
          assertArrayEquals(y.data, Softmax.forward(other, x, 1).data);
          assertArrayEquals(dx.data, Softmax.gradient(other, y, g, 1).data);
        });
  }

  @Test
  void mismatchesAreNamed() {
    Tensor x = Tensor.zeros(Shape.of(2, 3));
    assertRefused("softmax: axis 2 of input [2, 3]", () -> Softmax.forward(engine, x, 2));
    assertRefused("softmax: axis -3 of input [2, 3]", () -> Softmax.forward(engine, x, -3));
    assertRefused(
        "softmax: gradient is [6], expected [2, 3]",
        () -> Softmax.gradient(engine, x, Tensor.zeros(Shape.of(6)), 1));
  }
}
