package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.integer;
import static dev.hedgerow.weights.OnnxProto.integers;
import static dev.hedgerow.weights.OnnxProto.real;
import static dev.hedgerow.weights.OnnxTests.assertCounted;
import static dev.hedgerow.weights.OnnxTests.assertMapped;
import static dev.hedgerow.weights.OnnxTests.assertRefused;
import static dev.hedgerow.weights.OnnxTests.count;
import static dev.hedgerow.weights.OnnxWriter.longTensor;
import static dev.hedgerow.weights.OnnxWriter.tensor;
import static dev.hedgerow.weights.OnnxWriter.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Softmax;
import dev.hedgerow.nn.layer.Subtract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Every operator that becomes layers, in every form, against numbers worked out by hand. */
class OnnxOperatorsTest {
  private static final float[] SIGNED = {-2, -0.5f, 0, 0.5f, 2, 7};

  /** A model of one node on [1, 2, 1, 3]. */
  private static OnnxWriter small(long opset, String operator, ProtobufWriter... attributes) {
    return OnnxWriter.opset(opset, 1, 2, 1, 3).node(operator, "x", "y", attributes);
  }

  /** A model of one node on [1, 1, height, width]. */
  private static OnnxWriter plane(
      int height, int width, String operator, ProtobufWriter... attributes) {
    return OnnxWriter.of(1, 1, height, width).node(operator, "x", "y", attributes);
  }

  @Nested
  class Elementwise {
    private static final Shape SHAPE = Shape.of(1, 2, 1, 3);

    @Test
    void relu() throws Exception {
      assertMapped(small(7, "Relu"), SIGNED, SHAPE, 0, 0, 0, 0.5f, 2, 7);
    }

    @Test
    void leakyRelu() throws Exception {
      assertMapped(small(7, "LeakyRelu"), SIGNED, SHAPE, -0.02f, -0.005f, 0, 0.5f, 2, 7);
      assertMapped(
          small(7, "LeakyRelu", real("alpha", 0.5f)), SIGNED, SHAPE, -1, -0.25f, 0, 0.5f, 2, 7);
    }

    @Test
    void sigmoid() throws Exception {
      assertMapped(
          small(7, "Sigmoid"),
          SIGNED,
          SHAPE,
          0.11920292f,
          0.37754067f,
          0.5f,
          0.62245933f,
          0.88079708f,
          0.99908895f);
    }

    @Test
    void hardSwish() throws Exception {
      assertMapped(
          small(14, "HardSwish"), SIGNED, SHAPE, -1 / 3f, -1.25f / 6, 0, 1.75f / 6, 10 / 6f, 7);
    }

    @Test
    void identityAndDropout() throws Exception {
      assertMapped(small(7, "Identity"), SIGNED, SHAPE, SIGNED);
      assertMapped(small(7, "Dropout", real("ratio", 0.3f)), SIGNED, SHAPE, SIGNED);
      assertMapped(
          OnnxWriter.opset(12, 1, 2, 1, 3)
              .floats("ratio", Shape.of(), 0.3f)
              .tensor(OnnxProto.header("mode", Shape.of(), 9).packedVarints(5, 0))
              .node("Dropout", "x ratio mode", "y", integer("seed", 3)),
          SIGNED,
          SHAPE,
          SIGNED);
    }

    @Test
    void dropoutInTrainingModeIsRefused() {
      assertRefused(
          "node \"y\" (Dropout): it is in training mode, expected inference",
          OnnxWriter.opset(12, 1, 2, 1, 3)
              .tensor(OnnxProto.header("mode", Shape.of(), 9).packedVarints(5, 1))
              .node("Dropout", "x - mode", "y"));
    }

    @Test
    void secondOutputsAreRefusedIfTheyAreUsed() throws Exception {
      OnnxWriter unused = OnnxWriter.opset(7, 1, 2, 1, 3).node("drop", "Dropout", "x", "y mask");
      assertMapped(unused, SIGNED, SHAPE, SIGNED);
      assertRefused(
          "node \"drop\" (Dropout): output \"mask\" is read by node \"y\" (Mul), expected only the"
              + " first output of a node in use",
          OnnxWriter.opset(7, 1, 2, 1, 3)
              .node("drop", "Dropout", "x", "z mask")
              .node("Mul", "z mask", "y"));
      assertRefused(
          "node \"drop\" (Dropout): output \"y\" is the graph's output, expected only the first"
              + " output of a node in use",
          OnnxWriter.opset(7, 1, 2, 1, 3).node("drop", "Dropout", "x", "z y"));
    }

    @Test
    void clipTakesAttributesUntilOperatorSet10() throws Exception {
      assertMapped(
          small(10, "Clip", real("min", -1), real("max", 6)),
          SIGNED,
          SHAPE,
          -1,
          -0.5f,
          0,
          0.5f,
          2,
          6);
      assertMapped(small(7, "Clip", real("min", 0)), SIGNED, SHAPE, 0, 0, 0, 0.5f, 2, 7);
      assertRefused(
          "node \"y\" (Clip): attribute \"min\" is not supported",
          small(11, "Clip", real("min", 0)));
    }

    @Test
    void clipTakesInputsSinceOperatorSet11() throws Exception {
      OnnxWriter both =
          OnnxWriter.opset(11, 1, 2, 1, 3)
              .floats("low", Shape.of(), -1)
              .floats("high", Shape.of(1), 6)
              .node("Clip", "x low high", "y");
      assertMapped(both, SIGNED, SHAPE, -1, -0.5f, 0, 0.5f, 2, 6);
      OnnxWriter high =
          OnnxWriter.opset(13, 1, 2, 1, 3)
              .floats("high", Shape.of(), 1)
              .node("Clip", "x - high", "y");
      assertMapped(high, SIGNED, SHAPE, -2, -0.5f, 0, 0.5f, 1, 1);
      assertMapped(small(13, "Clip"), SIGNED, SHAPE, SIGNED);
    }

    @Test
    void clipRefusesWhatIsNoRange() {
      assertRefused(
          "node \"y\" (Clip): it clips to 2.0 ... 1.0",
          small(7, "Clip", real("min", 2), real("max", 1)));
      assertRefused(
          "node \"y\" (Clip): input \"low\" is [2], expected one number",
          OnnxWriter.of(1, 2, 1, 3).floats("low", Shape.of(2), 0, 0).node("Clip", "x low", "y"));
    }

    @Test
    void castsBetweenFloatingPointTypesChangeNothing() throws Exception {
      for (int type : new int[] {1, 10, 11, 16}) {
        assertMapped(small(13, "Cast", integer("to", type)), SIGNED, SHAPE, SIGNED);
      }
      assertMapped(
          small(19, "Cast", integer("to", 1), integer("saturate", 1)), SIGNED, SHAPE, SIGNED);
      assertRefused(
          "node \"y\" (Cast): it casts activations to INT64, expected a floating-point type",
          small(13, "Cast", integer("to", 7)));
      assertRefused(
          "node \"y\" (Cast): cast to element type 8 is not supported",
          small(13, "Cast", integer("to", 8)));
    }
  }

  @Nested
  class Arithmetic {
    private static final Shape SHAPE = Shape.of(1, 2, 1, 3);

    private static OnnxWriter withConstant(
        String operator, String inputs, Shape shape, float... values) {
      return OnnxWriter.of(1, 2, 1, 3).floats("c", shape, values).node(operator, inputs, "y");
    }

    @Test
    void ofTwoActivations() throws Exception {
      OnnxWriter add = OnnxWriter.of(1, 2, 1, 3).node("Relu", "x", "r").node("Add", "x r", "y");
      assertMapped(add, SIGNED, SHAPE, -2, -0.5f, 0, 1, 4, 14);
      OnnxWriter subtract =
          OnnxWriter.of(1, 2, 1, 3).node("Relu", "x", "r").node("Sub", "x r", "y");
      assertMapped(subtract, SIGNED, SHAPE, -2, -0.5f, 0, 0, 0, 0);
      assertInstanceOf(Subtract.class, subtract.read().graph().output().layer());
      OnnxWriter multiply =
          OnnxWriter.of(1, 2, 1, 3).node("Relu", "x", "r").node("Mul", "x r", "y");
      assertMapped(multiply, SIGNED, SHAPE, 0, 0, 0, 0.25f, 4, 49);
      OnnxWriter same = OnnxWriter.of(1, 2, 1, 3).node("Mul", "x x", "y");
      assertCounted(same, SHAPE, 0, 1, 4, 9, 16, 25);
    }

    @Test
    void multiplyByOneFactorForEachChannel() throws Exception {
      for (String inputs : new String[] {"x mean", "mean x"}) {
        OnnxWriter model =
            OnnxWriter.of(1, 2, 1, 3)
                .node("GlobalAveragePool", "x", "mean")
                .node("Mul", inputs, "y");
        assertCounted(model, SHAPE, 0, 1, 2, 12, 16, 20);
      }
    }

    @Test
    void sumOfSeveral() throws Exception {
      OnnxWriter three = OnnxWriter.of(1, 2, 1, 3).node("Relu", "x", "r").node("Sum", "x r x", "y");
      assertMapped(three, SIGNED, SHAPE, -4, -1, 0, 1.5f, 6, 21);
      assertMapped(small(8, "Sum"), SIGNED, SHAPE, SIGNED);
      OnnxWriter withConstant =
          OnnxWriter.of(1, 2, 1, 3)
              .floats("c", Shape.of(2, 1, 1), 10, 20)
              .node("Sum", "x c x", "y");
      assertCounted(withConstant, SHAPE, 10, 12, 14, 26, 28, 30);
      assertRefused(
          "node \"y\" (Sum): 2 inputs are constants, expected at most one",
          withConstant("Sum", "c x c", Shape.of(), 1));
    }

    @Test
    void withConstants() throws Exception {
      for (String inputs : new String[] {"x c", "c x"}) {
        assertCounted(withConstant("Add", inputs, Shape.of(), 5), SHAPE, 5, 6, 7, 8, 9, 10);
        assertCounted(
            withConstant("Mul", inputs, Shape.of(1, 2, 1, 1), 2, 3), SHAPE, 0, 2, 4, 9, 12, 15);
      }
      assertCounted(
          withConstant("Add", "x c", Shape.of(3), 10, 20, 30), SHAPE, 10, 21, 32, 13, 24, 35);
      assertCounted(
          withConstant("Add", "x c", Shape.of(1, 2, 1, 3), 1, 1, 1, 2, 2, 2),
          SHAPE,
          1,
          2,
          3,
          5,
          6,
          7);
      assertCounted(withConstant("Sub", "x c", Shape.of(1), 5), SHAPE, -5, -4, -3, -2, -1, 0);
      assertCounted(withConstant("Sub", "c x", Shape.of(1), 5), SHAPE, 5, 4, 3, 2, 1, 0);
      assertCounted(
          withConstant("Div", "x c", Shape.of(2, 1, 1), 2, 4), SHAPE, 0, 0.5f, 1, 0.75f, 1, 1.25f);
    }

    @Test
    void withConstantsThatDoNotFitIsRefused() {
      assertRefused(
          "node \"y\" (Add): affine: input is [1, 2, 1, 3] but shift [2] does not spread over it",
          withConstant("Add", "x c", Shape.of(2), 1, 2));
      assertRefused(
          "node \"y\" (Mul): affine: input is [1, 2, 1, 3] but scale [2, 1, 1, 1] does not spread"
              + " over it",
          withConstant("Mul", "x c", Shape.of(2, 1, 1, 1), 1, 2));
      assertRefused(
          "node \"y\" (Div): input \"c\" is a constant, expected one that depends on the network's"
              + " input",
          OnnxWriter.of(1, 2, 1, 3)
              .floats("c", Shape.of(), 1)
              .floats("d", Shape.of(), 1)
              .node("Div", "c x", "y"));
      assertRefused(
          "node \"y\" (Div): it divides by 0", withConstant("Div", "x c", Shape.of(2, 1, 1), 1, 0));
      assertRefused(
          "node \"y\" (Div): input \"x\" depends on the network's input, expected a constant",
          OnnxWriter.of(1, 2, 1, 3).node("Div", "x x", "y"));
      assertRefused(
          "node \"y\" (Add): input \"c\" holds integers, expected floating-point numbers",
          OnnxWriter.of(1, 2, 1, 3).longs("c", 1).node("Add", "x c", "y"));
      assertRefused(
          "node \"y\" (Mul): input 2 is missing",
          OnnxWriter.of(1, 2, 1, 3).node("Mul", "x -", "y"));
    }

    @Test
    void ofActivationsThatDoNotFitIsRefused() {
      OnnxWriter pooled = OnnxWriter.of(1, 2, 1, 3).node("GlobalAveragePool", "x", "mean");
      assertRefused(
          "node \"y\" (Add): add: inputs are [1, 2, 1, 3] and [1, 2, 1, 1], expected the same"
              + " shape",
          pooled.node("Add", "x mean", "y"));
    }
  }

  @Nested
  class Convolution {
    private static final float[] CROSS = {0, 1, 0, 1, 1, 1, 0, 1, 0};

    /** A 3x3 plane and a cross of ones. */
    private static OnnxWriter cross(ProtobufWriter... attributes) {
      return OnnxWriter.of(1, 1, 3, 3)
          .floats("w", Shape.of(1, 1, 3, 3), CROSS)
          .node("Conv", "x w", "y", attributes);
    }

    @Test
    void plain() throws Exception {
      assertCounted(cross(), Shape.of(1, 1, 1, 1), 1 + 3 + 4 + 5 + 7);
      assertCounted(
          cross(integers("kernel_shape", 3, 3), integer("group", 1)), Shape.of(1, 1, 1, 1), 20);
    }

    @Test
    void withBias() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(1, 1, 1, 2)
              .floats("w", Shape.of(2, 1, 1, 1), 2, 3)
              .floats("b", Shape.of(2), 10, 20)
              .node("Conv", "x w b", "y");
      assertCounted(model, Shape.of(1, 2, 1, 2), 10, 12, 20, 23);
    }

    @Test
    void paddedOnFourSides() throws Exception {
      assertCounted(
          cross(integers("pads", 1, 1, 1, 1)),
          Shape.of(1, 1, 3, 3),
          4,
          7,
          8,
          13,
          20,
          19,
          16,
          25,
          20);
    }

    @Test
    void padsAreTopLeftBottomRight() throws Exception {
      Graph graph =
          OnnxWriter.of(1, 1, 9, 9)
              .floats("w", Shape.of(1, 1, 3, 2), new float[6])
              .node(
                  "Conv",
                  "x w",
                  "y",
                  integers("pads", 1, 2, 3, 4),
                  integers("strides", 2, 3),
                  integers("dilations", 3, 4))
              .read()
              .graph();
      var layer = assertInstanceOf(Conv2d.class, graph.output().layer());
      assertEquals(new Window(3, 2, 2, 3, 3, 4, 1, 2, 3, 4), layer.convolution().window());
    }

    @Test
    void stridedAndDilated() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(1, 1, 3, 5)
              .floats("w", Shape.of(1, 1, 2, 2), 1, 10, 100, 1000)
              .node("Conv", "x w", "y", integers("strides", 1, 2), integers("dilations", 2, 2));
      assertCounted(model, Shape.of(1, 1, 1, 2), 20 + 1000 + 12000, 2 + 40 + 1200 + 14000);
    }

    @Test
    void grouped() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(1, 2, 1, 2)
              .floats("w", Shape.of(2, 1, 1, 1), 2, 3)
              .node("Conv", "x w", "y", integer("group", 2));
      assertCounted(model, Shape.of(1, 2, 1, 2), 0, 2, 6, 9);
    }

    @Test
    void automaticPadding() throws Exception {
      // Rows: 5 at stride 2 need (3 - 1) * 2 + 2 - 5 = 1; columns: 4 need (2 - 1) * 2 + 2 - 4 = 0.
      assertEquals(new Window(2, 2, 2, 2, 1, 1, 0, 0, 1, 0), automatic("SAME_UPPER", 5, 4));
      assertEquals(new Window(2, 2, 2, 2, 1, 1, 1, 0, 0, 0), automatic("SAME_LOWER", 5, 4));
      assertEquals(new Window(2, 2, 2, 2, 1, 1, 0, 0, 0, 0), automatic("VALID", 5, 4));
      assertEquals(new Window(2, 2, 2, 2, 1, 1, 0, 0, 0, 0), automatic("NOTSET", 5, 4));
      assertRefused(
          "node \"y\" (Conv): auto_pad is \"MIRROR\", expected SAME_UPPER, SAME_LOWER or VALID",
          cross(text("auto_pad", "MIRROR")));
    }

    private static Window automatic(String mode, int rows, int columns) throws FormatException {
      Graph graph =
          OnnxWriter.of(1, 1, rows, columns)
              .floats("w", Shape.of(1, 1, 2, 2), new float[4])
              .node("Conv", "x w", "y", integers("strides", 2, 2), text("auto_pad", mode))
              .read()
              .graph();
      if (mode.startsWith("SAME")) {
        assertEquals(Shape.of(1, 1, (rows + 1) / 2, (columns + 1) / 2), graph.output().shape());
      }
      return assertInstanceOf(Conv2d.class, graph.output().layer()).convolution().window();
    }

    @Test
    void automaticPaddingKeepsTheSizeAtStrideOne() throws Exception {
      assertCounted(
          cross(text("auto_pad", "SAME_UPPER")),
          Shape.of(1, 1, 3, 3),
          4,
          7,
          8,
          13,
          20,
          19,
          16,
          25,
          20);
    }

    @Test
    void onlyImages() {
      assertRefused(
          "node \"conv\" (Conv): weight is [1, 1, 3], expected [O, C, h, w]: only images are"
              + " convolved",
          OnnxWriter.of(1, 1, 5)
              .floats("w", Shape.of(1, 1, 3), 1, 1, 1)
              .node("conv", "Conv", "x w", "y", integers("kernel_shape", 3)));
      assertRefused(
          "node \"y\" (Conv): input is [1, 1], expected [N, C, H, W]",
          OnnxWriter.of(1, 1).floats("w", Shape.of(1, 1, 1, 1), 1).node("Conv", "x w", "y"));
    }

    @Test
    void whatDoesNotFitIsRefused() {
      assertRefused(
          "node \"y\" (Conv): kernel_shape is [2, 2] but weight is [1, 1, 3, 3]",
          cross(integers("kernel_shape", 2, 2)));
      assertRefused(
          "node \"y\" (Conv): strides is [0, 1], expected 2 numbers from 1 to 32767",
          cross(integers("strides", 0, 1)));
      assertRefused(
          "node \"y\" (Conv): pads is [1, 1], expected 4 numbers from 0 to 32767",
          cross(integers("pads", 1, 1)));
      assertRefused(
          "node \"y\" (Conv): pads is [0, 0, 0, -1], expected 4 numbers from 0 to 32767",
          cross(integers("pads", 0, 0, 0, -1)));
      assertRefused(
          "node \"y\" (Conv): dilations is [1, 40000], expected 2 numbers from 1 to 32767",
          cross(integers("dilations", 1, 40000)));
      assertRefused(
          "node \"y\" (Conv): conv2d: input has 2 channels but weight [1, 1, 1, 1] with groups 1"
              + " expects 1",
          OnnxWriter.of(1, 2, 3, 3).floats("w", Shape.of(1, 1, 1, 1), 1).node("Conv", "x w", "y"));
      assertRefused(
          "node \"y\" (Conv): input \"x\" depends on the network's input, expected a constant",
          OnnxWriter.of(1, 2, 3, 3).node("Conv", "x x", "y"));
      assertRefused(
          "node \"y\" (Conv): attribute \"strides\" is of another kind, expected INTS",
          cross(integer("strides", 1)));
      assertRefused(
          "node \"y\" (Conv): attribute \"group\" is 4294967296, expected less than 2^31",
          cross(integer("group", 1L << 32)));
      assertRefused(
          "node \"y\" (Conv): attribute \"secret\" is not supported", cross(integer("secret", 1)));
    }
  }

  @Nested
  class MatrixProducts {
    private static final float[] WEIGHT = {1, 2, 3, 4, 5, 6};

    private static OnnxWriter gemm(Shape weight, ProtobufWriter... attributes) {
      return OnnxWriter.of(1, 3)
          .floats("w", weight, WEIGHT)
          .floats("b", Shape.of(2), 10, 20)
          .node("Gemm", "x w b", "y", attributes);
    }

    @Test
    void gemm() throws Exception {
      // x = [0, 1, 2]
      assertCounted(gemm(Shape.of(2, 3), integer("transB", 1)), Shape.of(1, 2), 18, 37);
      assertCounted(gemm(Shape.of(3, 2)), Shape.of(1, 2), 23, 36);
      assertCounted(
          gemm(
              Shape.of(2, 3),
              integer("transB", 1),
              integer("transA", 0),
              real("alpha", 2),
              real("beta", 0.5f)),
          Shape.of(1, 2),
          21,
          44);
    }

    @Test
    void gemmWithoutOrWithSpreadBias() throws Exception {
      OnnxWriter none =
          OnnxWriter.opset(11, 1, 3).floats("w", Shape.of(3, 2), WEIGHT).node("Gemm", "x w", "y");
      assertCounted(none, Shape.of(1, 2), 13, 16);
      for (Shape shape : new Shape[] {Shape.of(), Shape.of(1), Shape.of(1, 1)}) {
        OnnxWriter scalar =
            OnnxWriter.of(1, 3)
                .floats("w", Shape.of(3, 2), WEIGHT)
                .floats("b", shape, 100)
                .node("Gemm", "x w b", "y");
        assertCounted(scalar, Shape.of(1, 2), 113, 116);
      }
      OnnxWriter row =
          OnnxWriter.of(1, 3)
              .floats("w", Shape.of(3, 2), WEIGHT)
              .floats("b", Shape.of(1, 2), 100, 200)
              .node("Gemm", "x w b", "y");
      assertCounted(row, Shape.of(1, 2), 113, 216);
    }

    @Test
    void gemmRefusesWhatIsNoLayer() {
      assertRefused(
          "node \"y\" (Gemm): transA is not supported", gemm(Shape.of(3, 2), integer("transA", 1)));
      assertRefused(
          "node \"y\" (Gemm): attribute \"transB\" is 2, expected 0 or 1",
          gemm(Shape.of(3, 2), integer("transB", 2)));
      assertRefused("node \"y\" (Gemm): weight is [6], expected a matrix", gemm(Shape.of(6)));
      assertRefused(
          "node \"y\" (Gemm): bias is [3], expected [2]",
          OnnxWriter.of(1, 3)
              .floats("w", Shape.of(3, 2), WEIGHT)
              .floats("b", Shape.of(3), 1, 2, 3)
              .node("Gemm", "x w b", "y"));
      assertRefused(
          "node \"y\" (Gemm): bias is [2, 1], expected [2]",
          OnnxWriter.of(1, 3)
              .floats("w", Shape.of(3, 2), WEIGHT)
              .floats("b", Shape.of(2, 1), 1, 2)
              .node("Gemm", "x w b", "y"));
      assertRefused(
          "node \"y\" (Gemm): dense: input is [1, 3, 1, 1] but weight [3, 2] (transposed) expects"
              + " [N, 3]",
          OnnxWriter.of(1, 3, 1, 1).floats("w", Shape.of(3, 2), WEIGHT).node("Gemm", "x w", "y"));
    }

    private static OnnxWriter product() {
      return OnnxWriter.of(1, 3)
          .floats("w", Shape.of(3, 2), WEIGHT)
          .node("product", "MatMul", "x w", "p");
    }

    @Test
    void matMulIsALinearLayer() throws Exception {
      assertCounted(product().output("p"), Shape.of(1, 2), 13, 16);
    }

    @Test
    void matMulTakesTheBiasOfTheAddThatAloneReadsIt() throws Exception {
      for (Shape shape : new Shape[] {Shape.of(2), Shape.of(1, 2)}) {
        for (String inputs : new String[] {"p b", "b p"}) {
          OnnxWriter model = product().floats("b", shape, 100, 200).node("sum", "Add", inputs, "y");
          assertCounted(model, Shape.of(1, 2), 113, 216);
          Graph graph = model.read().graph();
          assertEquals(2, graph.nodes().size());
          assertInstanceOf(Linear.class, graph.output().layer());
          assertEquals("product", graph.output().name());
          assertSame(graph.output(), graph.node("y"));
        }
      }
    }

    @Test
    void matMulFindsItsBiasBehindOtherNodes() throws Exception {
      OnnxWriter model =
          product()
              .node(
                  "Constant",
                  "",
                  "c",
                  tensor("value", OnnxWriter.rawFloats("", Shape.of(2), 100, 200)))
              .node("Identity", "c", "b")
              .node("Add", "p b", "y");
      assertCounted(model, Shape.of(1, 2), 113, 216);
      assertEquals(2, model.read().graph().nodes().size());
    }

    @Test
    void matMulKeepsAnAddThatIsNoBias() throws Exception {
      OnnxWriter scalar = product().floats("b", Shape.of(), 100).node("Add", "p b", "y");
      assertCounted(scalar, Shape.of(1, 2), 113, 116);
      assertInstanceOf(Affine.class, scalar.read().graph().output().layer());
      OnnxWriter readTwice =
          product()
              .floats("b", Shape.of(2), 100, 200)
              .node("Add", "p b", "q")
              .node("Relu", "p", "r")
              .node("Add", "q r", "y");
      assertCounted(readTwice, Shape.of(1, 2), 126, 232);
      OnnxWriter twice =
          product()
              .floats("b", Shape.of(2), 100, 200)
              .node("Add", "p b", "q")
              .node("Add", "p q", "y");
      assertCounted(twice, Shape.of(1, 2), 126, 232);
    }

    @Test
    void matMulRefusesWhatIsNoLayer() {
      assertRefused(
          "node \"y\" (MatMul): the constant is on the left, expected weights on the right",
          OnnxWriter.of(1, 3).floats("w", Shape.of(2, 3), WEIGHT).node("MatMul", "w x", "y"));
      assertRefused(
          "node \"y\" (MatMul): input \"x\" depends on the network's input, expected a constant",
          OnnxWriter.of(1, 3).node("MatMul", "x x", "y"));
      assertRefused(
          "node \"y\" (MatMul): dense: input is [1, 1, 3] but weight [3, 2] (transposed) expects"
              + " [N, 3]",
          OnnxWriter.of(1, 1, 3).floats("w", Shape.of(3, 2), WEIGHT).node("MatMul", "x w", "y"));
    }
  }

  @Nested
  class Normalizations {
    private static OnnxWriter batchNorm(long opset, ProtobufWriter... attributes) {
      return OnnxWriter.opset(opset, 1, 2, 1, 2)
          .floats("scale", Shape.of(2), 2, 3)
          .floats("shift", Shape.of(2), 10, 20)
          .floats("mean", Shape.of(2), 1, 2)
          .floats("var", Shape.of(2), 4, 9)
          .node("BatchNormalization", "x scale shift mean var", "y", attributes);
    }

    @Test
    void batchNormalization() throws Exception {
      Shape shape = Shape.of(1, 2, 1, 2);
      assertCounted(batchNorm(7, real("epsilon", 0)), shape, 9, 10, 20, 21);
      assertCounted(
          batchNorm(8, real("epsilon", 0), real("momentum", 0.9f), integer("spatial", 1)),
          shape,
          9,
          10,
          20,
          21);
      assertCounted(
          batchNorm(14, real("epsilon", 12), integer("training_mode", 0)),
          shape,
          9.5f,
          10,
          20,
          20 + 3 / (float) Math.sqrt(21));
    }

    @Test
    void batchNormalizationHasADefaultEpsilon() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(1, 1, 1, 1)
              .floats("one", Shape.of(1), 1)
              .floats("zero", Shape.of(1), 0)
              .node("BatchNormalization", "x one zero zero zero", "y");
      assertMapped(model, new float[] {1}, Shape.of(1, 1, 1, 1), (float) (1 / Math.sqrt(1e-5f)));
    }

    @Test
    void batchNormalizationOfVectors() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(1, 2)
              .floats("one", Shape.of(2), 1, 1)
              .floats("shift", Shape.of(2), 5, 6)
              .floats("zero", Shape.of(2), 0, 0)
              .node("BatchNormalization", "x one shift zero one", "y", real("epsilon", 0));
      assertCounted(model, Shape.of(1, 2), 5, 7);
    }

    @Test
    void batchNormalizationInTrainingIsRefused() {
      String message =
          "node \"y\" (BatchNormalization): it normalizes by its own input, expected stored means"
              + " and variances";
      assertRefused(message, batchNorm(14, integer("training_mode", 1)));
      assertRefused(message, batchNorm(8, integer("spatial", 0)));
      assertRefused(
          "node \"bn\" (BatchNormalization): output \"m\" is read by node \"z\" (Identity),"
              + " expected only the first output of a node in use",
          OnnxWriter.of(1, 1, 1, 1)
              .floats("one", Shape.of(1), 1)
              .node("bn", "BatchNormalization", "x one one one one", "y m")
              .node("Identity", "m", "z")
              .output("z"));
    }

    @Test
    void localResponseNormalization() throws Exception {
      // x = [1, 2, 3] in 3 channels; size 3, alpha 3, beta 1, bias 1: y = x / (1 + sum of squares).
      OnnxWriter model =
          OnnxWriter.of(1, 3, 1, 1)
              .node(
                  "LRN",
                  "x",
                  "y",
                  integer("size", 3),
                  real("alpha", 3),
                  real("beta", 1),
                  real("bias", 1));
      assertMapped(model, new float[] {1, 2, 3}, Shape.of(1, 3, 1, 1), 1 / 6f, 2 / 15f, 3 / 14f);
      OnnxWriter defaults = OnnxWriter.of(1, 1, 1, 1).node("LRN", "x", "y", integer("size", 1));
      assertMapped(
          defaults,
          new float[] {100},
          Shape.of(1, 1, 1, 1),
          (float) (100 / Math.pow(1 + 1e-4 * 100 * 100, 0.75)));
      assertRefused(
          "node \"y\" (LRN): local response normalization: size 0, expected at least 1",
          OnnxWriter.of(1, 1, 1, 1).node("LRN", "x", "y"));
    }
  }

  @Nested
  class Pools {
    @Test
    void maxPool() throws Exception {
      assertCounted(
          plane(3, 4, "MaxPool", integers("kernel_shape", 2, 3)),
          Shape.of(1, 1, 2, 2),
          6,
          7,
          10,
          11);
      assertCounted(
          plane(
              3,
              3,
              "MaxPool",
              integers("kernel_shape", 2, 2),
              integers("strides", 2, 2),
              integer("storage_order", 0)),
          Shape.of(1, 1, 1, 1),
          4);
      assertCounted(
          plane(
              3,
              3,
              "MaxPool",
              integers("kernel_shape", 2, 2),
              integers("strides", 2, 2),
              integer("ceil_mode", 1)),
          Shape.of(1, 1, 2, 2),
          4,
          5,
          7,
          8);
      assertCounted(
          plane(3, 3, "MaxPool", integers("kernel_shape", 2, 2), integers("dilations", 2, 2)),
          Shape.of(1, 1, 1, 1),
          8);
    }

    @Test
    void maxPoolIgnoresPadding() throws Exception {
      OnnxWriter model =
          plane(1, 2, "MaxPool", integers("kernel_shape", 3, 3), integers("pads", 1, 1, 1, 1));
      assertMapped(model, new float[] {-5, -3}, Shape.of(1, 1, 1, 2), -3, -3);
    }

    @Test
    void averagePool() throws Exception {
      assertCounted(
          plane(2, 4, "AveragePool", integers("kernel_shape", 2, 2), integers("strides", 2, 2)),
          Shape.of(1, 1, 1, 2),
          2.5f,
          4.5f);
      // Two pixels and one of padding in each window.
      OnnxWriter counted =
          plane(
              1,
              2,
              "AveragePool",
              integers("kernel_shape", 1, 3),
              integers("pads", 0, 1, 0, 1),
              integer("count_include_pad", 1));
      assertMapped(counted, new float[] {6, 12}, Shape.of(1, 1, 1, 2), 6, 6);
      OnnxWriter uncounted =
          plane(1, 2, "AveragePool", integers("kernel_shape", 1, 3), integers("pads", 0, 1, 0, 1));
      assertMapped(uncounted, new float[] {6, 12}, Shape.of(1, 1, 1, 2), 9, 9);
      OnnxWriter ceil =
          plane(
              1,
              3,
              "AveragePool",
              integers("kernel_shape", 1, 2),
              integers("strides", 1, 2),
              integer("ceil_mode", 1));
      assertMapped(ceil, new float[] {6, 12, 30}, Shape.of(1, 1, 1, 2), 9, 30);
      OnnxWriter dilated =
          OnnxWriter.opset(19, 1, 1, 1, 3)
              .node(
                  "AveragePool",
                  "x",
                  "y",
                  integers("kernel_shape", 1, 2),
                  integers("dilations", 1, 2));
      assertMapped(dilated, new float[] {6, 12, 30}, Shape.of(1, 1, 1, 1), 18);
    }

    @Test
    void automaticPaddingNeedsNoCeil() throws Exception {
      Graph max =
          plane(
                  5,
                  5,
                  "MaxPool",
                  integers("kernel_shape", 2, 2),
                  integers("strides", 2, 2),
                  text("auto_pad", "SAME_UPPER"),
                  integer("ceil_mode", 1))
              .read()
              .graph();
      var pool = assertInstanceOf(MaxPool2d.class, max.output().layer()).pool();
      assertEquals(new Window(2, 2, 2, 2, 1, 1, 0, 0, 1, 1), pool.window());
      assertEquals(Shape.of(1, 1, 3, 3), max.output().shape());
      Graph average =
          plane(
                  5,
                  5,
                  "AveragePool",
                  integers("kernel_shape", 2, 2),
                  integers("strides", 2, 2),
                  text("auto_pad", "VALID"),
                  integer("ceil_mode", 1))
              .read()
              .graph();
      assertInstanceOf(AveragePool2d.class, average.output().layer());
      assertEquals(Shape.of(1, 1, 2, 2), average.output().shape());
    }

    @Test
    void whatIsNoPoolOfImagesIsRefused() {
      assertRefused("node \"y\" (MaxPool): kernel_shape is missing", plane(3, 3, "MaxPool"));
      assertRefused(
          "node \"y\" (MaxPool): kernel_shape is [3], expected 2 numbers from 1 to 32767",
          OnnxWriter.of(1, 1, 9).node("MaxPool", "x", "y", integers("kernel_shape", 3)));
      assertRefused(
          "node \"y\" (AveragePool): input is [1, 4], expected [N, C, H, W]",
          OnnxWriter.of(1, 4).node("AveragePool", "x", "y", integers("kernel_shape", 3, 3)));
      assertRefused(
          "node \"y\" (MaxPool): max pool: input is [1, 1, 2, 2] but the window with its padding"
              + " expects at least 3x3 pixels",
          plane(2, 2, "MaxPool", integers("kernel_shape", 3, 3)));
      assertRefused(
          "node \"pool\" (MaxPool): output \"where\" is read by node \"y\" (Cast), expected only"
              + " the first output of a node in use",
          OnnxWriter.of(1, 1, 2, 2)
              .node("pool", "MaxPool", "x", "m where", integers("kernel_shape", 2, 2))
              .node("Cast", "where", "y", integer("to", 1)));
    }

    @Test
    void globalAveragePool() throws Exception {
      assertCounted(small(7, "GlobalAveragePool"), Shape.of(1, 2, 1, 1), 1, 4);
      assertRefused(
          "node \"y\" (GlobalAveragePool): adaptive average pool: input is [1, 2], expected [N, C,"
              + " H, W]",
          OnnxWriter.of(1, 2).node("GlobalAveragePool", "x", "y"));
    }

    @Test
    void meanOverRowsAndColumns() throws Exception {
      assertCounted(small(13, "ReduceMean", integers("axes", 2, 3)), Shape.of(1, 2, 1, 1), 1, 4);
      assertCounted(
          small(7, "ReduceMean", integers("axes", -1, -2), integer("keepdims", 0)),
          Shape.of(1, 2),
          1,
          4);
      OnnxWriter asInput =
          OnnxWriter.opset(18, 1, 2, 1, 3)
              .longs("axes", -2, 3)
              .node(
                  "mean",
                  "ReduceMean",
                  "x axes",
                  "y",
                  integer("keepdims", 0),
                  integer("noop_with_empty_axes", 1));
      assertCounted(asInput, Shape.of(1, 2), 1, 4);
      Graph graph = asInput.read().graph();
      assertEquals("mean", graph.output().name());
      assertEquals("mean/mean", graph.output().input().name());
      assertCounted(
          small(18, "ReduceMean", integer("noop_with_empty_axes", 1)),
          Shape.of(1, 2, 1, 3),
          count(6));
    }

    @Test
    void otherMeansAreRefused() {
      assertRefused(
          "node \"y\" (ReduceMean): the mean of input [1, 2, 1, 3] over axes [1], expected the mean"
              + " of [N, C, H, W] over axes 2 and 3",
          small(13, "ReduceMean", integers("axes", 1)));
      assertRefused(
          "node \"y\" (ReduceMean): the mean of input [1, 2, 1, 3] over all axes, expected the"
              + " mean of [N, C, H, W] over axes 2 and 3",
          small(13, "ReduceMean"));
      assertRefused(
          "node \"y\" (ReduceMean): the mean of input [1, 2, 1, 3] over axes [1, 1, 1, 1, 1, 1, 1,"
              + " 1, ...] (9 in all), expected the mean of [N, C, H, W] over axes 2 and 3",
          small(13, "ReduceMean", integers("axes", 1, 1, 1, 1, 1, 1, 1, 1, 1)));
      assertRefused(
          "node \"y\" (ReduceMean): axis 4 of 4 axes",
          small(13, "ReduceMean", integers("axes", 2, 4)));
    }
  }

  @Nested
  class Structure {
    private static OnnxWriter withList(
        long opset, String operator, long[] list, ProtobufWriter... attributes) {
      return OnnxWriter.opset(opset, 1, 2, 1, 3)
          .longs("list", list)
          .node(operator, "x list", "y", attributes);
    }

    @Test
    void concat() throws Exception {
      for (int axis : new int[] {1, -3}) {
        OnnxWriter model =
            OnnxWriter.of(1, 1, 1, 2)
                .node("Relu", "x", "r")
                .node("Concat", "x r x", "y", integer("axis", axis));
        assertMapped(model, new float[] {-1, 1}, Shape.of(1, 3, 1, 2), -1, 1, 0, 1, -1, 1);
      }
      OnnxWriter columns = OnnxWriter.of(1, 1, 2, 1).node("Concat", "x x", "y", integer("axis", 3));
      assertCounted(columns, Shape.of(1, 1, 2, 2), 0, 0, 1, 1);
    }

    @Test
    void concatRefusesTheBatchAndConstants() {
      assertRefused(
          "node \"y\" (Concat): concat: axis 0 of input [1, 2, 1, 3], expected one after the batch"
              + " axis",
          OnnxWriter.of(1, 2, 1, 3).node("Concat", "x x", "y", integer("axis", 0)));
      assertRefused(
          "node \"y\" (Concat): input \"c\" is a constant, expected one that depends on the"
              + " network's input",
          OnnxWriter.of(1, 2, 1, 3)
              .floats("c", Shape.of(1, 1, 1, 3), 1, 2, 3)
              .node("Concat", "x c", "y", integer("axis", 1)));
    }

    @Test
    void flatten() throws Exception {
      assertCounted(small(7, "Flatten"), Shape.of(1, 6), count(6));
      assertCounted(small(11, "Flatten", integer("axis", -3)), Shape.of(1, 6), count(6));
      assertCounted(small(7, "Flatten", integer("axis", 0)), Shape.of(1, 6), count(6));
      assertRefused(
          "node \"y\" (Flatten): input [1, 2, 1, 3] becomes [2, 3], expected the batch as first"
              + " axis",
          small(7, "Flatten", integer("axis", 2)));
      assertRefused(
          "node \"y\" (Flatten): axis 5 of 4 axes", small(7, "Flatten", integer("axis", 5)));
    }

    @Test
    void reshape() throws Exception {
      assertCounted(withList(7, "Reshape", new long[] {1, 3, 2}), Shape.of(1, 3, 2), count(6));
      assertCounted(withList(7, "Reshape", new long[] {0, -1}), Shape.of(1, 6), count(6));
      assertCounted(withList(7, "Reshape", new long[] {-1, 6}), Shape.of(1, 6), count(6));
      assertCounted(
          withList(14, "Reshape", new long[] {0, 0, -1}, integer("allowzero", 0)),
          Shape.of(1, 2, 3),
          count(6));
    }

    @Test
    void reshapeOfAFixedBatchIsForOneImage() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(8, 2, 1, 3).longs("list", 8, 6).node("Reshape", "x list", "y");
      assertCounted(model, Shape.of(1, 6), count(6));
    }

    @Test
    void reshapeThatDoesNotFitIsRefused() {
      assertRefused(
          "node \"y\" (Reshape): input is [1, 2, 1, 3] but the shape is [1, 5]",
          withList(13, "Reshape", new long[] {1, 5}));
      assertRefused(
          "node \"y\" (Reshape): input is [1, 2, 1, 3] but the shape is [-1, -1]",
          withList(13, "Reshape", new long[] {-1, -1}));
      assertRefused(
          "node \"y\" (Reshape): input is [1, 2, 1, 3] but the shape is [-1, 4]",
          withList(13, "Reshape", new long[] {-1, 4}).output("y"));
      assertRefused(
          "node \"y\" (Reshape): input is [1, 2, 1, 3] but the shape is [0, -1]",
          withList(14, "Reshape", new long[] {0, -1}, integer("allowzero", 1)));
      assertRefused(
          "node \"y\" (Reshape): input [1, 2, 1, 3] becomes [2, 3], expected the batch as first"
              + " axis",
          withList(13, "Reshape", new long[] {2, 3}));
      assertRefused(
          "node \"y\" (Reshape): input \"list\" is [1, 2], expected a list of integers",
          OnnxWriter.of(1, 2, 1, 3)
              .tensor(longTensor("list", Shape.of(1, 2), 1, 6))
              .node("Reshape", "x list", "y"));
    }

    @Test
    void squeeze() throws Exception {
      assertCounted(small(11, "Squeeze", integers("axes", 2)), Shape.of(1, 2, 3), count(6));
      assertCounted(withList(13, "Squeeze", new long[] {-2}), Shape.of(1, 2, 3), count(6));
      assertCounted(small(13, "Squeeze"), Shape.of(1, 2, 3), count(6));
      assertRefused(
          "node \"y\" (Squeeze): axis 1 of input [1, 2, 1, 3], expected one of extent 1",
          withList(13, "Squeeze", new long[] {1}));
      assertRefused(
          "node \"y\" (Squeeze): axis 0 of input [1, 2, 1, 3], expected one of extent 1",
          withList(13, "Squeeze", new long[] {0}));
      assertRefused(
          "node \"y\" (Squeeze): attribute \"axes\" is not supported",
          small(13, "Squeeze", integers("axes", 2)));
    }

    @Test
    void unsqueeze() throws Exception {
      OnnxWriter attribute =
          OnnxWriter.opset(11, 1, 3).node("Unsqueeze", "x", "y", integers("axes", 2, 3));
      assertCounted(attribute, Shape.of(1, 3, 1, 1), count(3));
      OnnxWriter input =
          OnnxWriter.opset(13, 1, 3).longs("axes", -1, 1).node("Unsqueeze", "x axes", "y");
      assertCounted(input, Shape.of(1, 1, 3, 1), count(3));
      assertRefused(
          "node \"y\" (Unsqueeze): axes are missing",
          OnnxWriter.of(1, 3).node("Unsqueeze", "x", "y"));
      assertRefused(
          "node \"y\" (Unsqueeze): axis 1 is named twice",
          OnnxWriter.opset(11, 1, 3).node("Unsqueeze", "x", "y", integers("axes", 1, 1)));
    }

    @Test
    void transpose() throws Exception {
      assertCounted(
          small(13, "Transpose", integers("perm", 0, 3, 2, 1)),
          Shape.of(1, 3, 1, 2),
          0,
          3,
          1,
          4,
          2,
          5);
      assertRefused(
          "node \"y\" (Transpose): transpose: permutation is [3, 2, 1, 0], expected the batch axis,"
              + " 0, first",
          small(13, "Transpose"));
      assertRefused(
          "node \"y\" (Transpose): perm is [0, 1, 1, 2], expected each axis of input [1, 2, 1, 3]"
              + " once",
          small(13, "Transpose", integers("perm", 0, 1, 1, 2)));
    }

    @Test
    void channelShuffle() throws Exception {
      OnnxWriter model =
          OnnxWriter.of(1, 6, 1, 1)
              .longs("split", 1, 2, 3, 1, 1)
              .longs("joined", 1, 6, 1, 1)
              .node("Reshape", "x split", "a")
              .node("Transpose", "a", "b", integers("perm", 0, 2, 1, 3, 4))
              .node("Reshape", "b joined", "y");
      assertCounted(model, Shape.of(1, 6, 1, 1), 0, 3, 1, 4, 2, 5);
    }

    @Test
    void sliceTakesAttributesUntilOperatorSet9() throws Exception {
      assertCounted(
          small(9, "Slice", integers("axes", 3), integers("starts", 1), integers("ends", 3)),
          Shape.of(1, 2, 1, 2),
          1,
          2,
          4,
          5);
      assertCounted(
          small(9, "Slice", integers("starts", 0, 1), integers("ends", 9, 2)),
          Shape.of(1, 1, 1, 3),
          3,
          4,
          5);
      assertRefused(
          "node \"y\" (Slice): starts or ends are missing",
          small(9, "Slice", integers("starts", 1)));
    }

    private static OnnxWriter slice(long start, long end, long axis, long step) {
      return OnnxWriter.opset(10, 1, 2, 1, 3)
          .longs("starts", start)
          .longs("ends", end)
          .longs("axes", axis)
          .longs("steps", step)
          .node("Slice", "x starts ends axes steps", "y");
    }

    @Test
    void sliceTakesInputsSinceOperatorSet10() throws Exception {
      assertCounted(slice(0, Long.MAX_VALUE, 3, 2), Shape.of(1, 2, 1, 2), 0, 2, 3, 5);
      assertCounted(slice(-2, -1, -1, 1), Shape.of(1, 2, 1, 1), 1, 4);
      assertCounted(slice(Long.MIN_VALUE, 1, 1, 1), Shape.of(1, 1, 1, 3), 0, 1, 2);
      assertCounted(slice(0, Long.MAX_VALUE, 0, 1), Shape.of(1, 2, 1, 3), count(6));
      OnnxWriter allAxes =
          OnnxWriter.opset(13, 1, 2, 1, 3)
              .longs("starts", 0, 1, 0, 1)
              .longs("ends", 1, 2, 1, 3)
              .node("Slice", "x starts ends", "y");
      assertCounted(allAxes, Shape.of(1, 1, 1, 2), 4, 5);
    }

    @Test
    void sliceThatIsNoneIsRefused() {
      assertRefused(
          "node \"y\" (Slice): axis 3 has step -1, expected 1 or more",
          slice(2, Long.MIN_VALUE, 3, -1));
      assertRefused(
          "node \"y\" (Slice): nothing is left of axis 3 of [1, 2, 1, 3]", slice(2, 2, 3, 1));
      assertRefused("node \"y\" (Slice): axis 3 has step 0", slice(0, 2, 3, 0));
      assertRefused("node \"y\" (Slice): axis 4 of 4 axes", slice(0, 2, 4, 1));
      assertRefused(
          "node \"y\" (Slice): axis 3 is sliced twice",
          small(
              9,
              "Slice",
              integers("axes", 3, -1),
              integers("starts", 0, 0),
              integers("ends", 1, 1)));
      assertRefused(
          "node \"y\" (Slice): starts, ends, axes and steps differ in number, expected as many of"
              + " each",
          small(9, "Slice", integers("axes", 3), integers("starts", 0, 0), integers("ends", 1, 1)));
    }

    @Test
    void padTakesAttributesUntilOperatorSet10() throws Exception {
      assertCounted(
          small(10, "Pad", integers("pads", 0, 0, 0, 1, 0, 0, 0, 0), real("value", 9)),
          Shape.of(1, 2, 1, 4),
          9,
          0,
          1,
          2,
          9,
          3,
          4,
          5);
    }

    @Test
    void padTakesInputsSinceOperatorSet11() throws Exception {
      OnnxWriter zeros =
          OnnxWriter.opset(11, 1, 1, 1, 2)
              .longs("pads", 0, 1, 0, 0, 0, 2, 0, 0)
              .node("Pad", "x pads -", "y", text("mode", "constant"));
      assertMapped(zeros, new float[] {5, 6}, Shape.of(1, 4, 1, 2), 0, 0, 5, 6, 0, 0, 0, 0);
      OnnxWriter cropped =
          OnnxWriter.opset(13, 1, 1, 1, 3)
              .longs("pads", 0, 0, 0, -1, 0, 0, 1, 0)
              .floats("value", Shape.of(), 7)
              .node("Pad", "x pads value", "y");
      assertCounted(cropped, Shape.of(1, 1, 2, 2), 1, 2, 7, 7);
      OnnxWriter axes =
          OnnxWriter.opset(18, 1, 1, 1, 2)
              .longs("pads", 1, 2)
              .longs("axes", -1)
              .node("Pad", "x pads - axes", "y");
      assertMapped(axes, new float[] {5, 6}, Shape.of(1, 1, 1, 5), 0, 5, 6, 0, 0);
    }

    @Test
    void padThatIsNoneIsRefused() {
      assertRefused(
          "node \"y\" (Pad): mode is \"reflect\", expected \"constant\"",
          withList(13, "Pad", new long[8], text("mode", "reflect")));
      assertRefused(
          "node \"y\" (Pad): pads are [1, 1], expected two for each axis of [1, 2, 1, 3]",
          withList(13, "Pad", new long[] {1, 1}));
      assertRefused(
          "node \"y\" (Pad): pads are [0, 0, 0, 0, 0, 0, 0, -40000], expected at most 32767 each",
          withList(13, "Pad", new long[] {0, 0, 0, 0, 0, 0, 0, -40_000}));
      assertRefused(
          "node \"y\" (Pad): pad: before [1, 0, 0, 0], after [0, 0, 0, 0], expected nothing on the"
              + " batch axis",
          withList(13, "Pad", new long[] {1, 0, 0, 0, 0, 0, 0, 0}));
    }

    @Test
    void gatherOfActivationsIsRefused() {
      assertRefused(
          "node \"y\" (Gather): input \"x\" depends on the network's input, expected a constant",
          OnnxWriter.of(1, 2, 1, 3).longs("i", 0).node("Gather", "x i", "y"));
    }
  }

  @Nested
  class SoftmaxByOperatorSet {
    private static final float E = (float) Math.E;

    @Test
    void alongTheLastAxisSince13() throws Exception {
      OnnxWriter model = OnnxWriter.opset(13, 1, 2, 1, 2).node("Softmax", "x", "y");
      float a = 1 / (1 + E);
      float b = E / (1 + E);
      assertCounted(model, Shape.of(1, 2, 1, 2), a, b, a, b);
      OnnxWriter channels =
          OnnxWriter.opset(13, 1, 2, 1, 1).node("Softmax", "x", "y", integer("axis", 1));
      assertCounted(channels, Shape.of(1, 2, 1, 1), a, b);
    }

    @Test
    void overAllAxesFromTheGivenOneBefore13() throws Exception {
      OnnxWriter model = OnnxWriter.opset(12, 1, 2, 1, 2).node("s", "Softmax", "x", "y");
      float sum = 1 + E + E * E + E * E * E;
      assertCounted(model, Shape.of(1, 2, 1, 2), 1 / sum, E / sum, E * E / sum, E * E * E / sum);
      OnnxWriter rows =
          OnnxWriter.opset(12, 1, 2, 2, 1).node("Softmax", "x", "y", integer("axis", 2));
      float a = 1 / (1 + E);
      float b = E / (1 + E);
      assertCounted(rows, Shape.of(1, 2, 2, 1), a, b, a, b);
    }

    @Test
    void isOneLayerWhereBothMeanTheSame() throws Exception {
      Graph graph = OnnxWriter.opset(7, 1, 5).node("s", "Softmax", "x", "y").read().graph();
      assertInstanceOf(Softmax.class, graph.output().layer());
      assertEquals(graph.input(), graph.logits());
    }

    @Test
    void logitsAreFoundBeforeIt() throws Exception {
      Graph graph =
          OnnxWriter.opset(12, 1, 2, 1, 2)
              .node("scale", "Relu", "x", "r")
              .node("s", "Softmax", "r", "y")
              .read()
              .graph();
      Node logits = graph.logits();
      assertEquals("s/joined", logits.name());
      assertEquals(4, graph.classes());
    }

    @Test
    void overTheBatchIsRefused() {
      assertRefused(
          "node \"y\" (Softmax): softmax: axis 0 of input [1, 2], expected one after the batch axis",
          OnnxWriter.opset(13, 1, 2).node("Softmax", "x", "y", integer("axis", 0)));
    }
  }
}
