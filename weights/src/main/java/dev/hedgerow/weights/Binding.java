package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Gives a model family the weights of a file. The number of classes is the file's own.
 *
 * <p>Tensors of whole numbers, the counters {@code num_batches_tracked} and a family's auxiliary
 * heads belong to training; they are passed over where the family does not ask for them.
 */
public final class Binding {
  private static final String COUNTER = "num_batches_tracked";

  private Binding() {}

  /**
   * Builds the network of a family with the weights of a file. Weights that are stored as the
   * network wants them stay where they are.
   *
   * @param family the network
   * @param source its weights, in any dialect
   * @param input {@code [1, C, H, W]}
   * @throws MismatchException if the file's tensors are not the family's; has all differences
   * @throws FormatException if a tensor cannot be read
   * @throws IllegalArgumentException if the network does not take such an input
   */
  public static Graph bind(Family family, WeightSource source, Shape input) throws IOException {
    return bind(Release.of(family, source), input);
  }

  /** Builds the network of a release; see the other. */
  public static Graph bind(Release release, Shape input) throws IOException {
    Family family = release.family();
    WeightSource source = release.weights();
    Map<String, TensorInfo> stored = stored(source);
    int classes = classes(family, stored);
    Map<String, Shape> declared = family.parameters(classes);
    Mismatch mismatch = compare(family, declared, stored);
    if (!mismatch.isEmpty()) {
      throw new MismatchException(
          source.file(), mismatch, nearest(source, Families.all()).map(Fit::mismatch));
    }
    var parameters = new HashMap<String, Parameter>();
    for (String name : declared.keySet()) parameters.put(name, source.parameter(name));
    return family.graph(
        input, classes, (name, shape) -> Objects.requireNonNull(parameters.get(name), name));
  }

  /** Returns in what the tensors of a file differ from those of a family; reads no values. */
  public static Mismatch compare(Family family, WeightSource source) {
    Release release = Release.of(family, source);
    Map<String, TensorInfo> stored = stored(release.weights());
    Family variant = release.family();
    return compare(variant, variant.parameters(classes(variant, stored)), stored);
  }

  /**
   * Returns the family that the tensors of a file fit best: exactly, if they are its weights; none,
   * if no family shares half of its parameters with them. Reads no values.
   */
  public static Optional<Fit> nearest(WeightSource source, Collection<Family> families) {
    Fit nearest = null;
    for (Family family : families) {
      Release release = Release.of(family, source);
      Family variant = release.family();
      Map<String, TensorInfo> stored = stored(release.weights());
      Map<String, Shape> declared = variant.parameters(classes(variant, stored));
      long shared = declared.keySet().stream().filter(stored::containsKey).count();
      if (2 * shared < declared.size()) continue;
      Mismatch mismatch = compare(variant, declared, stored);
      if (nearest == null || mismatch.size() < nearest.mismatch().size()) {
        nearest = new Fit(release, mismatch);
      }
    }
    return Optional.ofNullable(nearest);
  }

  private static Mismatch compare(
      Family family, Map<String, Shape> declared, Map<String, TensorInfo> stored) {
    List<String> missing =
        declared.keySet().stream().filter(name -> !stored.containsKey(name)).toList();
    List<String> unexpected =
        stored.values().stream()
            .filter(tensor -> !declared.containsKey(tensor.name()))
            .filter(tensor -> !isTrainingState(tensor) && !family.isAuxiliary(tensor.name()))
            .map(TensorInfo::name)
            .toList();
    List<Mismatch.OtherShape> otherShape =
        stored.values().stream()
            .filter(tensor -> declared.containsKey(tensor.name()))
            .map(
                tensor ->
                    new Mismatch.OtherShape(
                        tensor.name(),
                        tensor.shape(),
                        Objects.requireNonNull(declared.get(tensor.name()))))
            .filter(shapes -> !shapes.file().equals(shapes.model()))
            .toList();
    return new Mismatch(family.name(), missing, unexpected, otherShape);
  }

  private static Map<String, TensorInfo> stored(WeightSource source) {
    var stored = new LinkedHashMap<String, TensorInfo>();
    for (TensorInfo tensor : source.tensors()) stored.put(tensor.name(), tensor);
    return stored;
  }

  private static boolean isTrainingState(TensorInfo tensor) {
    boolean real = tensor.type().startsWith("F") || tensor.type().equals("BF16");
    return !real || tensor.name().endsWith(COUNTER);
  }

  /**
   * Returns the number of rows of the file's classifier if it is whole and takes what the family
   * gives it, else the published number of classes.
   */
  private static int classes(Family family, Map<String, TensorInfo> stored) {
    int published = family.classes().size();
    TensorInfo weight = stored.get(family.classifier() + ".weight");
    TensorInfo bias = stored.get(family.classifier() + ".bias");
    if (weight == null || bias == null || bias.shape().size() == 0) return published;
    int[] model = Objects.requireNonNull(family.parameters(published).get(weight.name())).toArray();
    int[] file = weight.shape().toArray();
    if (file.length == 0 || !bias.shape().equals(Shape.of(file[0]))) return published;
    model[0] = file[0];
    return Arrays.equals(file, model) ? file[0] : published;
  }
}
