package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Layer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Turns the graph of an ONNX file into a network, for a batch of one: what does not depend on the
 * input is computed now, everything else becomes layers.
 */
final class OnnxTranslation {
  /** Rows and columns of an image where neither the file nor the caller says. */
  private static final int DEFAULT_SIZE = 224;

  /** What the objects made for a node are reckoned to take beside its weights. */
  private static final int NODE_SIZE = 1024;

  private final OnnxFile file;
  private final OnnxGraph source;
  private final int opset;
  private final OnnxValue input;
  private final OnnxOrder order;
  private final String outputName;
  private final Graph.Builder builder;
  private final Map<String, Node> nodes = new HashMap<>();
  private final Map<String, Constant> constants = new HashMap<>();
  private final Set<String> names = new HashSet<>();

  private OnnxTranslation(OnnxFile file, OnnxGraph source, int opset) throws FormatException {
    this.file = file;
    this.source = source;
    this.opset = opset;
    this.input = onlyInput(file, source);
    this.outputName = onlyOutput(file, source);
    this.order = new OnnxOrder(file, source, input.name(), outputName);
    this.builder = Graph.builder(graphName(file));
  }

  /**
   * Returns the network.
   *
   * @param inputShape extents to take where the file leaves them open; may be null
   */
  static Graph translate(OnnxFile file, OnnxGraph source, int opset, @Nullable Shape inputShape)
      throws FormatException {
    return new OnnxTranslation(file, source, opset).run(inputShape);
  }

  private Graph run(@Nullable Shape inputShape) throws FormatException {
    List<OnnxNode> sorted = order.nodes();
    checkOperators(sorted);
    Shape shape = inputShape(inputShape);
    names.add(input.name());
    nodes.put(input.name(), builder.input(input.name(), shape));
    for (OnnxNode node : sorted) {
      if (!nodes.containsKey(node.outputs().getFirst())) translate(new OnnxCall(this, node), node);
    }
    Node output = nodes.get(outputName);
    if (output == null) {
      throw file.error("the output \"" + outputName + "\" does not depend on the input");
    }
    return builder.build(output);
  }

  private void translate(OnnxCall call, OnnxNode node) throws FormatException {
    call.allocate(NODE_SIZE);
    try {
      if (ConstantFolding.folds(call)) {
        constants.put(node.outputs().getFirst(), ConstantFolding.fold(call));
      } else {
        Node added = OnnxOperators.translate(call);
        nodes.put(node.outputs().getFirst(), added);
        nodes.put(added.outputName(), added);
      }
    } catch (IllegalArgumentException | ArithmeticException wrong) {
      throw call.error(String.valueOf(wrong.getMessage()));
    }
    call.checkAttributes();
  }

  private void checkOperators(List<OnnxNode> sorted) throws FormatException {
    OnnxNode first = null;
    Set<String> others = new TreeSet<>();
    for (OnnxNode node : sorted) {
      if (node.domain().isEmpty()
          && (OnnxOperators.supports(node.operator())
              || ConstantFolding.supports(node.operator()))) {
        continue;
      }
      if (first == null) first = node;
      others.add(node.qualifiedOperator());
    }
    if (first == null) return;
    others.remove(first.qualifiedOperator());
    throw file.error(
        first
            + ": operator not supported"
            + (others.isEmpty() ? "" : ", nor are " + String.join(", ", others)));
  }

  private static OnnxValue onlyInput(OnnxFile file, OnnxGraph graph) throws FormatException {
    List<OnnxValue> inputs = new ArrayList<>();
    for (OnnxValue value : graph.inputs()) {
      if (!graph.initializers().containsKey(value.name())) inputs.add(value);
    }
    if (inputs.size() == 1) return inputs.getFirst();
    throw file.error(
        "the network has " + inputs.size() + " inputs" + nameList(inputs), "one image batch");
  }

  private static String onlyOutput(OnnxFile file, OnnxGraph graph) throws FormatException {
    if (graph.outputs().size() == 1) return graph.outputs().getFirst().name();
    throw file.error(
        "the network has " + graph.outputs().size() + " outputs" + nameList(graph.outputs()),
        "one, the logits");
  }

  private static String nameList(List<OnnxValue> values) {
    if (values.isEmpty()) return "";
    List<String> names = new ArrayList<>();
    for (OnnxValue value : values.subList(0, Math.min(values.size(), 8))) {
      names.add("\"" + value.name() + "\"");
    }
    return ": " + String.join(", ", names) + (values.size() > names.size() ? ", ..." : "");
  }

  private static String graphName(OnnxFile file) {
    String name = String.valueOf(file.path().getFileName());
    return name.endsWith(".onnx") ? name.substring(0, name.length() - ".onnx".length()) : name;
  }

  /** Returns the input's shape for a batch of one. */
  private Shape inputShape(@Nullable Shape wanted) throws FormatException {
    OnnxType type = OnnxType.of(input.elementType());
    if (input.elementType() != 0 && (type == null || !type.isReal())) {
      throw file.error(
          "input \"" + input.name() + "\" holds " + OnnxType.nameOf(input.elementType()),
          "floating-point numbers");
    }
    List<Long> stated = input.extents();
    int rank = stated.isEmpty() && wanted != null ? wanted.rank() : stated.size();
    if (rank < 2 || rank > 4 || (wanted != null && wanted.rank() != rank)) {
      throw badInput(wanted);
    }
    int[] extents = new int[rank];
    extents[0] = 1;
    for (int axis = 1; axis < rank; axis++) {
      long extent = stated.isEmpty() ? OnnxValue.DYNAMIC : stated.get(axis);
      int asked = wanted == null ? 0 : wanted.extent(axis);
      if (extent == OnnxValue.DYNAMIC) {
        extent = wanted == null && rank == 4 && axis > 1 ? DEFAULT_SIZE : asked;
      } else if (wanted != null && extent != asked) {
        throw badInput(wanted);
      }
      if (extent < 1 || extent > Integer.MAX_VALUE) throw badInput(wanted);
      extents[axis] = (int) extent;
    }
    try {
      return Shape.of(extents);
    } catch (IllegalArgumentException tooLarge) {
      throw badInput(wanted);
    }
  }

  private FormatException badInput(@Nullable Shape wanted) {
    return file.error(
        "input \"" + input.name() + "\" is " + input.extentsText(),
        wanted == null ? "[N, C, H, W]" : wanted.toString());
  }

  OnnxFile file() {
    return file;
  }

  int opset() {
    return opset;
  }

  /** Returns the batch size the file is written for; 1 if it leaves that open. */
  long declaredBatch() {
    List<Long> extents = input.extents();
    return extents.isEmpty() || extents.getFirst() == OnnxValue.DYNAMIC ? 1 : extents.getFirst();
  }

  /** Returns a tensor's value; null if it depends on the input. */
  @Nullable Constant constant(String tensor) throws FormatException {
    Constant constant = constants.get(tensor);
    if (constant != null) return constant;
    OnnxTensor stored = source.initializers().get(tensor);
    if (stored == null) return null;
    constant = stored.constant();
    constants.put(tensor, constant);
    return constant;
  }

  /** Returns the node that computes a tensor; null if it is a constant. */
  @Nullable Node node(String tensor) {
    return nodes.get(tensor);
  }

  @Nullable OnnxNode onlyConsumer(String tensor) {
    return order.onlyConsumer(tensor);
  }

  /** Returns a name that no node has yet: the first, else the second, else a variant of that. */
  String uniqueName(String name, String otherwise) {
    String unique = name;
    for (int i = 1; !names.add(unique); i++) {
      unique = i == 1 ? otherwise : otherwise + "_" + i;
    }
    return unique;
  }

  /** Adds a layer to the network. */
  Node add(OnnxCall call, String name, String output, Layer layer, List<Node> inputs)
      throws FormatException {
    try {
      return builder.add(name, output, layer, inputs);
    } catch (IllegalArgumentException wrong) {
      Throwable cause = wrong.getCause() == null ? wrong : wrong.getCause();
      throw call.error(String.valueOf(cause.getMessage()));
    }
  }
}
