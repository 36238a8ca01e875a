package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * In what the tensors of a file differ from the parameters of a model.
 *
 * @param model the model's name
 * @param missing parameters that the file does not have, in the model's order
 * @param unexpected tensors that the model does not have, in the file's order
 * @param otherShape tensors of another shape than the parameter, in the file's order
 */
public record Mismatch(
    String model, List<String> missing, List<String> unexpected, List<OtherShape> otherShape) {
  /**
   * A tensor of another shape than the parameter of its name.
   *
   * @param name the name of both
   * @param file the tensor's shape
   * @param model the parameter's shape
   */
  public record OtherShape(String name, Shape file, Shape model) {
    /** Returns {@code fc.weight: file [10, 2048], model [1000, 2048]}. */
    @Override
    public String toString() {
      return FormatException.oneLine(name) + ": file " + file + ", model " + model;
    }
  }

  public Mismatch {
    missing = List.copyOf(missing);
    unexpected = List.copyOf(unexpected);
    otherShape = List.copyOf(otherShape);
  }

  /** Returns whether there is no difference: the file fits the model. */
  public boolean isEmpty() {
    return missing.isEmpty() && unexpected.isEmpty() && otherShape.isEmpty();
  }

  /** Returns the number of differences. */
  public int size() {
    return missing.size() + unexpected.size() + otherShape.size();
  }

  /** Returns the number of differences in words: {@code 1 difference}. */
  public String count() {
    return size() + (size() == 1 ? " difference" : " differences");
  }

  /** Returns a line for each difference: {@code missing fc.bias}. */
  public List<String> lines() {
    var lines = new ArrayList<String>();
    missing.forEach(name -> lines.add("missing " + name));
    unexpected.forEach(name -> lines.add("unexpected " + FormatException.oneLine(name)));
    otherShape.forEach(shapes -> lines.add("of another shape " + shapes));
    return lines;
  }

  /**
   * Returns one line with all differences: {@code resnet50: 2 tensors missing (layer4.2.bn3.weight,
   * fc.bias), 1 unexpected (head.weight), 1 of another shape (fc.weight: file [10, 2048], model
   * [1000, 2048])}.
   */
  @Override
  public String toString() {
    var parts = new ArrayList<String>();
    List<String> names = unexpected.stream().map(FormatException::oneLine).toList();
    add(parts, "missing", missing);
    add(parts, "unexpected", names);
    add(parts, "of another shape", otherShape);
    return model + ": " + (parts.isEmpty() ? "all tensors fit" : String.join(", ", parts));
  }

  /** Adds {@code 2 tensors missing (a, b)}; only the first part says what is counted. */
  private static void add(List<String> parts, String kind, List<?> differences) {
    int count = differences.size();
    if (count == 0) return;
    String counted = parts.isEmpty() ? (count == 1 ? " tensor " : " tensors ") : " ";
    String names = differences.stream().map(Object::toString).collect(Collectors.joining(", "));
    parts.add(count + counted + kind + " (" + names + ")");
  }
}
