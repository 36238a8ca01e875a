package dev.hedgerow.nn.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layer's gradient against the numeric derivative of its forward pass. */
class LayerGradientTest {
  private static final Shape IMAGE = Shape.of(2, 5, 6, 7);

  private final Engine engine = Engine.sequential();

  static Stream<Arguments> layers() {
    var random = new Random(1);
    List<Shape> image = List.of(IMAGE);
    List<Shape> matrix = List.of(Shape.of(3, 20));
    var window = new Window(3, 2, 2, 1, 1, 2, 1, 0, 1, 1);
    return Stream.of(
        arguments(
            new Conv2d(
                Convolution.of(parameter(random, 4, 5, 3, 2), parameter(random, 4), window, 1)),
            image),
        arguments(new Linear(Dense.of(parameter(random, 7, 20), parameter(random, 7))), matrix),
        arguments(new Linear(Dense.ofTransposed(parameter(random, 20, 7), null)), matrix),
        arguments(new BatchNorm(normalization(random, 5)), image),
        arguments(new BatchNorm(normalization(random, 20)), matrix),
        arguments(new Relu(), image),
        arguments(new LeakyRelu(0.1f), image),
        arguments(new LeakyRelu(0), image),
        arguments(new LeakyRelu(-0.5f), image),
        arguments(new Clip(-0.5f, 1), image),
        arguments(new Clip(0.25f, Float.POSITIVE_INFINITY), matrix),
        arguments(new Sigmoid(), image),
        arguments(new HardSwish(), image),
        arguments(new Lrn(new LocalResponseNormalization(3, 0.7f, 0.75f, 1)), image),
        arguments(new Lrn(new LocalResponseNormalization(4, 0.7f, 0.4f, 2)), image),
        arguments(new MaxPool2d(new MaxPool(window, true)), image),
        arguments(new AveragePool2d(new AveragePool(window, true, true)), image),
        arguments(new AveragePool2d(new AveragePool(window, false, false)), image),
        arguments(new AdaptiveAveragePool2d(new AdaptiveAveragePool(4, 3)), image),
        arguments(new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1)), image),
        arguments(new Add(), List.of(IMAGE, IMAGE)),
        arguments(new Add(), List.of(IMAGE, IMAGE, IMAGE)),
        arguments(new Subtract(), List.of(IMAGE, IMAGE)),
        arguments(new Subtract(), List.of(Shape.of(3, 20), Shape.of(3, 20))),
        arguments(new Multiply(), List.of(IMAGE, IMAGE)),
        arguments(new Multiply(), List.of(IMAGE, Shape.of(2, 5, 1, 1))),
        arguments(new Multiply(), List.of(Shape.of(2, 5, 1, 1), IMAGE)),
        arguments(new Multiply(), List.of(Shape.of(2, 5, 1, 1), Shape.of(2, 5, 1, 1))),
        arguments(new Concat(1), List.of(IMAGE, Shape.of(2, 15, 6, 7), Shape.of(2, 1, 6, 7))),
        arguments(new Concat(-1), List.of(Shape.of(2, 3), Shape.of(2, 4))),
        arguments(new Flatten(1), image),
        arguments(new Flatten(2), image),
        arguments(new Reshape(Shape.of(1, 7, 5, 6)), image),
        arguments(new Reshape(Shape.of(1, 210)), image),
        arguments(new Transpose(List.of(0, 2, 3, 1)), image),
        arguments(new Slice(List.of(0, 1, 0, 2), List.of(1, 4, 6, 7), List.of(1, 1, 2, 3)), image),
        arguments(new Pad(List.of(0, 1, -1, 2), List.of(0, 2, 1, -3), 0.5f), image),
        arguments(new Softmax(1), matrix),
        arguments(new Softmax(-1), image),
        arguments(new Affine(tensor(random, 5, 1, 1), tensor(random, 1, 5, 1, 1)), image),
        arguments(new Affine(tensor(random), tensor(random, 6, 7)), image),
        arguments(new Affine(tensor(random, 20), tensor(random, 1)), matrix),
        arguments(new Identity(), image));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void gradientIsTheDerivative(Layer layer, List<Shape> shapes) {
    var random = new Random(2);
    List<Tensor> inputs = new ArrayList<>();
    for (Shape shape : shapes) inputs.add(Tensor.of(shape, distinct(random, shape.size())));
    List<float[]> before = inputs.stream().map(Tensor::toArray).toList();
    Tensor output = layer.forward(engine, inputs);
    assertEquals(layer.outputShape(shapes), output.shape());
    float[] g = new float[output.shape().size()];
    for (int i = 0; i < g.length; i++) g[i] = (float) random.nextGaussian();
    Tensor gradient = Tensor.of(output.shape(), g);
    List<Tensor> gradients = layer.gradient(engine, inputs, output, gradient);
    assertEquals(shapes, gradients.stream().map(Tensor::shape).toList());
    for (int k = 0; k < inputs.size(); k++) {
      float[] values = before.get(k).clone();
      float[] analytic = gradients.get(k).toArray();
      for (int i = 0; i < values.length; i++) {
        float value = values[i];
        float step = 1f / 512;
        values[i] = value + step;
        double up = inner(g, layer.forward(engine, replaced(inputs, k, shapes.get(k), values)));
        values[i] = value - step;
        double down = inner(g, layer.forward(engine, replaced(inputs, k, shapes.get(k), values)));
        values[i] = value;
        assertEquals((up - down) / (2 * step), analytic[i], 2e-3, "input " + k + " element " + i);
      }
      assertArrayEquals(before.get(k), inputs.get(k).toArray(), "the input is not modified");
    }
    assertArrayEquals(g, gradient.toArray(), "the gradient is not modified");
  }

  /** A gradient may only depend on what the layer says it reads. */
  @ParameterizedTest
  @MethodSource("layers")
  void gradientReadsOnlyWhatItSays(Layer layer, List<Shape> shapes) {
    var random = new Random(3);
    List<Tensor> inputs = new ArrayList<>();
    List<Tensor> ruined = new ArrayList<>();
    for (Shape shape : shapes) {
      inputs.add(Tensor.of(shape, distinct(random, shape.size())));
      ruined.add(nans(shape));
    }
    Tensor output = layer.forward(engine, inputs);
    Tensor gradient = Tensor.of(output.shape(), distinct(random, output.shape().size()));
    List<Tensor> expected = layer.gradient(engine, inputs, output, gradient);
    List<Tensor> actual =
        layer.gradient(
            engine,
            layer.gradientReadsInputs() ? inputs : ruined,
            layer.gradientReadsOutput() ? output : nans(output.shape()),
            gradient);
    for (int k = 0; k < expected.size(); k++) {
      assertArrayEquals(expected.get(k).toArray(), actual.get(k).toArray());
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void inPlaceGivesTheSameBits(Layer layer, List<Shape> shapes) {
    if (!layer.worksInPlace()) return;
    assertTrue(!layer.gradientReadsInputs(), "the input is overwritten");
    Tensor input = Tensor.of(shapes.getFirst(), distinct(new Random(4), shapes.getFirst().size()));
    Tensor output = layer.forward(engine, List.of(input));
    assertSame(input, layer.forwardInPlace(engine, input));
    assertArrayEquals(output.toArray(), input.toArray());
  }

  /** Samples do not mix: a batch gives what its samples give. */
  @ParameterizedTest
  @MethodSource("layers")
  void aBatchIsItsSamples(Layer layer, List<Shape> shapes) {
    var random = new Random(5);
    List<Tensor> inputs = new ArrayList<>();
    for (Shape shape : shapes) inputs.add(Tensor.of(shape, distinct(random, shape.size())));
    float[] whole = layer.forward(engine, inputs).toArray();
    int batch = shapes.getFirst().extent(0);
    int size = whole.length / batch;
    for (int n = 0; n < batch; n++) {
      List<Tensor> sample = new ArrayList<>();
      for (Tensor input : inputs) {
        int length = input.shape().size() / batch;
        sample.add(
            Tensor.of(
                input.shape().with(0, 1),
                Arrays.copyOfRange(input.toArray(), n * length, (n + 1) * length)));
      }
      assertArrayEquals(
          Arrays.copyOfRange(whole, n * size, (n + 1) * size),
          layer.forward(engine, sample).toArray());
    }
  }

  private static double inner(float[] g, Tensor y) {
    double sum = 0;
    float[] values = y.toArray();
    for (int i = 0; i < g.length; i++) sum += (double) g[i] * values[i];
    return sum;
  }

  private static List<Tensor> replaced(List<Tensor> inputs, int k, Shape shape, float[] values) {
    List<Tensor> changed = new ArrayList<>(inputs);
    changed.set(k, Tensor.of(shape, values));
    return changed;
  }

  /** Values around 0 that differ by 1/64 at least and are 1/128 or more from any kink. */
  private static float[] distinct(Random random, int count) {
    List<Float> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) values.add((i - count / 2 + 0.5f) / 64);
    Collections.shuffle(values, random);
    float[] shuffled = new float[count];
    for (int i = 0; i < count; i++) shuffled[i] = values.get(i);
    return shuffled;
  }

  private static Tensor nans(Shape shape) {
    float[] values = new float[shape.size()];
    Arrays.fill(values, Float.NaN);
    return Tensor.of(shape, values);
  }

  private static Parameter parameter(Random random, int... extents) {
    Shape shape = Shape.of(extents);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    return Parameter.of(shape, values);
  }

  private static Tensor tensor(Random random, int... extents) {
    return Tensor.of(Shape.of(extents), parameter(random, extents).toArray());
  }

  private static BatchNormalization normalization(Random random, int channels) {
    float[] variance = new float[channels];
    for (int c = 0; c < channels; c++) variance[c] = 0.5f + random.nextFloat();
    return BatchNormalization.of(
        parameter(random, channels),
        parameter(random, channels),
        parameter(random, channels),
        Parameter.of(Shape.of(channels), variance),
        1e-5f);
  }
}
