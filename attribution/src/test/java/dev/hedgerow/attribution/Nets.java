package dev.hedgerow.attribution;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.Arrays;

/** The small networks of the known answers. */
final class Nets {
  private Nets() {}

  /** Net A: two convolutions and two fully connected layers. */
  static Graph a() {
    return vggLike("netA", true, false);
  }

  /** Net B: two convolutions and a fully connected layer. */
  static Graph b() {
    return vggLike("netB", false, false);
  }

  /** Net A with batch normalization after its first convolution. */
  static Graph normalized() {
    return vggLike("netFG", true, true);
  }

  private static Graph vggLike(String name, boolean twoLayers, boolean normalized) {
    Graph.Builder builder = Graph.builder(name);
    var pool = new MaxPool2d(new MaxPool(Window.of(2, 2, 0), false));
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    node = builder.add("conv1", conv(20, 21, 3, 4), node);
    if (normalized) node = builder.add("bn1", batchNorm(31, 4), node);
    node = builder.add("relu1", new Relu(), node);
    node = builder.add("pool1", pool, node);
    node = builder.add("conv2", conv(22, 23, 4, 6), node);
    node = builder.add("relu2", new Relu(), node);
    node = builder.add("pool2", pool, node);
    node = builder.add("flatten", new Flatten(1), node);
    if (twoLayers) {
      node = builder.add("fc1", linear(27, 28, 24, 5), node);
      node = builder.add("relu3", new Relu(), node);
      node = builder.add("fc2", linear(29, 30, 5, 3), node);
    } else {
      node = builder.add("fc", linear(24, 25, 24, 3), node);
    }
    return builder.build(node);
  }

  /** Net C: every kind of rectifier and an addition. */
  static Graph c() {
    Graph.Builder builder = Graph.builder("netC");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    Convolution first =
        Convolution.of(Det.parameter(2, 40, 4, 3, 3, 3), null, Window.of(3, 1, 1), 1);
    Node skip = builder.add("clip", new Clip(0, 2), builder.add("conv1", new Conv2d(first), node));
    node = builder.add("leaky", new LeakyRelu(.1f), builder.add("conv2", conv(41, 42, 4, 4), skip));
    node = builder.add("relu", new Relu(), builder.add("add", new Add(), skip, node));
    return builder.build(
        builder.add("fc", linear(43, 44, 256, 3), builder.add("flatten", new Flatten(1), node)));
  }

  /** Captum's {@code BasicModel_ConvNet_One_Conv}. */
  static Graph oneConvolution() {
    Graph.Builder builder = Graph.builder("OneConv");
    float[] ones = new float[18];
    Arrays.fill(ones, 1);
    Node node = builder.input("input", Shape.of(1, 1, 4, 4));
    Convolution convolution =
        Convolution.of(
            Parameter.of(Shape.of(2, 1, 3, 3), ones),
            Parameter.of(Shape.of(2), -50, -75),
            Window.of(3, 1, 0),
            1);
    node = builder.add("conv1", new Conv2d(convolution), node);
    node = builder.add("relu1", new Relu(), node);
    node = builder.add("flatten", new Flatten(1), node);
    float[] rows = new float[32];
    for (int i = 0; i < 32; i++) rows[i] = i % 8 < 5 ? 1 : -1;
    Parameter weight = Parameter.of(Shape.of(4, 8), rows);
    node = builder.add("fc1", new Linear(Dense.of(weight, null)), node);
    return builder.build(builder.add("relu2", new Relu(), node));
  }

  /** Captum's {@code BasicModel_MultiLayer}; its vector of 3 is an image of 1×3. */
  static Graph multiLayer() {
    Graph.Builder builder = Graph.builder("MultiLayer");
    Node node = builder.input("input", Shape.of(1, 1, 1, 3));
    node = builder.add("flatten", new Flatten(1), node);
    node =
        builder.add("linear0", linear(3, new float[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, 0, 0, 0), node);
    float[] ones = new float[12];
    Arrays.fill(ones, 1);
    node = builder.add("linear1", linear(3, ones, -10, 1, 1, 1), node);
    node = builder.add("relu", new Relu(), node);
    return builder.build(builder.add("linear2", linear(4, Arrays.copyOf(ones, 8), -1, 1), node));
  }

  static Linear linear(int inputs, float[] weight, float... bias) {
    return new Linear(
        Dense.of(
            Parameter.of(Shape.of(bias.length, inputs), weight),
            Parameter.of(Shape.of(bias.length), bias)));
  }

  static Conv2d conv(int weight, int bias, int inputs, int outputs) {
    return new Conv2d(
        Convolution.of(
            Det.parameter(.5, weight, outputs, inputs, 3, 3),
            Det.parameter(.1, bias, outputs),
            Window.of(3, 1, 1),
            1));
  }

  static Linear linear(int weight, int bias, int inputs, int outputs) {
    return new Linear(
        Dense.of(Det.parameter(.5, weight, outputs, inputs), Det.parameter(.1, bias, outputs)));
  }

  /** Batch normalization of the fillers {@code seed} to {@code seed + 3}. */
  static BatchNorm batchNorm(int seed, int channels) {
    float[] scale = Det.values(seed, channels, .25);
    float[] variance = Det.values(seed + 3, channels, 1);
    for (int i = 0; i < channels; i++) {
      scale[i] += 1;
      variance[i] = Math.abs(variance[i]) + .5f;
    }
    return new BatchNorm(
        BatchNormalization.of(
            Parameter.of(Shape.of(channels), scale),
            Det.parameter(.1, seed + 1, channels),
            Det.parameter(.1, seed + 2, channels),
            Parameter.of(Shape.of(channels), variance),
            1e-5f));
  }
}
