package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.ParameterSource;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes the network of a family as an ONNX model of operator set 13, its nodes by their names. */
public final class OnnxExport {
  private final ParameterSource parameters;
  private final float epsilon;
  private final OnnxWriter onnx;

  private OnnxExport(Graph graph, ParameterSource parameters, float epsilon) {
    this.parameters = parameters;
    this.epsilon = epsilon;
    this.onnx = OnnxWriter.bare(13).input("input", 1, graph.input().shape().toArray());
  }

  /**
   * Returns the bytes of the model.
   *
   * @param parameters of the network, by the family's names
   * @param epsilon of its batch normalisations
   */
  public static byte[] bytes(Graph graph, ParameterSource parameters, float epsilon) {
    var export = new OnnxExport(graph, parameters, epsilon);
    for (Node node : graph.nodes()) export.add(node);
    return export.onnx.output(graph.output().name()).bytes();
  }

  private void add(Node node) {
    String name = node.name();
    switch (node.layer()) {
      case Input _ -> {}
      case Conv2d conv -> {
        var convolution = conv.convolution();
        write(
            node,
            "Conv",
            List.of(weight(name, convolution.weight().shape()), bias(name)),
            join(window(convolution.window()), OnnxWriter.integer("group", convolution.groups())));
      }
      case Linear linear ->
          write(
              node,
              "Gemm",
              List.of(weight(name, linear.dense().weight().shape()), bias(name)),
              OnnxWriter.integer("transB", 1));
      case BatchNorm _ ->
          write(
              node,
              "BatchNormalization",
              List.of(
                  vector(name + ".weight"),
                  vector(name + ".bias"),
                  vector(name + ".running_mean"),
                  vector(name + ".running_var")),
              OnnxWriter.real("epsilon", epsilon));
      case Relu _ -> write(node, "Relu", List.of());
      case Clip clip ->
          write(
              node,
              "Clip",
              List.of(scalar(name + ".low", clip.low()), scalar(name + ".high", clip.high())));
      case MaxPool2d pool ->
          write(
              node,
              "MaxPool",
              List.of(),
              join(
                  window(pool.pool().window()),
                  OnnxWriter.integer("ceil_mode", pool.pool().ceil() ? 1 : 0)));
      case AveragePool2d pool ->
          write(
              node,
              "AveragePool",
              List.of(),
              join(
                  // AveragePool has no dilations before operator set 19.
                  Arrays.copyOf(window(pool.pool().window()), 3),
                  OnnxWriter.integer("ceil_mode", pool.pool().ceil() ? 1 : 0),
                  OnnxWriter.integer("count_include_pad", pool.pool().countPadding() ? 1 : 0)));
      case AdaptiveAveragePool2d _ -> averagePool(node);
      case Identity _ -> write(node, "Identity", List.of());
      case Flatten flatten ->
          write(node, "Flatten", List.of(), OnnxWriter.integer("axis", flatten.axis()));
      case Add _ -> write(node, "Add", List.of());
      case Concat concat ->
          write(node, "Concat", List.of(), OnnxWriter.integer("axis", concat.axis()));
      case Affine affine -> {
        tensor(name + ".scale", affine.scale());
        tensor(name + ".shift", affine.shift());
        onnx.node(
            name + ".mul", "Mul", node.input().name() + " " + name + ".scale", name + ".scaled");
        onnx.node(name, "Add", name + ".scaled " + name + ".shift", name);
      }
      case Slice slice ->
          write(
              node,
              "Slice",
              List.of(
                  longs(name + ".starts", slice.starts()),
                  longs(name + ".ends", slice.ends()),
                  longs(name + ".axes", IntStream.range(0, slice.starts().size()).boxed().toList()),
                  longs(name + ".steps", slice.steps())));
      case Pad pad -> {
        var pads = new ArrayList<Integer>(pad.before());
        pads.addAll(pad.after());
        write(
            node,
            "Pad",
            List.of(longs(name + ".pads", pads), scalar(name + ".value", pad.value())));
      }
      default -> throw new IllegalArgumentException(name + ": " + node.layer());
    }
  }

  /** Writes an adaptive pool as the pool it is at this size. */
  private void averagePool(Node node) {
    Shape in = node.input().shape();
    Shape out = node.shape();
    if (out.extent(2) * out.extent(3) == 1) {
      write(node, "GlobalAveragePool", List.of());
      return;
    }
    if (in.extent(2) % out.extent(2) != 0 || in.extent(3) % out.extent(3) != 0) {
      throw new IllegalArgumentException(node.name() + ": " + in + " to " + out);
    }
    long[] size = {in.extent(2) / out.extent(2), in.extent(3) / out.extent(3)};
    write(
        node,
        "AveragePool",
        List.of(),
        OnnxWriter.integers("kernel_shape", size),
        OnnxWriter.integers("strides", size));
  }

  private void write(
      Node node, String operator, List<String> constants, ProtobufWriter... attributes) {
    String inputs = node.inputs().stream().map(Node::name).collect(Collectors.joining(" "));
    String all = constants.isEmpty() ? inputs : inputs + " " + String.join(" ", constants);
    onnx.node(node.name(), operator, all.strip(), node.name(), attributes);
  }

  private static ProtobufWriter[] window(Window window) {
    return new ProtobufWriter[] {
      OnnxWriter.integers("kernel_shape", window.height(), window.width()),
      OnnxWriter.integers("strides", window.strideY(), window.strideX()),
      OnnxWriter.integers("pads", window.top(), window.left(), window.bottom(), window.right()),
      OnnxWriter.integers("dilations", window.dilationY(), window.dilationX())
    };
  }

  private static ProtobufWriter[] join(ProtobufWriter[] window, ProtobufWriter... more) {
    ProtobufWriter[] all = Arrays.copyOf(window, window.length + more.length);
    System.arraycopy(more, 0, all, window.length, more.length);
    return all;
  }

  private String weight(String name, Shape shape) {
    return parameter(name + ".weight", shape);
  }

  private String bias(String name) {
    return parameters.parameter(name + ".bias", Shape.of(0)).shape().size() == 0
        ? ""
        : vector(name + ".bias");
  }

  private String vector(String name) {
    return parameter(name, Shape.of(0));
  }

  private String parameter(String name, Shape shape) {
    Parameter parameter = parameters.parameter(name, shape);
    onnx.floats(name, parameter.shape(), parameter.toArray());
    return name;
  }

  private String scalar(String name, float value) {
    onnx.floats(name, Shape.of(), value);
    return name;
  }

  private String longs(String name, List<Integer> values) {
    onnx.longs(name, values.stream().mapToLong(Integer::longValue).toArray());
    return name;
  }

  private void tensor(String name, Tensor tensor) {
    onnx.floats(name, tensor.shape(), tensor.toArray());
  }
}
