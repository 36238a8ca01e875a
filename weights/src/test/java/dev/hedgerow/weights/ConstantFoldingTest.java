package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.header;
import static dev.hedgerow.weights.OnnxProto.integer;
import static dev.hedgerow.weights.OnnxProto.integers;
import static dev.hedgerow.weights.OnnxProto.real;
import static dev.hedgerow.weights.OnnxTests.assertCounted;
import static dev.hedgerow.weights.OnnxTests.assertMapped;
import static dev.hedgerow.weights.OnnxTests.assertRefused;
import static dev.hedgerow.weights.OnnxTests.count;
import static dev.hedgerow.weights.OnnxWriter.longTensor;
import static dev.hedgerow.weights.OnnxWriter.rawFloats;
import static dev.hedgerow.weights.OnnxWriter.reals;
import static dev.hedgerow.weights.OnnxWriter.tensor;
import static dev.hedgerow.weights.OnnxWriter.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Graph;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What is computed while a model is read, against numbers worked out by hand. */
class ConstantFoldingTest {
  /** Checks a constant "c" that nodes make: added, as floats, to zeros, and so its shape. */
  private static void assertConstant(
      long opset, UnaryOperator<OnnxWriter> nodes, Shape shape, float... expected)
      throws FormatException {
    OnnxWriter values =
        nodes
            .apply(OnnxWriter.opset(opset, 1, expected.length))
            .longs("all", -1)
            .node("Reshape", "c all", "flat")
            .node("Cast", "flat", "f", integer("to", 1))
            .node("Add", "x f", "y");
    assertMapped(values, new float[expected.length], Shape.of(1, expected.length), expected);
    int rank = shape.rank();
    if (rank == 0) return;
    OnnxWriter extents =
        nodes
            .apply(OnnxWriter.opset(opset, 1, rank))
            .node("Shape", "c", "extents")
            .node("Cast", "extents", "f", integer("to", 1))
            .node("Add", "x f", "y");
    float[] stated = new float[rank];
    for (int axis = 0; axis < rank; axis++) stated[axis] = shape.extent(axis);
    assertMapped(extents, new float[rank], Shape.of(1, rank), stated);
  }

  private static void assertConstant(
      UnaryOperator<OnnxWriter> nodes, Shape shape, float... expected) throws FormatException {
    assertConstant(13, nodes, shape, expected);
  }

  /** Checks the error that a node on the integers 0 ... 5 in two rows, "a", gives. */
  private static void assertNodeRefused(
      String message, String operator, String inputs, ProtobufWriter... attributes) {
    assertRefused(
        message,
        matrix(OnnxWriter.of(1, 1))
            .node(operator, inputs, "c", attributes)
            .node("Reshape", "x c", "y"));
  }

  /** Adds "a", the integers 0 ... 5 in two rows. */
  private static OnnxWriter matrix(OnnxWriter model) {
    return model.tensor(longTensor("a", Shape.of(2, 3), 0, 1, 2, 3, 4, 5));
  }

  /** Adds "r", the floats 0 ... 5 in two rows. */
  private static OnnxWriter reals6(OnnxWriter model) {
    return model.floats("r", Shape.of(2, 3), count(6));
  }

  @Test
  void constant() throws Exception {
    assertConstant(
        m -> m.node("Constant", "", "c", tensor("value", rawFloats("", Shape.of(2), 3, 4))),
        Shape.of(2),
        3,
        4);
    assertConstant(m -> m.node("Constant", "", "c", real("value_float", 2.5f)), Shape.of(), 2.5f);
    assertConstant(m -> m.node("Constant", "", "c", integer("value_int", 7)), Shape.of(), 7);
    assertConstant(
        m -> m.node("Constant", "", "c", reals("value_floats", 1, 2)), Shape.of(2), 1, 2);
    assertConstant(
        m -> m.node("Constant", "", "c", integers("value_ints", 3, 4, 5)), Shape.of(3), 3, 4, 5);
    assertNodeRefused(
        "node \"c\" (Constant): it has no value that is a number, expected a tensor, float or int",
        "Constant",
        "",
        text("value_string", "four"));
  }

  @Test
  void constantOfShape() throws Exception {
    assertConstant(
        m ->
            m.longs("s", 2, 3)
                .node("ConstantOfShape", "s", "c", tensor("value", longTensor("", Shape.of(1), 7))),
        Shape.of(2, 3),
        7,
        7,
        7,
        7,
        7,
        7);
    assertConstant(m -> m.longs("s", 2).node("ConstantOfShape", "s", "c"), Shape.of(2), 0, 0);
    assertRefused(
        "node \"c\" (ConstantOfShape) needs far more memory than the 107 bytes of the file",
        OnnxWriter.of(1, 1)
            .longs("s", 1_000_000_000)
            .node("ConstantOfShape", "s", "c")
            .node("Add", "x c", "y"));
    assertRefused(
        "node \"c\" (ConstantOfShape): shape [65536, 65536] has more than 2^31-1 elements",
        OnnxWriter.of(1, 1)
            .longs("s", 65_536, 65_536)
            .node("ConstantOfShape", "s", "c")
            .node("Add", "x c", "y"));
    assertRefused(
        "node \"c\" (ConstantOfShape): a tensor of shape [-1]",
        OnnxWriter.of(1, 1)
            .longs("s", -1)
            .node("ConstantOfShape", "s", "c")
            .node("Add", "x c", "y"));
  }

  @Test
  void shape() throws Exception {
    assertConstant(m -> matrix(m).node("Shape", "a", "c"), Shape.of(2), 2, 3);
    assertConstant(15, m -> matrix(m).node("Shape", "a", "c", integer("start", 1)), Shape.of(1), 3);
    assertConstant(
        15,
        m -> matrix(m).node("Shape", "a", "c", integer("start", -9), integer("end", -1)),
        Shape.of(1),
        2);
    assertNodeRefused(
        "node \"c\" (Shape): attribute \"start\" is not supported",
        "Shape",
        "a",
        integer("start", 1));
  }

  @Test
  void shapeOfActivationsHasABatchOfOne() throws Exception {
    // What PyTorch writes for x.view(x.size(0), -1).
    OnnxWriter model =
        OnnxWriter.of(0, 2, 1, 3)
            .node("Shape", "x", "shape")
            .node("Constant", "", "zero", integer("value_int", 0))
            .node("Gather", "shape zero", "n", integer("axis", 0))
            .longs("axes", 0)
            .node("Unsqueeze", "n axes", "list")
            .longs("open", -1)
            .node("Concat", "list open", "to", integer("axis", 0))
            .node("Reshape", "x to", "y");
    assertCounted(model, Shape.of(1, 6), count(6));
  }

  @Test
  void gather() throws Exception {
    assertConstant(
        m -> matrix(m).longs("i", 1, -2).node("Gather", "a i", "c"),
        Shape.of(2, 3),
        3,
        4,
        5,
        0,
        1,
        2);
    assertConstant(
        m ->
            reals6(m)
                .tensor(longTensor("i", Shape.of(1, 2), 2, 0))
                .node("Gather", "r i", "c", integer("axis", 1)),
        Shape.of(2, 1, 2),
        2,
        0,
        5,
        3);
    assertConstant(
        m ->
            matrix(m)
                .tensor(longTensor("i", Shape.of(), -1))
                .node("Gather", "a i", "c", integer("axis", -1)),
        Shape.of(2),
        2,
        5);
    assertRefused(
        "node \"c\" (Gather): index 3 into axis 1 of [2, 3]",
        matrix(OnnxWriter.of(1, 1))
            .longs("i", 3)
            .node("Gather", "a i", "c", integer("axis", 1))
            .node("Reshape", "x c", "y"));
    assertRefused(
        "node \"c\" (Gather): indices are no integers",
        reals6(OnnxWriter.of(1, 1)).node("Gather", "r r", "c").node("Reshape", "x c", "y"));
  }

  @Test
  void concat() throws Exception {
    assertConstant(
        m -> matrix(m).node("Concat", "a a", "c", integer("axis", 0)),
        Shape.of(4, 3),
        0,
        1,
        2,
        3,
        4,
        5,
        0,
        1,
        2,
        3,
        4,
        5);
    assertConstant(
        m ->
            reals6(m)
                .floats("s", Shape.of(2, 1), 8, 9)
                .floats("none", Shape.of(2, 0))
                .node("Concat", "s none r", "c", integer("axis", -1)),
        Shape.of(2, 4),
        8,
        0,
        1,
        2,
        9,
        3,
        4,
        5);
    assertRefused(
        "node \"c\" (Concat): inputs are [2, 3] and [2], expected the same but along axis 0",
        matrix(OnnxWriter.of(1, 1))
            .longs("i", 3, 4)
            .node("Concat", "a i", "c", integer("axis", 0))
            .node("Reshape", "x c", "y"));
    assertRefused(
        "node \"c\" (Concat): inputs are [2, 3] and [2, 3], expected the same but along axis 0",
        reals6(matrix(OnnxWriter.of(1, 1)))
            .node("Concat", "a r", "c", integer("axis", 0))
            .node("Reshape", "x c", "y"));
    assertNodeRefused("node \"c\" (Concat): it has no inputs", "Concat", "");
  }

  @Test
  void rearranged() throws Exception {
    assertConstant(m -> matrix(m).node("Identity", "a", "c"), Shape.of(2, 3), count(6));
    assertConstant(
        m -> matrix(m).longs("to", 3, -1).node("Reshape", "a to", "c"), Shape.of(3, 2), count(6));
    assertConstant(m -> matrix(m).node("Flatten", "a", "c"), Shape.of(2, 3), count(6));
    assertConstant(
        m -> matrix(m).node("Flatten", "a", "c", integer("axis", 2)), Shape.of(6, 1), count(6));
    assertConstant(m -> reals6(m).node("Transpose", "r", "c"), Shape.of(3, 2), 0, 3, 1, 4, 2, 5);
    assertConstant(
        m -> matrix(m).node("Transpose", "a", "c", integers("perm", 1, 0)),
        Shape.of(3, 2),
        0,
        3,
        1,
        4,
        2,
        5);
    assertConstant(
        m -> matrix(m).longs("axes", 0, -1).node("Unsqueeze", "a axes", "c"),
        Shape.of(1, 2, 3, 1),
        count(6));
    assertConstant(
        m -> m.tensor(longTensor("a", Shape.of(1, 2, 1), 8, 9)).node("Squeeze", "a", "c"),
        Shape.of(2),
        8,
        9);
    assertConstant(
        m ->
            m.tensor(longTensor("a", Shape.of(1, 2, 1), 8, 9))
                .longs("axes", 0)
                .node("Squeeze", "a axes", "c"),
        Shape.of(2, 1),
        8,
        9);
  }

  @Test
  void transposeOfThreeAxes() throws Exception {
    assertConstant(
        m ->
            m.floats("r", Shape.of(2, 3, 2), count(12))
                .node("Transpose", "r", "c", integers("perm", 2, 0, 1)),
        Shape.of(2, 2, 3),
        0,
        2,
        4,
        6,
        8,
        10,
        1,
        3,
        5,
        7,
        9,
        11);
  }

  private static UnaryOperator<OnnxWriter> slice(long start, long end, long axis, long step) {
    return m ->
        matrix(m)
            .longs("starts", start)
            .longs("ends", end)
            .longs("axes", axis)
            .longs("steps", step)
            .node("Slice", "a starts ends axes steps", "c");
  }

  @Test
  void slice() throws Exception {
    assertConstant(slice(1, 3, 1, 1), Shape.of(2, 2), 1, 2, 4, 5);
    assertConstant(slice(0, Long.MAX_VALUE, 1, 2), Shape.of(2, 2), 0, 2, 3, 5);
    assertConstant(slice(-1, Long.MIN_VALUE, 0, -1), Shape.of(2, 3), 3, 4, 5, 0, 1, 2);
    assertConstant(slice(Long.MAX_VALUE, 0, 1, -2), Shape.of(2, 1), 2, 5);
    assertConstant(slice(Long.MAX_VALUE, -4, 1, -2), Shape.of(2, 2), 2, 0, 5, 3);
    assertConstant(slice(0, Long.MAX_VALUE, 1, Long.MAX_VALUE), Shape.of(2, 1), 0, 3);
    assertConstant(slice(2, Long.MIN_VALUE, 1, Long.MIN_VALUE), Shape.of(2, 1), 2, 5);
    assertConstant(
        9,
        m -> matrix(m).node("Slice", "a", "c", integers("starts", 1), integers("ends", 2)),
        Shape.of(1, 3),
        3,
        4,
        5);
  }

  @Test
  void cast() throws Exception {
    UnaryOperator<OnnxWriter> numbers = m -> m.floats("r", Shape.of(3), -1.75f, 0, 300);
    assertConstant(
        m -> numbers.apply(m).node("Cast", "r", "c", integer("to", 7)), Shape.of(3), -1, 0, 300);
    assertConstant(
        m -> numbers.apply(m).node("Cast", "r", "c", integer("to", 2)), Shape.of(3), 255, 0, 44);
    assertConstant(
        m -> numbers.apply(m).node("Cast", "r", "c", integer("to", 9)), Shape.of(3), 1, 0, 1);
    assertConstant(
        m -> numbers.apply(m).node("Cast", "r", "c", integer("to", 11)),
        Shape.of(3),
        -1.75f,
        0,
        300);
    assertConstant(
        m -> m.longs("i", 300, -1).node("Cast", "i", "c", integer("to", 3)), Shape.of(2), 44, -1);
    int[] types = {2, 3, 4, 5, 6, 7, 9, 12, 13};
    float[] casts = {0x80, -0x80, 0x8080, -0x7f80, 0x1_8080, 0x1_8080, 1, 0x1_8080, 0x1_8080};
    for (int i = 0; i < types.length; i++) {
      ProtobufWriter to = integer("to", types[i]);
      assertConstant(
          m -> m.longs("i", 0x1_8080L).node("Cast", "i", "c", to), Shape.of(1), casts[i]);
    }
    assertNodeRefused(
        "node \"c\" (Cast): cast to element type 8 is not supported",
        "Cast",
        "a",
        integer("to", 8));
  }

  @Test
  void integerArithmetic() throws Exception {
    UnaryOperator<OnnxWriter> numbers = m -> m.longs("a", 7, -7).longs("b", 2);
    assertConstant(m -> numbers.apply(m).node("Add", "a b", "c"), Shape.of(2), 9, -5);
    assertConstant(m -> numbers.apply(m).node("Sub", "a b", "c"), Shape.of(2), 5, -9);
    assertConstant(m -> numbers.apply(m).node("Sub", "b a", "c"), Shape.of(2), -5, 9);
    assertConstant(m -> numbers.apply(m).node("Mul", "a b", "c"), Shape.of(2), 14, -14);
    assertConstant(m -> numbers.apply(m).node("Div", "a b", "c"), Shape.of(2), 3, -3);
    assertRefused(
        "node \"c\" (Div): / by zero",
        OnnxWriter.of(1, 1)
            .longs("a", 7)
            .longs("b", 0)
            .node("Div", "a b", "c")
            .node("Reshape", "x c", "y"));
  }

  @Test
  void realArithmeticSpreads() throws Exception {
    UnaryOperator<OnnxWriter> numbers =
        m -> reals6(m).floats("s", Shape.of(2, 1), 10, 20).floats("t", Shape.of(3), 1, 2, 4);
    assertConstant(
        m -> numbers.apply(m).node("Add", "r s", "c"), Shape.of(2, 3), 10, 11, 12, 23, 24, 25);
    assertConstant(
        m -> numbers.apply(m).node("Div", "s t", "c"), Shape.of(2, 3), 10, 5, 2.5f, 20, 10, 5);
    assertConstant(
        m -> numbers.apply(m).node("Mul", "t r", "c"), Shape.of(2, 3), 0, 2, 8, 3, 8, 20);
    assertConstant(
        m -> numbers.apply(m).node("Sub", "t r", "c"), Shape.of(2, 3), 1, 1, 2, -2, -2, -1);
    assertRefused(
        "node \"c\" (Add): inputs are [2, 3] and [2]",
        reals6(OnnxWriter.of(1, 1))
            .floats("s", Shape.of(2), 1, 2)
            .node("Add", "r s", "c")
            .node("Reshape", "x c", "y"));
    assertRefused(
        "node \"c\" (Add): one input holds integers and the other does not, expected two of the"
            + " same type",
        reals6(matrix(OnnxWriter.of(1, 1))).node("Add", "r a", "c").node("Reshape", "x c", "y"));
  }

  @Test
  void weightsMayBeComputed() throws Exception {
    OnnxWriter model =
        OnnxWriter.of(1, 3)
            .tensor(
                header("h", Shape.of(2, 3), 10)
                    .packedVarints(5, 0x3c00, 0x4000, 0x4200, 0, 0, 0x3c00))
            .node("Cast", "h", "w", integer("to", 1))
            .node("Transpose", "w", "t", integers("perm", 1, 0))
            .node("MatMul", "x t", "y");
    assertCounted(model, Shape.of(1, 2), 8, 2);
  }

  @Test
  void padWidthsAsPyTorchWritesThem() throws Exception {
    // F.pad(x, (0, 0, 0, 0, 1, 2)): widths from the last axis on, turned round by the exporter.
    OnnxWriter model =
        OnnxWriter.of(0, 1, 1, 2)
            .node(
                "Constant",
                "",
                "given",
                tensor("value", longTensor("", Shape.of(6), 0, 0, 0, 0, 1, 2)))
            .node("Constant", "", "more", tensor("value", longTensor("", Shape.of(1), 2)))
            .node(
                "ConstantOfShape", "more", "zeros", tensor("value", longTensor("", Shape.of(1), 0)))
            .node("Concat", "given zeros", "all", integer("axis", 0))
            .longs("pairs", -1, 2)
            .node("Reshape", "all pairs", "table")
            .longs("start", -1)
            .longs("end", -Long.MAX_VALUE)
            .longs("axis", 0)
            .longs("step", -1)
            .node("Slice", "table start end axis step", "reversed")
            .node("Transpose", "reversed", "turned", integers("perm", 1, 0))
            .longs("flat", -1)
            .node("Reshape", "turned flat", "list")
            .node("Cast", "list", "pads", integer("to", 7))
            .node("Pad", "x pads -", "y", text("mode", "constant"));
    assertMapped(model, new float[] {5, 6}, Shape.of(1, 4, 1, 2), 0, 0, 5, 6, 0, 0, 0, 0);
    Graph graph = model.read().graph();
    assertEquals(2, graph.nodes().size());
  }
}
