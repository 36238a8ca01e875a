package dev.hedgerow.weights;

import java.util.ArrayList;
import java.util.List;

/**
 * An input or output of an ONNX graph.
 *
 * @param name its name
 * @param elementType ONNX's number of its element type; 0 where the file does not say
 * @param extents its extents, {@link #DYNAMIC} for one that is left open; empty where the file does
 *     not say
 */
record OnnxValue(String name, int elementType, List<Long> extents) {
  static final long DYNAMIC = -1;

  /** Reads a ValueInfoProto. */
  static OnnxValue read(Protobuf message) throws FormatException {
    String name = "";
    var value = new OnnxValue("", 0, List.of());
    while (message.next()) {
      switch (message.field()) {
        case 1 -> name = message.text();
        case 2 -> {
          Protobuf type = message.message("TypeProto");
          while (type.next()) {
            if (type.field() == 1) value = readTensorType(type.message("TypeProto.Tensor"));
          }
        }
        default -> {}
      }
    }
    return new OnnxValue(name, value.elementType, value.extents);
  }

  private static OnnxValue readTensorType(Protobuf message) throws FormatException {
    int elementType = 0;
    var extents = new ArrayList<Long>();
    while (message.next()) {
      switch (message.field()) {
        case 1 -> elementType = (int) message.integer();
        case 2 -> {
          Protobuf shape = message.message("TensorShapeProto");
          while (shape.next()) {
            if (shape.field() == 1) extents.add(readExtent(shape.message("Dimension")));
          }
        }
        default -> {}
      }
    }
    return new OnnxValue("", elementType, extents);
  }

  private static long readExtent(Protobuf message) throws FormatException {
    long extent = DYNAMIC;
    while (message.next()) {
      if (message.field() == 1) extent = message.integer();
    }
    return extent > 0 ? extent : DYNAMIC;
  }

  /** Returns the extents in brackets, with {@code ?} for one that is left open. */
  String extentsText() {
    var text = new ArrayList<String>();
    for (long extent : extents) text.add(extent == DYNAMIC ? "?" : Long.toString(extent));
    return "[" + String.join(", ", text) + "]";
  }
}
