package dev.hedgerow.weights;

import static java.util.Map.entry;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The operators that become layers: what each of ONNX's definitions means in this engine. */
final class OnnxOperators {
  private static final Map<String, Operator> OPERATORS =
      Map.ofEntries(
          entry("Add", OnnxArithmetic::sum),
          entry("AveragePool", OnnxOperators::averagePool),
          entry("BatchNormalization", OnnxOperators::batchNormalization),
          entry("Cast", OnnxOperators::cast),
          entry("Clip", OnnxOperators::clip),
          entry("Concat", OnnxOperators::concat),
          entry("Conv", OnnxOperators::convolution),
          entry("Div", OnnxArithmetic::divide),
          entry("Dropout", OnnxOperators::dropout),
          entry("Flatten", OnnxOperators::flatten),
          entry("Gemm", OnnxOperators::gemm),
          entry("GlobalAveragePool", OnnxOperators::globalAveragePool),
          entry("HardSwish", call -> elementwise(call, new HardSwish())),
          entry("Identity", call -> elementwise(call, new Identity())),
          entry("LRN", OnnxOperators::localResponseNormalization),
          entry("LeakyRelu", call -> elementwise(call, new LeakyRelu(call.real("alpha", 0.01f)))),
          entry("MatMul", OnnxOperators::matMul),
          entry("MaxPool", OnnxOperators::maxPool),
          entry("Mul", OnnxArithmetic::multiply),
          entry("Pad", OnnxOperators::pad),
          entry("ReduceMean", OnnxOperators::reduceMean),
          entry("Relu", call -> elementwise(call, new Relu())),
          entry("Reshape", call -> reshape(call, OnnxShapes.reshape(call, call.shape(0), true))),
          entry("Sigmoid", call -> elementwise(call, new Sigmoid())),
          entry("Slice", OnnxOperators::slice),
          entry("Softmax", OnnxOperators::softmax),
          entry("Squeeze", call -> reshape(call, OnnxShapes.squeeze(call, call.shape(0), true))),
          entry("Sub", OnnxArithmetic::subtract),
          entry("Sum", OnnxArithmetic::sum),
          entry("Transpose", OnnxOperators::transpose),
          entry("Unsqueeze", call -> reshape(call, OnnxShapes.unsqueeze(call, call.shape(0)))));

  private OnnxOperators() {}

  @FunctionalInterface
  private interface Operator {
    Node translate(OnnxCall call) throws FormatException;
  }

  /** Returns whether nodes of that operator can become layers. */
  static boolean supports(String operator) {
    return OPERATORS.containsKey(operator);
  }

  /** Adds the node's layers and returns the one that computes its output. */
  static Node translate(OnnxCall call) throws FormatException {
    Operator operator = OPERATORS.get(call.operator());
    if (operator == null) throw new IllegalStateException(call.operator());
    return operator.translate(call);
  }

  private static Node elementwise(OnnxCall call, Layer layer) throws FormatException {
    return call.add(layer, call.input(0));
  }

  private static Node convolution(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    Parameter weight = call.reals(1);
    if (weight.shape().rank() != 4) {
      throw call.error("weight is " + weight.shape(), "[O, C, h, w]: only images are convolved");
    }
    Window window = OnnxWindow.ofConvolution(call, input.shape(), weight.shape());
    int groups = call.smallInteger("group", 1);
    // The reverse direction lists the taps of every phase of the stride.
    long phases = (long) window.strideY() * window.strideX();
    long taps = (long) window.height() * window.width();
    call.allocate(Math.multiplyExact(phases, 24 * taps + 128));
    Parameter bias = call.has(2) ? call.reals(2) : null;
    return call.add(new Conv2d(Convolution.of(weight, bias, window, groups)), input);
  }

  private static Node gemm(OnnxCall call) throws FormatException {
    if (call.flag("transA", false)) throw call.error("transA is not supported");
    boolean rows = call.flag("transB", false);
    Parameter weight = scaled(call, matrix(call, 1), call.real("alpha", 1));
    int outputs = weight.shape().extent(rows ? 0 : 1);
    float beta = call.real("beta", 1);
    Parameter bias = null;
    if (call.has(2)) {
      bias = bias(call, call.reals(2), outputs);
      if (bias == null) {
        throw call.error("bias is " + call.shape(2), "[" + outputs + "]");
      }
      bias = scaled(call, bias, beta);
    }
    Dense dense = rows ? Dense.of(weight, bias) : Dense.ofTransposed(weight, bias);
    return call.add(new Linear(dense), call.input(0));
  }

  private static Node matMul(OnnxCall call) throws FormatException {
    if (call.isConstant(0)) throw call.error("the constant is on the left", "weights on the right");
    Parameter weight = matrix(call, 1);
    OnnxCall sum = call.onlyConsumer("Add");
    Parameter bias = sum == null ? null : addedBias(sum, weight.shape().extent(1));
    if (sum != null && bias != null) call.absorb(sum);
    return call.add(new Linear(Dense.ofTransposed(weight, bias)), call.input(0));
  }

  /**
   * Returns the constant that an Add adds to each of {@code outputs} numbers; null if it is none.
   */
  private static @Nullable Parameter addedBias(OnnxCall sum, int outputs) throws FormatException {
    for (int i = 0; i < sum.inputCount(); i++) {
      if (sum.isConstant(i)
          && sum.constant(i) instanceof Constant.Reals(Parameter values)
          && values.shape().size() == outputs) {
        return bias(sum, values, outputs);
      }
    }
    return null;
  }

  private static Parameter matrix(OnnxCall call, int i) throws FormatException {
    Parameter matrix = call.reals(i);
    if (matrix.shape().rank() == 2 && matrix.shape().size() > 0) return matrix;
    throw call.error("weight is " + matrix.shape(), "a matrix");
  }

  /** Returns {@code [outputs]} for a constant that spreads over {@code [1, outputs]}, or null. */
  private static @Nullable Parameter bias(OnnxCall call, Parameter constant, int outputs)
      throws FormatException {
    Shape shape = constant.shape();
    Shape vector = Shape.of(outputs);
    if (shape.rank() > 2 || (shape.rank() == 2 && shape.extent(0) != 1)) return null;
    if (shape.size() == outputs) return constant.reshape(vector);
    if (shape.size() != 1) return null;
    call.allocate((long) Float.BYTES * outputs);
    float[] repeated = new float[outputs];
    Arrays.fill(repeated, constant.get(0));
    return Parameter.of(vector, repeated);
  }

  private static Parameter scaled(OnnxCall call, Parameter parameter, float factor)
      throws FormatException {
    if (factor == 1) return parameter;
    call.allocate((long) Float.BYTES * parameter.shape().size());
    float[] values = parameter.toArray();
    for (int i = 0; i < values.length; i++) values[i] *= factor;
    return Parameter.of(parameter.shape(), values);
  }

  private static Node batchNormalization(OnnxCall call) throws FormatException {
    call.ignore("momentum");
    if (call.flag("training_mode", false) || !call.flag("spatial", true)) {
      throw call.error("it normalizes by its own input", "stored means and variances");
    }
    Parameter scale = call.reals(1);
    call.allocate(4L * Float.BYTES * scale.shape().size());
    return call.add(
        new BatchNorm(
            BatchNormalization.of(
                scale, call.reals(2), call.reals(3), call.reals(4), call.real("epsilon", 1e-5f))),
        call.input(0));
  }

  private static Node localResponseNormalization(OnnxCall call) throws FormatException {
    return call.add(
        new Lrn(
            new LocalResponseNormalization(
                call.smallInteger("size", 0),
                call.real("alpha", 1e-4f),
                call.real("beta", 0.75f),
                call.real("bias", 1))),
        call.input(0));
  }

  private static Node maxPool(OnnxCall call) throws FormatException {
    call.ignore("storage_order");
    Node input = call.input(0);
    Window window = OnnxWindow.ofPool(call, input.shape());
    return call.add(new MaxPool2d(new MaxPool(window, OnnxWindow.ceil(call))), input);
  }

  private static Node averagePool(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    Window window = OnnxWindow.ofPool(call, input.shape());
    boolean countPadding = call.flag("count_include_pad", false);
    return call.add(
        new AveragePool2d(new AveragePool(window, countPadding, OnnxWindow.ceil(call))), input);
  }

  private static Node globalAveragePool(OnnxCall call) throws FormatException {
    return call.add(new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1)), call.input(0));
  }

  private static Node reduceMean(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    long[] axes = call.opset() < 18 ? call.integers("axes") : call.has(1) ? call.integers(1) : null;
    boolean keep = call.flag("keepdims", true);
    boolean[] reduced = new boolean[input.shape().rank()];
    if (axes == null || axes.length == 0) {
      if (call.opset() >= 18 && call.flag("noop_with_empty_axes", false)) {
        return call.add(new Identity(), input);
      }
      Arrays.fill(reduced, true);
    } else {
      call.ignore("noop_with_empty_axes");
      for (long axis : axes) reduced[call.axis(axis, reduced.length)] = true;
    }
    if (!Arrays.equals(reduced, new boolean[] {false, false, true, true})) {
      boolean all = axes == null || axes.length == 0;
      throw call.error(
          "the mean of input "
              + input.shape()
              + (all ? " over all axes" : " over axes " + OnnxCall.text(axes)),
          "the mean of [N, C, H, W] over axes 2 and 3");
    }
    var pool = new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1));
    if (keep) return call.add(pool, input);
    Shape shape = Shape.of(1, input.shape().extent(1));
    return call.add(new Reshape(shape), call.addBefore("mean", pool, input));
  }

  private static Node clip(OnnxCall call) throws FormatException {
    boolean asInputs = call.opset() >= 11;
    float low = Float.NEGATIVE_INFINITY;
    float high = Float.POSITIVE_INFINITY;
    if (asInputs) {
      if (call.has(1)) low = call.real(1);
      if (call.has(2)) high = call.real(2);
    } else {
      low = call.real("min", low);
      high = call.real("max", high);
    }
    if (!(low <= high)) throw call.error("it clips to " + low + " ... " + high);
    return call.add(new Clip(low, high), call.input(0));
  }

  private static Node concat(OnnxCall call) throws FormatException {
    Node[] inputs = new Node[call.inputCount()];
    for (int i = 0; i < inputs.length; i++) inputs[i] = call.input(i);
    int axis = call.axis(call.integer("axis", 0), inputs[0].shape().rank());
    return call.add(new Concat(axis), inputs);
  }

  private static Node dropout(OnnxCall call) throws FormatException {
    call.ignore("ratio", "seed");
    if (call.has(2)) {
      boolean off =
          call.constant(2) instanceof Constant.Integers(Shape _, long[] mode)
              && Arrays.stream(mode).allMatch(value -> value == 0);
      if (!off) throw call.error("it is in training mode", "inference");
    }
    return call.add(new Identity(), call.input(0));
  }

  private static Node cast(OnnxCall call) throws FormatException {
    OnnxType to = ConstantFolding.castType(call);
    if (!to.isReal()) throw call.error("it casts activations to " + to, "a floating-point type");
    return call.add(new Identity(), call.input(0));
  }

  private static Node flatten(OnnxCall call) throws FormatException {
    Shape shape = OnnxShapes.flatten(call, call.shape(0));
    if (shape.extent(0) != 1) return reshape(call, shape);
    return call.add(new Flatten(1), call.input(0));
  }

  private static Node reshape(OnnxCall call, Shape shape) throws FormatException {
    if (shape.rank() < 1 || shape.extent(0) != 1) {
      throw call.error("input " + call.shape(0) + " becomes " + shape, "the batch as first axis");
    }
    return call.add(new Reshape(shape), call.input(0));
  }

  private static Node transpose(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    int[] permutation = OnnxShapes.permutation(call, input.shape());
    return call.add(new Transpose(Arrays.stream(permutation).boxed().toList()), input);
  }

  private static Node slice(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    OnnxSlice slice = OnnxSlice.read(call, input.shape());
    List<Integer> starts = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    List<Integer> steps = new ArrayList<>();
    for (int axis = 0; axis < input.shape().rank(); axis++) {
      int start = slice.starts()[axis];
      int length = slice.lengths()[axis];
      if (slice.steps()[axis] < 1) {
        throw call.error("axis " + axis + " has step " + slice.steps()[axis], "1 or more");
      }
      if (length < 1) throw call.error("nothing is left of axis " + axis + " of " + input.shape());
      starts.add(start);
      steps.add(slice.steps()[axis]);
      ends.add(start + (length - 1) * slice.steps()[axis] + 1);
    }
    return call.add(new Slice(starts, ends, steps), input);
  }

  private static Node pad(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    int rank = input.shape().rank();
    String mode = call.text("mode", "constant");
    if (!mode.equals("constant")) throw call.error("mode is \"" + mode + "\"", "\"constant\"");
    boolean asInputs = call.opset() >= 11;
    long[] pads = asInputs ? call.integers(1) : call.integers("pads");
    long[] axes = asInputs && call.has(3) ? call.integers(3) : null;
    float value = asInputs ? (call.has(2) ? call.real(2) : 0) : call.real("value", 0);
    int count = axes == null ? rank : axes.length;
    if (pads == null || pads.length != 2 * count) {
      throw call.error("pads are " + OnnxCall.text(pads), "two for each axis of " + input.shape());
    }
    Integer[] before = new Integer[rank];
    Integer[] after = new Integer[rank];
    Arrays.fill(before, 0);
    Arrays.fill(after, 0);
    for (int i = 0; i < count; i++) {
      int axis = axes == null ? i : call.axis(axes[i], rank);
      before[axis] = OnnxWindow.width(call, pads, i);
      after[axis] = OnnxWindow.width(call, pads, i + count);
    }
    return call.add(new Pad(List.of(before), List.of(after), value), input);
  }

  /** Before operator set 13, softmax runs over all axes from the given one on. */
  private static Node softmax(OnnxCall call) throws FormatException {
    Node input = call.input(0);
    Shape shape = input.shape();
    boolean single = call.opset() >= 13;
    int axis = call.axis(call.integer("axis", single ? -1 : 1), shape.rank());
    int trailing = 1;
    for (int i = axis + 1; i < shape.rank(); i++) trailing *= shape.extent(i);
    if (single || trailing == 1) return call.add(new Softmax(axis), input);
    int rows = 1;
    for (int i = 1; i < axis; i++) rows *= shape.extent(i);
    Shape joined = Shape.of(1, rows, trailing * shape.extent(axis));
    Node flat = call.addBefore("joined", new Reshape(joined), input);
    return call.add(new Reshape(shape), call.addBefore("softmax", new Softmax(2), flat));
  }
}
