package dev.hedgerow.nn.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Values by hand, shapes, and the messages about shapes that do not fit. */
class LayerTest {
  private final Engine engine = Engine.sequential();

  @Test
  void activations() {
    Tensor x = row(-4, -1, 0, 2, 7);
    check(new Relu(), x, 0, 0, 0, 2, 7);
    check(new LeakyRelu(0.5f), x, -2, -0.5f, 0, 2, 7);
    check(new LeakyRelu(-1), x, 4, 1, 0, 2, 7);
    check(new Clip(0, 6), x, 0, 0, 0, 2, 6);
    check(new Sigmoid(), row(0, 200, -200), 0.5f, 1, 0);
    check(new HardSwish(), row(-4, -3, -1.5f, 0, 3, 7), 0, 0, -0.375f, 0, 3, 7);
    check(new Softmax(1), row(5, 5), 0.5f, 0.5f);
    assertSame(x, new Identity().forward(engine, List.of(x)));
  }

  @Test
  void derivativesAtTheKinks() {
    Tensor ones = row(1, 1, 1);
    assertArrayEquals(new float[] {0, 0, 1}, gradient(new Relu(), row(-1, 0, 1), ones));
    assertArrayEquals(
        new float[] {0.5f, 0.5f, 1}, gradient(new LeakyRelu(0.5f), row(-1, 0, 1), ones));
    assertArrayEquals(new float[] {0, 1, 0}, gradient(new Clip(0, 6), row(0, 3, 6), ones));
    assertArrayEquals(new float[] {0, 0.5f, 1}, gradient(new HardSwish(), row(-3, 0, 3), ones));
  }

  @Test
  void sumsAndProducts() {
    assertArrayEquals(
        new float[] {-9, 18},
        new Subtract().forward(engine, List.of(row(1, 20), row(10, 2))).toArray());
    assertArrayEquals(
        new float[] {111, 222},
        new Add().forward(engine, List.of(row(1, 2), row(10, 20), row(100, 200))).toArray());
    Tensor image = Tensor.of(Shape.of(1, 2, 1, 2), 1, 2, 3, 4);
    Tensor factor = Tensor.of(Shape.of(1, 2, 1, 1), 10, -1);
    float[] product = {10, 20, -3, -4};
    assertArrayEquals(product, new Multiply().forward(engine, List.of(image, factor)).toArray());
    assertArrayEquals(product, new Multiply().forward(engine, List.of(factor, image)).toArray());
  }

  @Test
  void affineSpreadsItsConstantsAsNumpyDoes() {
    Tensor image = Tensor.of(Shape.of(1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    Tensor one = Tensor.of(Shape.of(), 1);
    Tensor zero = Tensor.of(Shape.of(1), 0);
    check(new Affine(Tensor.of(Shape.of(), 2), one), image, 3, 5, 7, 9, 11, 13, 15, 17);
    check(new Affine(Tensor.of(Shape.of(2, 1, 1), 1, 10), zero), image, 1, 2, 3, 4, 50, 60, 70, 80);
    check(
        new Affine(one, Tensor.of(Shape.of(1, 1, 2, 1), 0, 100)),
        image,
        new float[] {1, 2, 103, 104, 5, 6, 107, 108});
    check(new Affine(Tensor.of(Shape.of(2), 1, -1), zero), image, 1, -2, 3, -4, 5, -6, 7, -8);
    check(new Affine(Tensor.of(Shape.of(3), 1, 2, 3), one), row(1, 1, 1), 2, 3, 4);
  }

  @Test
  void shapesGrowWithTheBatch() {
    assertEquals(Shape.of(3, 60), shape(new Flatten(1), Shape.of(3, 5, 4, 3)));
    assertEquals(Shape.of(15, 12), shape(new Flatten(2), Shape.of(3, 5, 4, 3)));
    assertEquals(Shape.of(60, 1), shape(new Flatten(3), Shape.of(3, 5, 4)));
    var reshape = new Reshape(Shape.of(1, 6, 10));
    assertEquals(Shape.of(1, 6, 10), shape(reshape, Shape.of(1, 60)));
    assertEquals(Shape.of(4, 6, 10), shape(reshape, Shape.of(4, 60)));
    var slice = new Slice(List.of(0, 1), List.of(1, 3), List.of(1, 1));
    assertEquals(Shape.of(4, 2), shape(slice, Shape.of(4, 5)));
    assertEquals(
        Shape.of(4, 7, 3),
        shape(new Pad(List.of(0, 1, 0), List.of(0, 1, 0), 0), Shape.of(4, 5, 3)));
    assertEquals(Shape.of(4, 3, 5), shape(new Transpose(List.of(0, 2, 1)), Shape.of(4, 5, 3)));
  }

  @Test
  void weightedLayersApplyTheirWeights() {
    Parameter weight = Parameter.of(Shape.of(1, 1, 1, 1), 2);
    var convolution = new Conv2d(Convolution.of(weight, null, Window.of(1, 1, 0), 1));
    var linear = new Linear(Dense.of(weight.reshape(Shape.of(1, 1)), null));

    check(convolution, Tensor.of(Shape.of(1, 1, 1, 2), 3, 4), 6, 8);
    check(linear, row(5), 10);
  }

  @Test
  void theInputDoesNotCompute() {
    var input = new Input(Shape.of(1, 3, 4, 4));
    assertEquals(Shape.of(1, 3, 4, 4), input.outputShape(List.of()));
    assertThrows(IllegalStateException.class, () -> input.forward(engine, List.of()));
    refused("input: shape is [2, 3], expected a batch of one", () -> new Input(Shape.of(2, 3)));
  }

  @Test
  void inPlaceIsRefusedWhereALayerDoesNotSaySo() {
    assertThrows(IllegalStateException.class, () -> new HardSwish().forwardInPlace(engine, row(1)));
  }

  @Test
  void mismatchesAreNamed() {
    Shape image = Shape.of(1, 2, 4, 4);
    refused("add: 1 inputs, expected at least 2", () -> shape(new Add(), image));
    refused(
        "add: inputs are [1, 2, 4, 4] and [1, 2, 4, 5], expected the same shape",
        () -> shape(new Add(), image, Shape.of(1, 2, 4, 5)));
    refused("subtract: 1 inputs, expected 2", () -> shape(new Subtract(), image));
    refused(
        "subtract: inputs are [1, 2, 4, 4] and [1, 2, 1, 1], expected the same shape",
        () -> shape(new Subtract(), image, Shape.of(1, 2, 1, 1)));
    refused(
        "multiply: inputs are [1, 2, 4, 4] and [1, 3, 1, 1], expected the same or one [N, C, 1, 1]",
        () -> shape(new Multiply(), image, Shape.of(1, 3, 1, 1)));
    refused("multiply: 3 inputs, expected 2", () -> shape(new Multiply(), image, image, image));
    refused("relu: 2 inputs, expected 1", () -> shape(new Relu(), image, image));
    refused(
        "concat: inputs are [1, 2, 4, 4] and [1, 2, 4, 5], expected the same but for axis 1",
        () -> shape(new Concat(1), image, Shape.of(1, 2, 4, 5)));
    refused(
        "concat: axis 0 of input [1, 2, 4, 4], expected one after the batch axis",
        () -> shape(new Concat(0), image, image));
    refused(
        "softmax: axis -4 of input [1, 2, 4, 4], expected one after the batch axis",
        () -> shape(new Softmax(-4), image));
    refused(
        "flatten: axis 0 of input [1, 2, 4, 4], expected one after the batch axis",
        () -> shape(new Flatten(0), image));
    refused(
        "reshape: input is [1, 2, 4, 4] but shape is [1, 33]",
        () -> shape(new Reshape(Shape.of(1, 33)), image));
    refused(
        "reshape: input is [1, 2, 4, 4] but shape is [1, 16]",
        () -> shape(new Reshape(Shape.of(1, 16)), image));
    refused(
        "transpose: permutation is [1, 0], expected the batch axis, 0, first",
        () -> new Transpose(List.of(1, 0)));
    refused(
        "transpose: input is [1, 2, 4, 4] but the permutation is [0, 1, 2]",
        () -> shape(new Transpose(List.of(0, 1, 2)), image));
    refused(
        "slice: starts [1], steps [1], expected the whole batch axis",
        () -> new Slice(List.of(1), List.of(2), List.of(1)));
    refused(
        "slice: 0:5:1 of axis 2 of [1, 2, 4, 4]",
        () ->
            shape(new Slice(List.of(0, 0, 0, 0), List.of(1, 2, 5, 4), List.of(1, 1, 1, 1)), image));
    refused(
        "pad: before [1], after [0], expected nothing on the batch axis",
        () -> new Pad(List.of(1), List.of(0), 0));
    refused(
        "affine: input is [1, 2, 4, 4] but scale [3, 1, 1] does not spread over it",
        () -> shape(new Affine(Tensor.zeros(Shape.of(3, 1, 1)), row(0)), image));
    refused(
        "affine: input is [1, 2] but shift [1, 1, 1] does not spread over it",
        () -> shape(new Affine(row(1), Tensor.zeros(Shape.of(1, 1, 1))), Shape.of(1, 2)));
    refused(
        "affine: input is [2, 3] but scale [2, 1] does not spread over it",
        () -> shape(new Affine(Tensor.zeros(Shape.of(2, 1)), row(0)), Shape.of(2, 3)));
    refused(
        "linear: 0 inputs, expected 1",
        () -> new Linear(Dense.of(Parameter.of(Shape.of(1, 1), 1), null)).outputShape(List.of()));
  }

  private void check(Layer layer, Tensor x, float... expected) {
    assertEquals(x.shape(), layer.outputShape(List.of(x.shape())));
    float[] actual = layer.forward(engine, List.of(x)).toArray();
    for (int i = 0; i < actual.length; i++) assertEquals(expected[i] + 0f, actual[i] + 0f);
    assertEquals(expected.length, actual.length);
  }

  private float[] gradient(Layer layer, Tensor x, Tensor g) {
    List<Tensor> inputs = List.of(x);
    return layer.gradient(engine, inputs, layer.forward(engine, inputs), g).getFirst().toArray();
  }

  private static Shape shape(Layer layer, Shape... inputs) {
    return layer.outputShape(List.of(inputs));
  }

  private static Tensor row(float... values) {
    return Tensor.of(Shape.of(1, values.length), values);
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
