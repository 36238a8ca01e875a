package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of a file by name. */
final class TensorTable implements WeightSource {
  /** More tensors than this are refused: far more than any convolutional network has. */
  static final int MOST_TENSORS = 1 << 14;

  private final Path file;
  private final String format;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final ElementType.Kind readable;

  /**
   * Creates a table.
   *
   * @param format what the file is: {@code "safetensors"}
   * @param tensors in the file's order
   * @param readable {@code FLOATING} if integer tensors are only listed, {@code INTEGER} if they
   *     are converted
   * @throws FormatException if two tensors have the same name
   */
  TensorTable(Path file, String format, List<StoredTensor> tensors, ElementType.Kind readable)
      throws FormatException {
    this.file = file;
    this.format = format;
    this.readable = readable;
    for (StoredTensor tensor : tensors) {
      if (this.tensors.put(tensor.info().name(), tensor) != null) {
        throw new FormatException(
            file, "two tensors of the same name", "tensor " + tensor.info().name(), "one");
      }
    }
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public String format() {
    return format;
  }

  @Override
  public Collection<TensorInfo> tensors() {
    var infos = new ArrayList<TensorInfo>(tensors.size());
    for (StoredTensor tensor : tensors.values()) infos.add(tensor.info());
    return infos;
  }

  /** Returns the tensors in the file's order. */
  Collection<StoredTensor> stored() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  @Override
  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public Parameter parameter(String name) throws FormatException {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new FormatException(
          file, "no tensor " + name, "", "one of its " + tensors.size() + " tensors");
    }
    if (tensor.type().kind().compareTo(readable) > 0) {
      throw new FormatException(
          file,
          "elements of type " + tensor.type(),
          "tensor " + name,
          "a floating-point type: F32, F16, BF16 or F64");
    }
    return tensor.parameter(file);
  }

  /** Returns the file, its format and the number of tensors. */
  @Override
  public String toString() {
    return file + ": " + format + ", " + tensors.size() + " tensors";
  }
}
