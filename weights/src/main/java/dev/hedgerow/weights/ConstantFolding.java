package dev.hedgerow.weights;

import static java.util.Map.entry;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * Computes, while a model is read, the nodes that do not depend on its input: the shape arithmetic
 * that exporters write out, and constants that are rearranged before they are used.
 */
final class ConstantFolding {
  private static final Map<String, Fold> FOLDS =
      Map.ofEntries(
          entry("Add", ConstantFolding::arithmetic),
          entry("Cast", ConstantFolding::cast),
          entry("Concat", ConstantFolding::concat),
          entry("Constant", ConstantFolding::constant),
          entry("ConstantOfShape", ConstantFolding::constantOfShape),
          entry("Div", ConstantFolding::arithmetic),
          entry("Flatten", call -> reshape(call, OnnxShapes.flatten(call, call.shape(0)))),
          entry("Gather", ConstantFolding::gather),
          entry("Identity", call -> call.constant(0)),
          entry("Mul", ConstantFolding::arithmetic),
          entry("Reshape", call -> reshape(call, OnnxShapes.reshape(call, call.shape(0), false))),
          entry("Shape", ConstantFolding::shape),
          entry("Slice", ConstantFolding::slice),
          entry("Squeeze", call -> reshape(call, OnnxShapes.squeeze(call, call.shape(0), false))),
          entry("Sub", ConstantFolding::arithmetic),
          entry("Transpose", ConstantFolding::transpose),
          entry("Unsqueeze", call -> reshape(call, OnnxShapes.unsqueeze(call, call.shape(0)))));

  private ConstantFolding() {}

  @FunctionalInterface
  private interface Fold {
    Constant of(OnnxCall call) throws FormatException;
  }

  /** Returns whether nodes of that operator can be computed now, if their inputs are known. */
  static boolean supports(String operator) {
    return FOLDS.containsKey(operator);
  }

  /** Returns whether the node can only be a constant, or can be one as all its inputs are. */
  static boolean folds(OnnxCall call) throws FormatException {
    if (!supports(call.operator())) return false;
    return !OnnxOperators.supports(call.operator()) || call.allConstant();
  }

  /** Returns the node's value. */
  static Constant fold(OnnxCall call) throws FormatException {
    Fold fold = FOLDS.get(call.operator());
    if (fold == null) throw new IllegalStateException(call.operator());
    return fold.of(call);
  }

  private static Constant constant(OnnxCall call) throws FormatException {
    if (call.hasAttribute("value")) {
      Constant value = call.tensor("value");
      if (value != null) return value;
    }
    if (call.hasAttribute("value_float")) {
      return new Constant.Reals(Parameter.of(Shape.of(), call.real("value_float", 0)));
    }
    if (call.hasAttribute("value_int")) {
      return new Constant.Integers(Shape.of(), call.integer("value_int", 0));
    }
    float[] reals = call.reals("value_floats");
    if (reals != null) return new Constant.Reals(Parameter.of(Shape.of(reals.length), reals));
    long[] integers = call.integers("value_ints");
    if (integers != null) return new Constant.Integers(Shape.of(integers.length), integers);
    throw call.error("it has no value that is a number", "a tensor, float or int");
  }

  private static Constant constantOfShape(OnnxCall call) throws FormatException {
    Shape shape = call.shapeOf(call.integers(0));
    Constant value = call.tensor("value");
    if (value == null) value = new Constant.Reals(Parameter.of(Shape.of(), 0f));
    if (value.shape().size() != 1) {
      throw call.error("value is " + value.shape(), "one element");
    }
    return pick(call, value, shape, () -> 0);
  }

  /** The extents of the input, for a batch of one, from {@code start} up to {@code end}. */
  private static Constant shape(OnnxCall call) throws FormatException {
    Shape shape = call.shape(0);
    int rank = shape.rank();
    boolean partial = call.opset() >= 15;
    int start = partial ? position(call.integer("start", 0), rank) : 0;
    int end = partial ? position(call.integer("end", rank), rank) : rank;
    long[] extents = new long[Math.max(0, end - start)];
    call.allocate((long) Long.BYTES * (extents.length + 8));
    for (int i = 0; i < extents.length; i++) extents[i] = shape.extent(start + i);
    return new Constant.Integers(Shape.of(extents.length), extents);
  }

  private static int position(long position, int rank) {
    return Math.clamp(position < 0 ? position + rank : position, 0, rank);
  }

  private static Constant gather(OnnxCall call) throws FormatException {
    Constant data = call.constant(0);
    Shape from = data.shape();
    if (!(call.constant(1) instanceof Constant.Integers(Shape indexShape, long[] indices))) {
      throw call.error("indices are no integers");
    }
    int axis = call.axis(call.integer("axis", 0), from.rank());
    long[] extents = new long[from.rank() - 1 + indexShape.rank()];
    int inner = 1;
    int to = 0;
    for (int i = 0; i < from.rank(); i++) {
      if (i > axis) inner *= from.extent(i);
      if (i != axis) {
        extents[to++] = from.extent(i);
      } else {
        for (int j = 0; j < indexShape.rank(); j++) extents[to++] = indexShape.extent(j);
      }
    }
    int extent = from.extent(axis);
    for (long index : indices) {
      if (index < -extent || index >= extent) {
        throw call.error("index " + index + " into axis " + axis + " of " + from);
      }
    }
    return pick(call, data, call.shapeOf(extents), gathered(indices, extent, inner));
  }

  /** Rows of {@code inner} elements, of which {@code extent} lie one after the other. */
  private static IntSupplier gathered(long[] indices, int extent, int inner) {
    return new IntSupplier() {
      private int next;

      @Override
      public int getAsInt() {
        int row = next / inner;
        long index = indices[row % indices.length];
        int start = row / indices.length * extent + (int) (index < 0 ? index + extent : index);
        return start * inner + next++ % inner;
      }
    };
  }

  private static Constant concat(OnnxCall call) throws FormatException {
    List<Constant> parts = new ArrayList<>();
    for (int i = 0; i < call.inputCount(); i++) parts.add(call.constant(i));
    if (parts.isEmpty()) throw call.error("it has no inputs");
    Shape first = parts.getFirst().shape();
    int axis = call.axis(call.integer("axis", 0), first.rank());
    long[] extents = Arrays.stream(first.toArray()).asLongStream().toArray();
    extents[axis] = 0;
    for (Constant part : parts) {
      if (part.shape().rank() != first.rank()
          || !part.shape().with(axis, 0).equals(first.with(axis, 0))
          || !part.getClass().equals(parts.getFirst().getClass())) {
        throw call.error(
            "inputs are " + first + " and " + part.shape(), "the same but along axis " + axis);
      }
      extents[axis] += part.shape().extent(axis);
    }
    Shape shape = call.shapeOf(extents);
    call.allocate((long) parts.getFirst().elementSize() * shape.size());
    if (parts.getFirst() instanceof Constant.Integers) {
      long[] joined = new long[shape.size()];
      join(
          shape,
          axis,
          parts,
          (part, from, to, count) ->
              System.arraycopy(((Constant.Integers) part).values(), from, joined, to, count));
      return new Constant.Integers(shape, joined);
    }
    float[] joined = new float[shape.size()];
    join(
        shape,
        axis,
        parts,
        (part, from, to, count) -> ((Constant.Reals) part).values().copy(from, joined, to, count));
    return new Constant.Reals(Parameter.of(shape, joined));
  }

  @FunctionalInterface
  private interface Copy {
    void of(Constant part, int from, int to, int count);
  }

  private static void join(Shape shape, int axis, List<Constant> parts, Copy copy) {
    int inner = 1;
    for (int i = axis + 1; i < shape.rank(); i++) inner *= shape.extent(i);
    int row = shape.extent(axis) * inner;
    int start = 0;
    for (Constant part : parts) {
      int count = part.shape().extent(axis) * inner;
      for (int from = 0, to = start; from < part.shape().size(); from += count, to += row) {
        copy.of(part, from, to, count);
      }
      start += count;
    }
  }

  private static Constant reshape(OnnxCall call, Shape shape) throws FormatException {
    return call.constant(0).reshape(shape);
  }

  private static Constant transpose(OnnxCall call) throws FormatException {
    Constant data = call.constant(0);
    int[] permutation = OnnxShapes.permutation(call, data.shape());
    int[] strides = strides(data.shape());
    long[] extents = new long[permutation.length];
    int[] stepped = new int[permutation.length];
    for (int axis = 0; axis < permutation.length; axis++) {
      extents[axis] = data.shape().extent(permutation[axis]);
      stepped[axis] = strides[permutation[axis]];
    }
    Shape shape = call.shapeOf(extents);
    return pick(call, data, shape, new Walk(shape, 0, stepped));
  }

  private static Constant slice(OnnxCall call) throws FormatException {
    Constant data = call.constant(0);
    OnnxSlice slice = OnnxSlice.read(call, data.shape());
    Shape shape = Shape.of(slice.lengths());
    int[] strides = strides(data.shape());
    int start = 0;
    for (int axis = 0; axis < strides.length; axis++) {
      start += slice.starts()[axis] * strides[axis];
      strides[axis] *= slice.steps()[axis];
    }
    return pick(call, data, shape, new Walk(shape, start, strides));
  }

  private static Constant cast(OnnxCall call) throws FormatException {
    Constant data = call.constant(0);
    OnnxType to = castType(call);
    Shape shape = data.shape();
    call.allocate((long) Long.BYTES * shape.size());
    return switch (data) {
      case Constant.Reals reals when to.isReal() -> reals;
      case Constant.Reals reals -> {
        long[] integers = new long[shape.size()];
        for (int i = 0; i < integers.length; i++) {
          float value = reals.values().get(i);
          integers[i] = to == OnnxType.BOOL ? (value == 0 ? 0 : 1) : to.integer((long) value);
        }
        yield new Constant.Integers(shape, integers);
      }
      case Constant.Integers integers when to.isReal() -> {
        float[] values = new float[shape.size()];
        for (int i = 0; i < values.length; i++) values[i] = integers.values()[i];
        yield new Constant.Reals(Parameter.of(shape, values));
      }
      case Constant.Integers integers ->
          new Constant.Integers(shape, Arrays.stream(integers.values()).map(to::integer).toArray());
    };
  }

  /** Returns the element type that a Cast node asks for. */
  static OnnxType castType(OnnxCall call) throws FormatException {
    call.ignore("saturate");
    long number = call.integer("to", 0);
    OnnxType type = number == (int) number ? OnnxType.of((int) number) : null;
    if (type == null) throw call.error("cast to element type " + number + " is not supported");
    return type;
  }

  private static Constant arithmetic(OnnxCall call) throws FormatException {
    Constant a = call.constant(0);
    Constant b = call.constant(1);
    Shape shape = broadcast(call, a.shape(), b.shape());
    call.allocate((long) a.elementSize() * shape.size());
    var fromA = new Walk(shape, 0, spread(a.shape(), shape));
    var fromB = new Walk(shape, 0, spread(b.shape(), shape));
    String operator = call.operator();
    if (a instanceof Constant.Integers(Shape _, long[] x)
        && b instanceof Constant.Integers(Shape _, long[] y)) {
      long[] result = new long[shape.size()];
      for (int i = 0; i < result.length; i++) {
        result[i] = apply(operator, x[fromA.getAsInt()], y[fromB.getAsInt()]);
      }
      return new Constant.Integers(shape, result);
    }
    if (a instanceof Constant.Reals(Parameter x) && b instanceof Constant.Reals(Parameter y)) {
      float[] result = new float[shape.size()];
      for (int i = 0; i < result.length; i++) {
        result[i] = apply(operator, x.get(fromA.getAsInt()), y.get(fromB.getAsInt()));
      }
      return new Constant.Reals(Parameter.of(shape, result));
    }
    throw call.error("one input holds integers and the other does not", "two of the same type");
  }

  private static long apply(String operator, long a, long b) {
    return switch (operator) {
      case "Add" -> a + b;
      case "Sub" -> a - b;
      case "Mul" -> a * b;
      default -> a / b;
    };
  }

  private static float apply(String operator, float a, float b) {
    return switch (operator) {
      case "Add" -> a + b;
      case "Sub" -> a - b;
      case "Mul" -> a * b;
      default -> a / b;
    };
  }

  private static Shape broadcast(OnnxCall call, Shape a, Shape b) throws FormatException {
    long[] extents = new long[Math.max(a.rank(), b.rank())];
    for (int i = 1; i <= extents.length; i++) {
      int x = i > a.rank() ? 1 : a.extent(-i);
      int y = i > b.rank() ? 1 : b.extent(-i);
      if (x != y && x != 1 && y != 1) throw call.error("inputs are " + a + " and " + b);
      extents[extents.length - i] = x == 1 ? y : x;
    }
    return call.shapeOf(extents);
  }

  /** Distances in row-major order between neighbours along each axis of {@code to}. */
  private static int[] spread(Shape shape, Shape to) {
    int[] strides = strides(shape);
    int[] spread = new int[to.rank()];
    for (int i = 1; i <= shape.rank(); i++) {
      if (shape.extent(-i) != 1) spread[spread.length - i] = strides[strides.length - i];
    }
    return spread;
  }

  private static int[] strides(Shape shape) {
    int[] strides = new int[shape.rank()];
    for (int axis = strides.length - 1, stride = 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape.extent(axis);
    }
    return strides;
  }

  private static Constant pick(OnnxCall call, Constant from, Shape to, IntSupplier source)
      throws FormatException {
    call.allocate((long) from.elementSize() * to.size());
    return from.pick(to, source);
  }

  /** Positions of elements that lie evenly spaced along every axis, in row-major order. */
  private static final class Walk implements IntSupplier {
    private final int[] extents;
    private final int[] strides;
    private final int[] index;
    private int at;

    /**
     * Starts a walk.
     *
     * @param shape how many elements there are along each axis
     * @param start where the first one lies
     * @param strides distance between neighbours along each axis; kept, and written to
     */
    Walk(Shape shape, int start, int[] strides) {
      int rank = 0;
      int[] walked = new int[shape.rank()];
      for (int axis = 0; axis < walked.length; axis++) {
        if (shape.extent(axis) == 1) continue;
        walked[rank] = shape.extent(axis);
        strides[rank++] = strides[axis];
      }
      this.extents = walked;
      this.strides = strides;
      this.index = new int[rank];
      this.at = start;
    }

    @Override
    public int getAsInt() {
      int here = at;
      for (int axis = index.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++index[axis] < extents[axis]) break;
        at -= extents[axis] * strides[axis];
        index[axis] = 0;
      }
      return here;
    }
  }
}
