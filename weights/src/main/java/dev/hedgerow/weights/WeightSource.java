package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import java.nio.file.Path;
import java.util.Collection;

/** The named tensors of a file, read when they are asked for. */
public interface WeightSource {
  /** Returns the file. */
  Path file();

  /** Returns what the file is: {@code safetensors}. */
  default String format() {
    return "weights";
  }

  /** Returns what is known of every tensor, in the file's order. */
  Collection<TensorInfo> tensors();

  /** Returns whether there is a tensor of that name. */
  boolean contains(String name);

  /**
   * Returns the tensor of that name as float32 values: in place in the mapped file where it holds
   * them so, converted otherwise.
   *
   * @throws FormatException if there is no such tensor, or its elements are no floating-point
   *     numbers
   */
  Parameter parameter(String name) throws FormatException;
}
