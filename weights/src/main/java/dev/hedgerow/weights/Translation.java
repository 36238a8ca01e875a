package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a file under other names and, where need be, in other layouts. What has no new
 * name keeps its own.
 */
final class Translation implements WeightSource {
  private final WeightSource source;
  private final Map<String, Origin> origins;

  /**
   * Where a tensor comes from.
   *
   * @param info of the tensor, as this source has it
   * @param stored its name in the file
   * @param layout of its values; null if all are 1
   */
  private record Origin(TensorInfo info, String stored, @Nullable Layout layout) {}

  private Translation(WeightSource source, Map<String, Origin> origins) {
    this.source = source;
    this.origins = origins;
  }

  /** Returns a file's tensors under the names that a function gives them. */
  static WeightSource renamed(WeightSource source, UnaryOperator<String> name) {
    var translation = new Builder(source);
    for (TensorInfo tensor : source.tensors()) {
      String to = name.apply(tensor.name());
      translation.put(to, tensor, Layout.of(tensor.shape()));
    }
    return translation.build();
  }

  @Override
  public Path file() {
    return source.file();
  }

  @Override
  public String format() {
    return source.format();
  }

  @Override
  public Collection<TensorInfo> tensors() {
    return origins.values().stream().map(Origin::info).toList();
  }

  @Override
  public boolean contains(String name) {
    return origins.containsKey(name);
  }

  @Override
  public Parameter parameter(String name) throws FormatException {
    Origin origin = origins.get(name);
    // The file's own error says what is missing.
    if (origin == null) return source.parameter(name);
    if (origin.layout != null) return origin.layout.apply(source.parameter(origin.stored));
    float[] ones = new float[origin.info.shape().size()];
    Arrays.fill(ones, 1);
    return Parameter.of(origin.info.shape(), ones);
  }

  @Override
  public String toString() {
    return source.toString();
  }

  /** Collects what each tensor becomes. */
  static final class Builder {
    private final WeightSource source;
    private final Map<String, TensorInfo> stored = new LinkedHashMap<>();
    private final Map<String, Origin> origins = new LinkedHashMap<>();
    private final Set<String> used = new HashSet<>();

    Builder(WeightSource source) {
      this.source = source;
      for (TensorInfo tensor : source.tensors()) stored.put(tensor.name(), tensor);
    }

    /** Returns the file's tensors by their own names. */
    Map<String, TensorInfo> stored() {
      return stored;
    }

    /** Gives a tensor of the file a new name and layout. */
    void put(String name, TensorInfo tensor, Layout layout) {
      origins.put(name, new Origin(as(name, layout.shape(), tensor), tensor.name(), layout));
      used.add(tensor.name());
    }

    /** Adds a tensor of ones, as long as one of the file's. */
    void ones(String name, TensorInfo like) {
      origins.put(name, new Origin(as(name, like.shape(), like), like.name(), null));
    }

    /** Says that tensors of the file mean nothing to a network. */
    void drop(Collection<String> tensors) {
      used.addAll(tensors);
    }

    /** Returns the tensors, those that nothing was said of under their own names. */
    Translation build() {
      List<TensorInfo> others = new ArrayList<>(stored.values());
      others.removeIf(tensor -> used.contains(tensor.name()));
      for (TensorInfo tensor : others) {
        origins.putIfAbsent(
            tensor.name(), new Origin(tensor, tensor.name(), Layout.of(tensor.shape())));
      }
      return new Translation(source, origins);
    }

    private static TensorInfo as(String name, Shape shape, TensorInfo tensor) {
      return new TensorInfo(name, shape, tensor.type(), tensor.offset());
    }
  }
}
