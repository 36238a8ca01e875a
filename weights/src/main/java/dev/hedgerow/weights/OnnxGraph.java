package dev.hedgerow.weights;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The graph of an ONNX file as the file has it.
 *
 * @param nodes in the file's order
 * @param initializers the stored tensors by name
 * @param inputs the declared inputs; before IR version 4 the initializers are among them
 * @param outputs the declared outputs
 */
record OnnxGraph(
    List<OnnxNode> nodes,
    Map<String, OnnxTensor> initializers,
    List<OnnxValue> inputs,
    List<OnnxValue> outputs) {
  /** More nodes than any network this reader is made for; a bound on the time they may cost. */
  private static final int MOST_NODES = 1 << 16;

  /** Reads a GraphProto. */
  static OnnxGraph read(OnnxFile file, Protobuf message) throws FormatException {
    var nodes = new ArrayList<OnnxNode>();
    var initializers = new LinkedHashMap<String, OnnxTensor>();
    var inputs = new ArrayList<OnnxValue>();
    var outputs = new ArrayList<OnnxValue>();
    while (message.next()) {
      switch (message.field()) {
        case 1 -> {
          if (nodes.size() == MOST_NODES) {
            throw file.error("the graph has too many nodes", "at most " + MOST_NODES);
          }
          nodes.add(OnnxNode.read(file, message.message("NodeProto")));
        }
        case 5 -> {
          OnnxTensor tensor = OnnxTensor.read(file, message.message("TensorProto"));
          if (initializers.putIfAbsent(tensor.name(), tensor) != null) {
            throw file.error("there are two initializers \"" + tensor.name() + "\"");
          }
        }
        case 11 -> inputs.add(OnnxValue.read(message.message("ValueInfoProto")));
        case 12 -> outputs.add(OnnxValue.read(message.message("ValueInfoProto")));
        case 15 -> throw file.error("the graph has sparse initializers", "dense ones");
        default -> {}
      }
    }
    return new OnnxGraph(nodes, initializers, inputs, outputs);
  }
}
