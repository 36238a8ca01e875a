package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a Keras model in HDF5: {@code .h5} as Keras 2 writes it, {@code .weights.h5} and
 * {@code .keras} as Keras 3 does. Tensors are called by their paths in the file: {@code
 * block1_conv1/block1_conv1/kernel:0}, {@code layers/conv2d_1/vars/0}.
 *
 * <p>Any other HDF5 file of numbers can be read too; it has no layers.
 */
public final class KerasFile implements WeightSource {
  private final TensorTable table;
  private final List<Layer> layers;
  private final Optional<String> config;

  /**
   * A layer that has weights.
   *
   * @param name its name in the model; where the file does not say, that of its group
   * @param type its class, {@code Conv2D}; empty where the file does not say
   * @param tensors the names of its tensors in Keras' order: kernel, bias; or gamma, beta, moving
   *     mean, moving variance
   */
  public record Layer(String name, String type, List<String> tensors) {
    public Layer {
      tensors = List.copyOf(tensors);
    }
  }

  KerasFile(TensorTable table, List<Layer> layers, Optional<String> config) {
    this.table = table;
    this.layers = List.copyOf(layers);
    this.config = config;
  }

  /** Returns the tensors alone. */
  TensorTable table() {
    return table;
  }

  /** Returns the layers with weights, in the order of the model where the file tells it. */
  public List<Layer> layers() {
    return layers;
  }

  /** Returns the JSON that describes the model, if the file has it. */
  public Optional<String> config() {
    return config;
  }

  @Override
  public Path file() {
    return table.file();
  }

  @Override
  public String format() {
    return table.format();
  }

  @Override
  public Collection<TensorInfo> tensors() {
    return table.tensors();
  }

  @Override
  public boolean contains(String name) {
    return table.contains(name);
  }

  @Override
  public Parameter parameter(String name) throws FormatException {
    return table.parameter(name);
  }

  @Override
  public String toString() {
    return table.toString();
  }
}
