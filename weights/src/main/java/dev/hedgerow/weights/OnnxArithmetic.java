package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Subtract;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sums, differences, products and quotients of two activations, or of an activation and a constant,
 * which is an {@link Affine} layer.
 */
final class OnnxArithmetic {
  private OnnxArithmetic() {}

  /** Translates Add and Sum. */
  static Node sum(OnnxCall call) throws FormatException {
    List<Node> terms = new ArrayList<>();
    List<Parameter> constants = new ArrayList<>();
    for (int i = 0; i < call.inputCount(); i++) {
      if (call.isConstant(i)) {
        constants.add(call.reals(i));
      } else {
        terms.add(call.input(i));
      }
    }
    if (constants.isEmpty()) {
      return terms.size() == 1 ? call.add(new Identity(), terms) : call.add(new Add(), terms);
    }
    if (constants.size() > 1) {
      throw call.error(constants.size() + " inputs are constants", "at most one");
    }
    Affine shift = shift(call, constants.getFirst(), 1, 1);
    if (terms.size() == 1) return call.add(shift, terms);
    return call.add(shift, call.addBefore("sum", new Add(), terms.toArray(new Node[0])));
  }

  /** Translates Sub. */
  static Node subtract(OnnxCall call) throws FormatException {
    if (call.isConstant(0)) return call.add(shift(call, call.reals(0), -1, 1), call.input(1));
    if (call.isConstant(1)) return call.add(shift(call, call.reals(1), 1, -1), call.input(0));
    return call.add(new Subtract(), call.input(0), call.input(1));
  }

  /** Translates Mul. */
  static Node multiply(OnnxCall call) throws FormatException {
    for (int i = 0; i < 2; i++) {
      if (call.isConstant(i)) {
        return call.add(new Affine(spread(call, call.reals(i)), scalar(0)), call.input(1 - i));
      }
    }
    return call.add(new Multiply(), call.input(0), call.input(1));
  }

  /** Translates Div, by a constant. */
  static Node divide(OnnxCall call) throws FormatException {
    Node dividend = call.input(0);
    Parameter divisor = call.reals(1);
    call.allocate((long) Float.BYTES * divisor.shape().size());
    float[] factor = divisor.toArray();
    for (int i = 0; i < factor.length; i++) {
      if (factor[i] == 0) throw call.error("it divides by 0");
      factor[i] = 1 / factor[i];
    }
    Tensor scale = spread(call, Parameter.of(divisor.shape(), factor));
    return call.add(new Affine(scale, scalar(0)), dividend);
  }

  /** Returns the layer {@code scale · x + sign · constant}. */
  private static Affine shift(OnnxCall call, Parameter constant, float scale, float sign)
      throws FormatException {
    call.allocate((long) Float.BYTES * constant.shape().size());
    float[] values = constant.toArray();
    for (int i = 0; i < values.length; i++) values[i] *= sign;
    return new Affine(scalar(scale), spread(call, Parameter.of(constant.shape(), values)));
  }

  private static Tensor scalar(float value) {
    return Tensor.of(Shape.of(1), value);
  }

  /** Returns a constant without its leading axes of extent 1, which change nothing. */
  private static Tensor spread(OnnxCall call, Parameter constant) throws FormatException {
    int[] extents = constant.shape().toArray();
    int leading = 0;
    while (leading < extents.length && extents[leading] == 1) leading++;
    Shape shape = Shape.of(Arrays.copyOfRange(extents, leading, extents.length));
    call.allocate(2L * Float.BYTES * shape.size());
    return Tensor.of(shape, constant.toArray());
  }
}
