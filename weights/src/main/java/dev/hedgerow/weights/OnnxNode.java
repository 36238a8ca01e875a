package dev.hedgerow.weights;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A node of an ONNX graph as the file has it.
 *
 * @param name its name, which may be empty or shared
 * @param operator what it computes: {@code Conv}
 * @param domain who defined the operator; empty for ONNX itself
 * @param inputs the names of the tensors it reads; empty for an optional one left out
 * @param outputs the names of the tensors it makes
 * @param attributes its constants by name
 */
record OnnxNode(
    String name,
    String operator,
    String domain,
    List<String> inputs,
    List<String> outputs,
    Map<String, OnnxAttribute> attributes) {

  /** Reads a NodeProto. */
  static OnnxNode read(OnnxFile file, Protobuf message) throws FormatException {
    String name = "";
    String operator = "";
    String domain = "";
    var inputs = new ArrayList<String>();
    var outputs = new ArrayList<String>();
    var attributes = new LinkedHashMap<String, OnnxAttribute>();
    while (message.next()) {
      switch (message.field()) {
        case 1 -> inputs.add(message.text());
        case 2 -> outputs.add(message.text());
        case 3 -> name = message.text();
        case 4 -> operator = message.text();
        case 5 -> {
          OnnxAttribute attribute = OnnxAttribute.read(file, message.message("AttributeProto"));
          attributes.put(attribute.name(), attribute);
        }
        case 7 -> domain = message.text();
        default -> {}
      }
    }
    if (domain.equals("ai.onnx")) domain = "";
    return new OnnxNode(name, operator, domain, inputs, outputs, attributes);
  }

  /** Returns the operator, with its domain unless that is ONNX itself. */
  String qualifiedOperator() {
    return domain.isEmpty() ? operator : domain + "." + operator;
  }

  /** Returns the name; that of the first output where the node has none. */
  String label() {
    return !name.isEmpty() || outputs.isEmpty() ? name : outputs.getFirst();
  }

  /** Returns the node as errors name it: {@code node "/conv1/Conv" (Conv)}. */
  @Override
  public String toString() {
    return "node \"" + label() + "\" (" + qualifiedOperator() + ")";
  }
}
