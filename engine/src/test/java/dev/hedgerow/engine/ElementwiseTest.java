package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertPaddingLanesAreZero;
import static dev.hedgerow.engine.Samples.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Every operation against its definition for one number, on special values as well. */
class ElementwiseTest {
  private static final float[] SPECIAL = {
    0,
    -0f,
    1,
    -1,
    3,
    -3,
    6,
    0.5f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-30f,
    -1e-30f,
    9.9e-31f,
    Float.MIN_NORMAL,
    1e30f,
    -1e30f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE
  };

  private final Engine engine = Engine.sequential();

  interface UnaryOperation {
    Tensor of(Engine engine, Tensor a);
  }

  interface UnaryNumber {
    double of(float a);
  }

  /** {@code ulps} is 0 where the definition is exact in float32. */
  record Unary(String name, UnaryOperation operation, UnaryNumber definition, int ulps) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final List<Unary> UNARY =
      List.of(
          new Unary("scale", (e, a) -> Elementwise.scale(e, a, -0.5f), a -> a * -0.5f, 0),
          new Unary("scaleInPlace", (e, a) -> Elementwise.scaleInPlace(e, a, 3), a -> a * 3f, 0),
          new Unary("shift", (e, a) -> Elementwise.shift(e, a, 2), a -> a + 2f, 0),
          new Unary(
              "subtractWhereNonZeroInPlace",
              (e, a) -> Elementwise.subtractWhereNonZeroInPlace(e, a, 2),
              a -> a == 0 ? 0 : a - 2f,
              0),
          new Unary("positive", Elementwise::positive, a -> a > 0 ? a : 0, 0),
          new Unary("positiveInPlace", Elementwise::positiveInPlace, a -> a > 0 ? a : 0, 0),
          new Unary("negative", Elementwise::negative, a -> a < 0 ? a : 0, 0),
          new Unary("absolute", Elementwise::absolute, a -> a < 0 ? -a : a, 0),
          new Unary("indicatorPositive", Elementwise::indicatorPositive, a -> a > 0 ? 1 : 0, 0),
          new Unary(
              "indicatorNotPositive", Elementwise::indicatorNotPositive, a -> a <= 0 ? 1 : 0, 0),
          new Unary(
              "leakyRelu",
              (e, a) -> Elementwise.leakyRelu(e, a, 0.25f),
              a -> a > 0 ? a : 0.25f * a,
              0),
          new Unary(
              "leakyReluInPlace",
              (e, a) -> Elementwise.leakyReluInPlace(e, a, -2),
              a -> a > 0 ? a : -2f * a,
              0),
          new Unary(
              "clip", (e, a) -> Elementwise.clip(e, a, 0, 6), a -> a < 0 ? 0 : a > 6 ? 6 : a, 0),
          new Unary(
              "clip above 0",
              (e, a) -> Elementwise.clip(e, a, 0.5f, 6),
              a -> a < 0.5f ? 0.5f : a > 6 ? 6 : a,
              0),
          new Unary(
              "clipInPlace",
              (e, a) -> Elementwise.clipInPlace(e, a, -6, -1),
              a -> a < -6 ? -6 : a > -1 ? -1 : a,
              0),
          new Unary("sigmoid", Elementwise::sigmoid, a -> 1 / (1 + Math.exp(-a)), 1),
          new Unary("sigmoidInPlace", Elementwise::sigmoidInPlace, a -> 1 / (1 + Math.exp(-a)), 1),
          new Unary(
              "hardSwish",
              Elementwise::hardSwish,
              a -> a <= -3 ? 0 : a >= 3 ? a : (double) a * ((double) a + 3) / 6,
              4));

  @Provide
  Arbitrary<Unary> unary() {
    return Arbitraries.of(UNARY);
  }

  @Provide
  Arbitrary<Shape> shapes() {
    return Arbitraries.oneOf(
        Arbitraries.integers()
            .between(1, 5)
            .list()
            .ofMinSize(0)
            .ofMaxSize(3)
            .map(ElementwiseTest::shape),
        Arbitraries.integers()
            .between(1, 40)
            .map(channels -> Shape.of(1 + channels % 2, channels, 1 + channels % 5, 3)));
  }

  private static Shape shape(List<Integer> extents) {
    return Shape.of(extents.stream().mapToInt(Integer::intValue).toArray());
  }

  @Property(tries = 1000, seed = "111")
  void unaryOperationsEqualTheirDefinition(
      @ForAll("unary") Unary unary, @ForAll("shapes") Shape shape, @ForAll int seed) {
    check(engine, unary, shape, values(new Random(seed), shape.size()));
  }

  private static void check(Engine engine, Unary unary, Shape shape, float[] values) {
    Tensor a = Tensor.of(shape, values);
    Tensor y = unary.operation.of(engine, a);
    assertEquals(shape, y.shape());
    assertPaddingLanesAreZero(y);
    float[] results = y.toArray();
    for (int i = 0; i < values.length; i++) {
      float value = values[i];
      double expected = unary.definition.of(value);
      if (expected > Float.MAX_VALUE || expected < -Float.MAX_VALUE) continue;
      double tolerance = unary.ulps * (Math.ulp((float) expected) + Float.MIN_VALUE);
      assertEquals(expected, (double) results[i], tolerance, () -> unary + " of " + value);
    }
    if (unary.name.endsWith("InPlace")) {
      assertSame(a, y);
    } else {
      assertNotSame(a, y);
      assertArrayEquals(values, a.toArray());
    }
  }

  interface BinaryOperation {
    Tensor of(Engine engine, Tensor a, Tensor b);
  }

  interface BinaryNumber {
    double of(float a, float b);
  }

  record Binary(String name, BinaryOperation operation, BinaryNumber definition, int ulps) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final List<Binary> BINARY =
      List.of(
          new Binary("add", Elementwise::add, (a, b) -> a + b, 0),
          new Binary("addInPlace", Elementwise::addInPlace, (a, b) -> a + b, 0),
          new Binary("subtract", Elementwise::subtract, (a, b) -> a - b, 0),
          new Binary("multiply", Elementwise::multiply, (a, b) -> a * b, 0),
          new Binary("multiplyInPlace", Elementwise::multiplyInPlace, (a, b) -> a * b, 0),
          new Binary(
              "quotient",
              Elementwise::quotient,
              (a, b) -> b >= 1e-30f || b <= -1e-30f ? a / b : 0,
              0),
          new Binary(
              "keepWhereSupported",
              Elementwise::keepWhereSupported,
              (a, b) -> b >= 1e-30f || b <= -1e-30f ? a : 0,
              0),
          new Binary(
              "keepWhereNonZero", Elementwise::keepWhereNonZero, (a, b) -> b == 0 ? 0 : a, 0),
          new Binary(
              "leakyReluGradient",
              (e, a, b) -> Elementwise.leakyReluGradient(e, a, b, 0.25f),
              (a, b) -> a > 0 ? b : 0.25f * b,
              0),
          new Binary(
              "clipGradient",
              (e, a, b) -> Elementwise.clipGradient(e, a, b, 0, 6),
              (a, b) -> a > 0 && a < 6 ? b : 0,
              0),
          new Binary(
              "sigmoidGradient",
              (e, a, b) -> Elementwise.sigmoidGradient(e, a, b),
              (a, b) -> b * a * (1f - a),
              0),
          new Binary(
              "hardSwishGradient",
              Elementwise::hardSwishGradient,
              (a, b) -> b * (a <= -3 ? 0 : a >= 3 ? 1 : a / 3f + 0.5f),
              0));

  @Provide
  Arbitrary<Binary> binary() {
    return Arbitraries.of(BINARY);
  }

  @Property(tries = 1000, seed = "112")
  void binaryOperationsEqualTheirDefinition(
      @ForAll("binary") Binary binary,
      @ForAll("shapes") Shape shape,
      @ForAll boolean spread,
      @ForAll int seed) {
    Shape second = spread && shape.rank() == 4 ? shape.with(2, 1).with(3, 1) : shape;
    var random = new Random(seed);
    float[] a = values(random, shape.size());
    check(engine, binary, shape, a, second, values(random, second.size()));
  }

  private static void check(
      Engine engine, Binary binary, Shape shape, float[] a, Shape second, float[] b) {
    int repeat = shape.size() / second.size();
    Tensor left = Tensor.of(shape, a);
    Tensor right = Tensor.of(second, b);
    Tensor y = binary.operation.of(engine, left, right);
    assertEquals(shape, y.shape());
    assertPaddingLanesAreZero(y);
    float[] results = y.toArray();
    for (int i = 0; i < a.length; i++) {
      float expected = (float) binary.definition.of(a[i], b[i / repeat]);
      // Zeros of either sign are equal.
      assertEquals(expected + 0f, results[i] + 0f, () -> binary + " of " + List.of(shape, second));
    }
    assertArrayEquals(b, right.toArray());
    if (binary.name.endsWith("InPlace")) {
      assertSame(left, y);
    } else {
      assertArrayEquals(a, left.toArray());
    }
  }

  @Property(tries = 60, seed = "29")
  void oneNumberAPixelIsSpreadOverChannels(@ForAll int seed) {
    var random = new Random(seed);
    Shape shape =
        Shape.of(
            1 + random.nextInt(3),
            1 + random.nextInt(40),
            1 + random.nextInt(9),
            1 + random.nextInt(9));
    float[] a = Samples.gaussians(random, shape.size());
    float[] b = Samples.gaussians(random, shape.size() / shape.extent(1));
    int area = shape.extent(2) * shape.extent(3);
    float[] sum = new float[a.length];
    float[] product = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      float one = b[i / area / shape.extent(1) * area + i % area];
      sum[i] = a[i] + one;
      product[i] = a[i] * one;
    }
    Tensor x = Tensor.of(shape, a);
    Tensor pixels = Tensor.of(shape.with(1, 1), b);
    Samples.assertValues(Elementwise.add(engine, x, pixels), shape, sum);
    Samples.assertValues(Elementwise.multiplyInPlace(engine, x, pixels), shape, product);
  }

  @Test
  void stabilizingMovesAwayFromZero() {
    Tensor z = Tensor.of(Shape.of(1, 5, 1, 1), 2, -2, 0, -0f, -1e-9f);
    Tensor stabilized = Elementwise.stabilizeInPlace(engine, z, 0.25f);
    assertArrayEquals(
        new float[] {2.25f, -2.25f, 0.25f, 0.25f, -0.25f - 1e-9f}, stabilized.toArray());
    assertPaddingLanesAreZero(stabilized);
  }

  @Test
  void largeTensorsAreSplitWithoutATrace() {
    Shape shape = Shape.of(1, 19, 37, 41);
    Shape channels = Shape.of(1, 19, 1, 1);
    var random = new Random(113);
    float[] a = values(random, shape.size());
    float[] b = values(random, shape.size());
    float[] c = values(random, channels.size());
    Samples.onOneAndThreeThreads(
        other -> {
          for (Unary unary : UNARY) check(other, unary, shape, a);
          for (Binary binary : BINARY) {
            check(other, binary, shape, a, shape, b);
            check(other, binary, shape, a, channels, c);
          }
        });
  }

  @Test
  void mismatchesAreNamed() {
    Tensor image = Tensor.zeros(Shape.of(1, 2, 3, 3));
    assertRefused(
        "add: shapes [1, 2, 3, 3] and [1, 2, 3, 1], expected the same, or [N, C, 1, 1] or"
            + " [N, 1, H, W] second",
        () -> Elementwise.add(engine, image, Tensor.zeros(Shape.of(1, 2, 3, 1))));
    assertRefused(
        "multiply: shapes [2] and [3], expected the same, or [N, C, 1, 1] or [N, 1, H, W] second",
        () -> Elementwise.multiply(engine, Tensor.zeros(Shape.of(2)), Tensor.zeros(Shape.of(3))));
  }

  private static float[] values(Random random, int count) {
    float[] values = Samples.gaussians(random, count);
    for (int i = 0; i < count; i++) {
      if (random.nextBoolean()) values[i] = SPECIAL[random.nextInt(SPECIAL.length)];
      else values[i] *= 4;
    }
    return values;
  }
}
