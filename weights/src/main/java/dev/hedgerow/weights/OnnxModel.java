package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Graph;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A convolutional network in an ONNX file of operator set 7 to 21.
 *
 * <p>The file is mapped. Weights that are little-endian float32, in it or in an external file
 * beside it, are used where they lie; others are converted. Shape arithmetic is computed when the
 * file is read. Whatever the network's declared batch is, it is read for a batch of one, and runs
 * on any.
 */
public final class OnnxModel {
  private static final int OLDEST_OPSET = 7;
  private static final int NEWEST_OPSET = 21;

  private final Graph graph;
  private final int opset;
  private final String producer;
  private final List<TensorInfo> tensors;
  private final SortedMap<String, Integer> operators;

  private OnnxModel(
      Graph graph,
      int opset,
      String producer,
      List<TensorInfo> tensors,
      SortedMap<String, Integer> operators) {
    this.graph = graph;
    this.opset = opset;
    this.producer = producer;
    this.tensors = tensors;
    this.operators = operators;
  }

  /**
   * Reads a model. Where it leaves the rows and columns of its input open, they are 224.
   *
   * @throws FormatException if the file is no ONNX model, is damaged, or uses what this engine does
   *     not compute; the message names the node
   * @throws IOException if the file cannot be read
   */
  public static OnnxModel read(Path file) throws IOException {
    return read(file, null);
  }

  /**
   * Reads a model.
   *
   * @param input the input's shape, {@code [N, C, H, W]}, for the extents the file leaves open; N
   *     is ignored; null for 224 rows and columns
   * @throws FormatException if the file is no ONNX model, is damaged, uses what this engine does
   *     not compute, or states other extents than {@code input}; the message names the node
   * @throws IOException if the file cannot be read
   */
  public static OnnxModel read(Path file, @Nullable Shape input) throws IOException {
    return read(file, MappedFile.map(file), input);
  }

  /** Reads a model from memory; the path is for errors and for what lies beside it. */
  static OnnxModel read(Path file, MemorySegment bytes, @Nullable Shape input)
      throws FormatException {
    Optional<String> foreign = WeightFile.foreignToOnnx(bytes);
    if (foreign.isPresent()) {
      throw new FormatException(file, foreign.get(), "", "an ONNX model");
    }
    var source = new OnnxFile(file, bytes);
    OnnxGraph graph = null;
    String producer = "";
    String version = "";
    long opset = 0;
    Protobuf model = Protobuf.of(source, "ModelProto");
    while (model.next()) {
      switch (model.field()) {
        case 2 -> producer = model.text();
        case 3 -> version = model.text();
        case 7 -> {
          if (graph != null) throw source.error("there are two graphs");
          graph = OnnxGraph.read(source, model.message("GraphProto"));
        }
        case 8 -> opset = Math.max(opset, opset(model.message("OperatorSetIdProto")));
        default -> {}
      }
    }
    if (graph == null) throw source.error("there is no graph", "an ONNX model");
    if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
      throw source.error(
          opset == 0 ? "no ONNX operator set is stated" : "operator set " + opset,
          OLDEST_OPSET + " to " + NEWEST_OPSET);
    }
    var operators = new TreeMap<String, Integer>();
    for (OnnxNode node : graph.nodes()) operators.merge(node.qualifiedOperator(), 1, Integer::sum);
    return new OnnxModel(
        OnnxTranslation.translate(source, graph, (int) opset, input),
        (int) opset,
        (producer + " " + version).strip(),
        graph.initializers().values().stream().map(OnnxTensor::info).toList(),
        operators);
  }

  /** Returns the version of ONNX's own operators in an OperatorSetIdProto; 0 for others'. */
  private static long opset(Protobuf message) throws FormatException {
    String domain = "";
    long version = 0;
    while (message.next()) {
      switch (message.field()) {
        case 1 -> domain = message.text();
        case 2 -> version = message.integer();
        default -> {}
      }
    }
    return domain.isEmpty() || domain.equals("ai.onnx") ? version : 0;
  }

  /** Returns the network. */
  public Graph graph() {
    return graph;
  }

  /** Returns the version of ONNX's operators that the file is written for. */
  public int opset() {
    return opset;
  }

  /** Returns the name and version of the program that wrote the file; empty if it does not say. */
  public String producer() {
    return producer;
  }

  /** Returns the stored tensors in the file's order; an external tensor's offset is in its file. */
  public List<TensorInfo> tensors() {
    return tensors;
  }

  /** Returns how many nodes of the file there are of each operator. */
  public SortedMap<String, Integer> operators() {
    return Collections.unmodifiableSortedMap(operators);
  }
}
