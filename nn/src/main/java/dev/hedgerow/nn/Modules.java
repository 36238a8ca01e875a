package dev.hedgerow.nn;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.List;

/**
 * PyTorch's modules, added to a graph by the names they have there. A module finds its parameters
 * below its own name, {@code layer1.0.conv1} those in {@code layer1.0.conv1.weight}, and takes its
 * number of input channels from the node it reads.
 */
public final class Modules {
  /** PyTorch's ε of batch normalisations that do not say otherwise. */
  public static final float EPSILON = 1e-5f;

  private final Graph.Builder graph;
  private final ParameterSource parameters;
  private final float epsilon;

  /**
   * Creates modules of one graph.
   *
   * @param graph gets the nodes
   * @param parameters asked once for each parameter
   */
  public Modules(Graph.Builder graph, ParameterSource parameters) {
    this(graph, parameters, EPSILON);
  }

  private Modules(Graph.Builder graph, ParameterSource parameters, float epsilon) {
    this.graph = graph;
    this.parameters = parameters;
    this.epsilon = epsilon;
  }

  /** Returns modules of the same graph whose batch normalisations add another ε. */
  public Modules withEpsilon(float epsilon) {
    return new Modules(graph, parameters, epsilon);
  }

  /** Adds a convolution with {@code .weight [channels, C, h, w]} and {@code .bias [channels]}. */
  public Node conv(String name, Node x, int channels, Window window) {
    return conv(name, x, channels, window, 1, true);
  }

  /** Adds a convolution with {@code .weight [channels, C, h, w]} and no bias. */
  public Node convWithoutBias(String name, Node x, int channels, Window window) {
    return conv(name, x, channels, window, 1, false);
  }

  /**
   * Adds a convolution with {@code .weight [channels, C / groups, h, w]}.
   *
   * @param groups number of groups of channels that do not mix; C for a depthwise convolution
   * @param biased whether there is a {@code .bias [channels]}
   */
  public Node conv(String name, Node x, int channels, Window window, int groups, boolean biased) {
    Parameter weight =
        parameter(
            name + ".weight", channels, channels(x) / groups, window.height(), window.width());
    Parameter bias = biased ? parameter(name + ".bias", channels) : null;
    return graph.add(name, new Conv2d(Convolution.of(weight, bias, window, groups)), x);
  }

  /**
   * Adds a batch normalisation with {@code .weight}, {@code .bias}, {@code .running_mean} and
   * {@code .running_var}, all {@code [C]}.
   */
  public Node batchNorm(String name, Node x) {
    int channels = channels(x);
    var normalization =
        BatchNormalization.of(
            parameter(name + ".weight", channels),
            parameter(name + ".bias", channels),
            parameter(name + ".running_mean", channels),
            parameter(name + ".running_var", channels),
            epsilon);
    return graph.add(name, new BatchNorm(normalization), x);
  }

  /** Adds a linear layer with {@code .weight [out, in]} and {@code .bias [out]}. */
  public Node linear(String name, Node x, int out) {
    Parameter weight = parameter(name + ".weight", out, x.shape().extent(1));
    Parameter bias = parameter(name + ".bias", out);
    return graph.add(name, new Linear(Dense.of(weight, bias)), x);
  }

  /** Adds max(x, 0). */
  public Node relu(String name, Node x) {
    return graph.add(name, new Relu(), x);
  }

  /** Adds max(x, 0), whose output goes by another name too: that of the stage it closes. */
  public Node relu(String name, String outputName, Node x) {
    return graph.add(name, outputName, new Relu(), List.of(x));
  }

  /** Adds min(max(x, 0), 6). */
  public Node relu6(String name, Node x) {
    return graph.add(name, new Clip(0, 6), x);
  }

  /** Adds a max pool. */
  public Node maxPool(String name, Node x, MaxPool pool) {
    return graph.add(name, new MaxPool2d(pool), x);
  }

  /** Adds an average pool. */
  public Node averagePool(String name, Node x, AveragePool pool) {
    return graph.add(name, new AveragePool2d(pool), x);
  }

  /** Adds an average pool onto {@code height × width} positions, whatever the input has. */
  public Node adaptiveAveragePool(String name, Node x, int height, int width) {
    return graph.add(name, new AdaptiveAveragePool2d(new AdaptiveAveragePool(height, width)), x);
  }

  /** Adds a dropout, which does nothing in a trained network. */
  public Node dropout(String name, Node x) {
    return graph.add(name, new Identity(), x);
  }

  /** Adds the change from {@code [1, C, H, W]} to {@code [1, CHW]}. */
  public Node flatten(String name, Node x) {
    return graph.add(name, new Flatten(1), x);
  }

  /** Adds a + b. */
  public Node add(String name, Node a, Node b) {
    return graph.add(name, new Add(), a, b);
  }

  /** Adds the inputs, joined along the channels. */
  public Node concat(String name, Node... inputs) {
    return graph.add(name, new Concat(1), inputs);
  }

  /** Says that explanations begin at the output of {@code x}; see {@link Graph#startLayer}. */
  public void startLayer(Node x) {
    graph.startLayer(x);
  }

  /** Adds a node of any other layer. */
  public Node layer(String name, Layer layer, Node... inputs) {
    return graph.add(name, layer, inputs);
  }

  /** Returns the number of channels of a node's output. */
  public static int channels(Node x) {
    return x.shape().extent(1);
  }

  private Parameter parameter(String name, int... extents) {
    Shape shape = Shape.of(extents);
    Parameter parameter = parameters.parameter(name, shape);
    if (!parameter.shape().equals(shape)) {
      throw new IllegalArgumentException(
          name + " is " + parameter.shape() + " but the network expects " + shape);
    }
    return parameter;
  }
}
