package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.header;
import static dev.hedgerow.weights.OnnxProto.integer;
import static dev.hedgerow.weights.OnnxProto.integers;
import static dev.hedgerow.weights.OnnxProto.real;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Subtract;
import dev.hedgerow.nn.layer.Transpose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a network as an ONNX model of float32 and operator set {@value #OPSET}, for other programs
 * to run. Nodes and their outputs have the names of the network's nodes, weights theirs and {@code
 * .weight}. What {@link OnnxModel} reads of it is the same network, but for batch normalizations,
 * whose statistics are 0 and 1 where their two numbers a channel hold what they were.
 */
public final class OnnxExport {
  private static final int OPSET = 14;

  /** The format's version that has this operator set. */
  private static final int VERSION = 8;

  private static final int FLOAT = 1;
  private static final int LONG = 7;

  /** Bytes of weights that are written at a time. */
  private static final int CHUNK = 1 << 16;

  /** Fields of a GraphProto: all but the weights. */
  private final ProtobufWriter graph = new ProtobufWriter();

  private final List<Weights> weights = new ArrayList<>();

  /**
   * A tensor whose values are written last, from where they are.
   *
   * @param head its other fields, and the tag and length of its values
   */
  private record Weights(byte[] head, Parameter values) {
    static Weights of(String name, Parameter values) {
      var head = header(name, values.shape(), FLOAT).tag(9, 2).raw(4L * values.shape().size());
      return new Weights(head.toByteArray(), values);
    }

    long bytes() {
      return head.length + 4L * values.shape().size();
    }

    /** Returns its own tag and length, in a GraphProto. */
    byte[] tag() {
      return new ProtobufWriter().tag(5, 2).raw(bytes()).toByteArray();
    }
  }

  private OnnxExport() {}

  /**
   * Checks that a model can be written, by its shapes: weights may be {@linkplain
   * Parameter#declared declared} only.
   *
   * @throws IllegalArgumentException if it cannot; see {@link #write}
   */
  public static void check(Graph graph) {
    new OnnxExport().head(graph);
  }

  /**
   * Writes a model; an existing file is replaced. Weights pass through a small buffer.
   *
   * @param graph for images of its input's size, any number of them
   * @throws IllegalArgumentException if it has a layer that ONNX has no operator for, or an
   *     adaptive pool whose windows differ, or would have 2 GiB or more, which ONNX's readers
   *     refuse
   * @throws IOException if the file cannot be written; nothing stays behind
   */
  public static void write(Graph graph, Path file) throws IOException {
    var export = new OnnxExport();
    byte[] head = export.head(graph);
    PartFile.write(
        file,
        channel -> {
          PartFile.writeFully(channel, ByteBuffer.wrap(head));
          for (Weights tensor : export.weights) write(tensor, channel);
        });
  }

  /** Adds a network; returns all of its file but the weights. */
  private byte[] head(Graph network) {
    for (Node node : network.nodes()) add(node);
    graph.text(2, network.name());
    graph.message(12, value(network.output().name(), network.output().shape()));
    byte[] fields = graph.toByteArray();
    long bytes = fields.length;
    for (Weights tensor : weights) bytes += tensor.tag().length + tensor.bytes();
    var head =
        new ProtobufWriter()
            .varint(1, VERSION)
            .text(2, "hedgerow")
            .message(8, new ProtobufWriter().text(1, "").varint(2, OPSET))
            .tag(7, 2)
            .raw(bytes);
    if (head.toByteArray().length + bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "the model has " + bytes + " bytes, expected less than 2 GiB in one file");
    }
    return head.append(fields).toByteArray();
  }

  private static void write(Weights tensor, SeekableByteChannel channel) throws IOException {
    PartFile.writeFully(channel, ByteBuffer.wrap(tensor.tag()));
    PartFile.writeFully(channel, ByteBuffer.wrap(tensor.head));
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    float[] floats = new float[CHUNK / 4];
    int size = tensor.values.shape().size();
    for (int from = 0, count; from < size; from += count) {
      count = Math.min(floats.length, size - from);
      tensor.values.copy(from, floats, 0, count);
      chunk.clear().asFloatBuffer().put(floats, 0, count);
      PartFile.writeFully(channel, chunk.limit(4 * count));
    }
  }

  private void add(Node node) {
    String name = node.name();
    switch (node.layer()) {
      case Input _ -> graph.message(11, value(name, node.shape()));
      case Conv2d(Convolution convolution) ->
          write(
              node,
              "Conv",
              weights(name, convolution.weight(), convolution.bias()),
              join(window(convolution.window()), integer("group", convolution.groups())));
      case Linear(var dense) ->
          write(
              node,
              "Gemm",
              weights(name, dense.weight(), dense.bias()),
              integer("transB", dense.transposed() ? 0 : 1));
      case BatchNorm(var normalization) ->
          write(
              node,
              "BatchNormalization",
              statistics(name, normalization),
              real("epsilon", normalization.epsilon()));
      case Relu _ -> write(node, "Relu", List.of());
      case LeakyRelu(float slope) -> write(node, "LeakyRelu", List.of(), real("alpha", slope));
      case HardSwish _ -> write(node, "HardSwish", List.of());
      case Sigmoid _ -> write(node, "Sigmoid", List.of());
      case Softmax(int axis) -> write(node, "Softmax", List.of(), integer("axis", axis));
      case Clip(float low, float high) ->
          write(node, "Clip", List.of(scalar(name + ".low", low), scalar(name + ".high", high)));
      case Lrn(var normalization) -> write(node, "LRN", List.of(), across(normalization));
      case MaxPool2d(var pool) ->
          write(
              node,
              "MaxPool",
              List.of(),
              join(window(pool.window()), integer("ceil_mode", pool.ceil() ? 1 : 0)));
      case AveragePool2d(var pool) ->
          write(
              node,
              "AveragePool",
              List.of(),
              join(
                  // AveragePool has no dilations before operator set 19.
                  Arrays.copyOf(window(pool.window()), 3),
                  integer("ceil_mode", pool.ceil() ? 1 : 0),
                  integer("count_include_pad", pool.countPadding() ? 1 : 0)));
      case AdaptiveAveragePool2d _ -> averagePool(node);
      case Identity _ -> write(node, "Identity", List.of());
      case Flatten(int axis) -> write(node, "Flatten", List.of(), integer("axis", axis));
      case Reshape(Shape shape) -> {
        int[] extents = shape.toArray();
        extents[0] = -1;
        write(node, "Reshape", List.of(longs(name + ".shape", extents)));
      }
      case Transpose(var permutation) ->
          write(node, "Transpose", List.of(), integers("perm", wide(permutation)));
      case Add _ -> write(node, "Add", List.of());
      case Subtract _ -> write(node, "Sub", List.of());
      case Multiply _ -> write(node, "Mul", List.of());
      case Concat(int axis) -> write(node, "Concat", List.of(), integer("axis", axis));
      case Affine(Tensor scale, Tensor shift) -> {
        String scaled = name + ".scaled";
        String factor = floats(name + ".scale", scale);
        operator(scaled, "Mul", List.of(node.input().name(), factor));
        operator(name, "Add", List.of(scaled, floats(name + ".shift", shift)));
      }
      case Slice(var starts, var ends, var steps) -> {
        // Not of the batch, whose end is that of one image.
        int rank = starts.size();
        List<Integer> axes = IntStream.range(1, rank).boxed().toList();
        write(
            node,
            "Slice",
            List.of(
                longs(name + ".starts", starts.subList(1, rank)),
                longs(name + ".ends", ends.subList(1, rank)),
                longs(name + ".axes", axes),
                longs(name + ".steps", steps.subList(1, rank))));
      }
      case Pad(var before, var after, float value) -> {
        var pads = new ArrayList<>(before);
        pads.addAll(after);
        write(node, "Pad", List.of(longs(name + ".pads", pads), scalar(name + ".value", value)));
      }
      default ->
          throw new IllegalArgumentException(
              name + ": there is no operator of ONNX for " + node.layer());
    }
  }

  /** Returns a ValueInfoProto of any number of images. */
  private static ProtobufWriter value(String name, Shape shape) {
    var batch = new ProtobufWriter();
    // Elsewhere it is a multiple of their number, which has no name.
    if (shape.extent(0) == 1) batch.text(2, "N");
    var extents = new ProtobufWriter().message(1, batch);
    for (int axis = 1; axis < shape.rank(); axis++) {
      extents.message(1, new ProtobufWriter().varint(1, shape.extent(axis)));
    }
    var tensor = new ProtobufWriter().varint(1, FLOAT).message(2, extents);
    var type = new ProtobufWriter().message(1, tensor);
    return new ProtobufWriter().text(1, name).message(2, type);
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
      throw new IllegalArgumentException(
          node.name() + ": there is no pool of ONNX from " + in + " to " + out);
    }
    long[] size = {in.extent(2) / out.extent(2), in.extent(3) / out.extent(3)};
    write(
        node, "AveragePool", List.of(), integers("kernel_shape", size), integers("strides", size));
  }

  /** Writes a node of the network as an operator of its inputs and some constants. */
  private void write(
      Node node, String operator, List<String> constants, ProtobufWriter... attributes) {
    var inputs = new ArrayList<String>();
    for (Node input : node.inputs()) inputs.add(input.name());
    inputs.addAll(constants);
    operator(node.name(), operator, inputs, attributes);
  }

  private void operator(
      String name, String operator, List<String> inputs, ProtobufWriter... attributes) {
    var node = new ProtobufWriter();
    for (String input : inputs) node.text(1, input);
    node.text(2, name).text(3, name).text(4, operator);
    for (ProtobufWriter attribute : attributes) node.message(5, attribute);
    graph.message(1, node);
  }

  private static ProtobufWriter[] window(Window window) {
    return new ProtobufWriter[] {
      integers("kernel_shape", window.height(), window.width()),
      integers("strides", window.strideY(), window.strideX()),
      integers("pads", window.top(), window.left(), window.bottom(), window.right()),
      integers("dilations", window.dilationY(), window.dilationX())
    };
  }

  private static ProtobufWriter[] join(ProtobufWriter[] some, ProtobufWriter... more) {
    ProtobufWriter[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }

  private static ProtobufWriter[] across(LocalResponseNormalization normalization) {
    return new ProtobufWriter[] {
      integer("size", normalization.size()),
      real("alpha", normalization.alpha()),
      real("beta", normalization.beta()),
      real("bias", normalization.bias())
    };
  }

  private List<String> weights(String name, Parameter weight, @Nullable Parameter bias) {
    String first = floats(name + ".weight", weight);
    return bias == null ? List.of(first) : List.of(first, floats(name + ".bias", bias));
  }

  /** Writes statistics of which a normalization's two numbers a channel are those it has. */
  private List<String> statistics(String name, BatchNormalization normalization) {
    Shape shape = Shape.of(normalization.channels());
    float[] variances = new float[normalization.channels()];
    Arrays.fill(variances, 1 - normalization.epsilon());
    return List.of(
        floats(name + ".weight", Parameter.of(shape, normalization.factor())),
        floats(name + ".bias", Parameter.of(shape, normalization.offset())),
        floats(name + ".running_mean", Parameter.of(shape, new float[shape.size()])),
        floats(name + ".running_var", Parameter.of(shape, variances)));
  }

  private String floats(String name, Tensor tensor) {
    return floats(name, Parameter.of(tensor.shape(), tensor.toArray()));
  }

  private String floats(String name, Parameter values) {
    weights.add(Weights.of(name, values));
    return name;
  }

  private String scalar(String name, float value) {
    graph.message(5, header(name, Shape.of(), FLOAT).packedFloats(4, value));
    return name;
  }

  private String longs(String name, List<Integer> values) {
    return longs(name, values.stream().mapToInt(Integer::intValue).toArray());
  }

  private String longs(String name, int[] values) {
    long[] wide = Arrays.stream(values).asLongStream().toArray();
    graph.message(5, header(name, Shape.of(wide.length), LONG).packedVarints(7, wide));
    return name;
  }

  private static long[] wide(List<Integer> values) {
    return values.stream().mapToLong(Integer::longValue).toArray();
  }
}
