package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Layer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One ONNX node while it is turned into layers: its inputs, its attributes and the network it is
 * added to. Every error names the node.
 */
final class OnnxCall {
  private static final int MOST_SHOWN = 8;

  private final OnnxTranslation translation;
  private final OnnxNode node;
  private final Set<String> attributesRead = new HashSet<>();
  private String output;

  OnnxCall(OnnxTranslation translation, OnnxNode node) {
    this.translation = translation;
    this.node = node;
    this.output = node.outputs().getFirst();
  }

  /** Returns the operator set the file is written for. */
  int opset() {
    return translation.opset();
  }

  /** Returns the operator's name. */
  String operator() {
    return node.operator();
  }

  /** Returns how many inputs the node lists. */
  int inputCount() {
    return node.inputs().size();
  }

  /** Returns whether input {@code i} is given. */
  boolean has(int i) {
    return i < node.inputs().size() && !node.inputs().get(i).isEmpty();
  }

  /** Returns whether input {@code i} is given and does not depend on the network's input. */
  boolean isConstant(int i) throws FormatException {
    return has(i) && translation.constant(node.inputs().get(i)) != null;
  }

  /** Returns whether no input depends on the network's input. */
  boolean allConstant() throws FormatException {
    for (int i = 0; i < inputCount(); i++) {
      if (has(i) && !isConstant(i)) return false;
    }
    return true;
  }

  /** Returns input {@code i}, which must depend on the network's input. */
  Node input(int i) throws FormatException {
    Node input = translation.node(required(i));
    if (input == null) {
      throw error(
          "input \"" + node.inputs().get(i) + "\" is a constant",
          "one that depends on the network's input");
    }
    return input;
  }

  /** Returns the shape of input {@code i}, constant or not. */
  Shape shape(int i) throws FormatException {
    return isConstant(i) ? constant(i).shape() : input(i).shape();
  }

  /** Returns input {@code i}, which must be a constant. */
  Constant constant(int i) throws FormatException {
    Constant constant = translation.constant(required(i));
    if (constant == null) {
      throw error(
          "input \"" + node.inputs().get(i) + "\" depends on the network's input", "a constant");
    }
    return constant;
  }

  /** Returns input {@code i}, which must be a constant of floating-point numbers. */
  Parameter reals(int i) throws FormatException {
    if (constant(i) instanceof Constant.Reals(Parameter values)) return values;
    throw error("input \"" + node.inputs().get(i) + "\" holds integers", "floating-point numbers");
  }

  /** Returns input {@code i}, which must be a constant of one floating-point number. */
  float real(int i) throws FormatException {
    Parameter values = reals(i);
    if (values.shape().size() == 1) return values.get(0);
    throw error("input \"" + node.inputs().get(i) + "\" is " + values.shape(), "one number");
  }

  /** Returns input {@code i}, which must be a constant list of integers; not to be modified. */
  long[] integers(int i) throws FormatException {
    Constant constant = constant(i);
    if (constant instanceof Constant.Integers(Shape shape, long[] values) && shape.rank() <= 1) {
      return values;
    }
    throw error(
        "input \"" + node.inputs().get(i) + "\" is " + constant.shape(), "a list of integers");
  }

  private String required(int i) throws FormatException {
    if (has(i)) return node.inputs().get(i);
    throw error("input " + (i + 1) + " is missing");
  }

  /** Returns the attribute of that name and kind, null if the node has none. */
  private @Nullable OnnxAttribute attribute(String name, OnnxAttribute.Kind kind)
      throws FormatException {
    attributesRead.add(name);
    OnnxAttribute attribute = node.attributes().get(name);
    if (attribute == null || attribute.is(kind)) return attribute;
    throw error("attribute \"" + name + "\" is of another kind", kind.toString());
  }

  /** Returns an INT attribute. */
  long integer(String name, long otherwise) throws FormatException {
    OnnxAttribute attribute = attribute(name, OnnxAttribute.Kind.INT);
    return attribute == null ? otherwise : attribute.integer();
  }

  /** Returns an INT attribute that fits into 32 bits. */
  int smallInteger(String name, int otherwise) throws FormatException {
    long value = integer(name, otherwise);
    if (value == (int) value) return (int) value;
    throw error("attribute \"" + name + "\" is " + value, "less than 2^31");
  }

  /** Returns an INT attribute that is 0 or 1. */
  boolean flag(String name, boolean otherwise) throws FormatException {
    long value = integer(name, otherwise ? 1 : 0);
    if (value == 0 || value == 1) return value == 1;
    throw error("attribute \"" + name + "\" is " + value, "0 or 1");
  }

  /** Returns a FLOAT attribute. */
  float real(String name, float otherwise) throws FormatException {
    OnnxAttribute attribute = attribute(name, OnnxAttribute.Kind.FLOAT);
    return attribute == null ? otherwise : attribute.real();
  }

  /** Returns a STRING attribute. */
  String text(String name, String otherwise) throws FormatException {
    OnnxAttribute attribute = attribute(name, OnnxAttribute.Kind.STRING);
    return attribute == null ? otherwise : attribute.text();
  }

  /** Returns an INTS attribute, null if the node has none. */
  long @Nullable [] integers(String name) throws FormatException {
    OnnxAttribute attribute = attribute(name, OnnxAttribute.Kind.INTS);
    return attribute == null ? null : attribute.integers();
  }

  /** Returns a FLOATS attribute, null if the node has none. */
  float @Nullable [] reals(String name) throws FormatException {
    OnnxAttribute attribute = attribute(name, OnnxAttribute.Kind.FLOATS);
    return attribute == null ? null : attribute.reals();
  }

  /** Returns a TENSOR attribute, null if the node has none. */
  @Nullable Constant tensor(String name) throws FormatException {
    OnnxAttribute attribute = attribute(name, OnnxAttribute.Kind.TENSOR);
    OnnxTensor tensor = attribute == null ? null : attribute.tensor();
    return tensor == null ? null : tensor.constant();
  }

  /** Returns whether the node has an attribute of that name, of any kind. */
  boolean hasAttribute(String name) {
    return node.attributes().containsKey(name);
  }

  /** Declares attributes that do not change the result. */
  void ignore(String... names) {
    attributesRead.addAll(Arrays.asList(names));
  }

  /** Checks that the node has no attribute that was neither read nor ignored. */
  void checkAttributes() throws FormatException {
    for (String name : node.attributes().keySet()) {
      if (!attributesRead.contains(name)) {
        throw error("attribute \"" + name + "\" is not supported");
      }
    }
  }

  /** Returns an axis counted from the first one. */
  int axis(long axis, int rank) throws FormatException {
    if (axis >= -rank && axis < rank) return (int) (axis < 0 ? axis + rank : axis);
    throw error("axis " + axis + " of " + rank + " axes");
  }

  /** Returns the shape with the given extents. */
  Shape shapeOf(long... extents) throws FormatException {
    if (extents.length > StoredTensor.MOST_AXES) {
      throw error("a tensor of " + extents.length + " axes", "at most " + StoredTensor.MOST_AXES);
    }
    int[] narrow = new int[extents.length];
    for (int i = 0; i < narrow.length; i++) {
      if (extents[i] < 0 || extents[i] > Integer.MAX_VALUE) {
        throw error("a tensor of shape " + text(extents));
      }
      narrow[i] = (int) extents[i];
    }
    return Shape.of(narrow);
  }

  /**
   * Returns what a leading extent in the file means for one image: files that are written for a
   * fixed batch state it in shapes.
   */
  long perImage(long leadingExtent) {
    return leadingExtent == translation.declaredBatch() ? 1 : leadingExtent;
  }

  /**
   * Returns the node that alone reads this one's output, if it is of the given operator; null
   * otherwise.
   */
  @Nullable OnnxCall onlyConsumer(String operator) {
    OnnxNode consumer = translation.onlyConsumer(output);
    if (consumer == null || !consumer.qualifiedOperator().equals(operator)) return null;
    return new OnnxCall(translation, consumer);
  }

  /** Makes what this node adds stand for the output of its only consumer as well. */
  void absorb(OnnxCall consumer) {
    output = consumer.output;
  }

  /** Adds the layer that computes this node's output. */
  Node add(Layer layer, Node... inputs) throws FormatException {
    return add(layer, List.of(inputs));
  }

  /** Adds the layer that computes this node's output. */
  Node add(Layer layer, List<Node> inputs) throws FormatException {
    String name = translation.uniqueName(node.label(), output);
    return translation.add(this, name, output, layer, inputs);
  }

  /** Adds a layer that this node's last one reads; it is named after the node. */
  Node addBefore(String suffix, Layer layer, Node... inputs) throws FormatException {
    String name = translation.uniqueName(node.label() + "/" + suffix, output + "/" + suffix);
    return translation.add(this, name, name, layer, List.of(inputs));
  }

  /** Takes memory for {@code size} bytes that are about to be allocated. */
  void allocate(long size) throws FormatException {
    translation.file().allocate(node, size);
  }

  /** Returns a list of integers as errors show it: its first ones, if there are many. */
  static String text(long @Nullable [] integers) {
    if (integers == null) return "missing";
    if (integers.length <= MOST_SHOWN) return Arrays.toString(integers);
    String shown = Arrays.toString(Arrays.copyOf(integers, MOST_SHOWN));
    return shown.substring(0, shown.length() - 1) + ", ...] (" + integers.length + " in all)";
  }

  /** Returns the error that says {@code problem} of this node. */
  FormatException error(String problem) {
    return translation.file().error(node + ": " + problem);
  }

  /** Returns the error that says {@code problem} of this node and what should be there instead. */
  FormatException error(String problem, String expectation) {
    return translation.file().error(node + ": " + problem, expectation);
  }
}
