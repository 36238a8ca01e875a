package dev.hedgerow.weights;

import dev.hedgerow.weights.KerasFile.Layer;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the layers of a Keras model among the tensors of an HDF5 file. Keras 2 lists them in the
 * attributes {@code layer_names} and {@code weight_names}. Keras 3 numbers the layers of each class
 * in the order of the model, {@code layers/conv2d, layers/conv2d_1, ...}, and their tensors, {@code
 * vars/0, vars/1, ...}; only the model's JSON says what the order is.
 */
final class KerasLayers {
  private static final String LAYERS = "layer_names";
  private static final String WEIGHTS = "weight_names";
  private static final String CONFIG = "model_config";
  private static final String NAME = "name";

  /** Where a whole model, not only its weights, has them. */
  private static final String IN_MODEL = "model_weights";

  /** The groups of layers in Keras 3.x and 3.0. */
  private static final List<String> CONTAINERS =
      List.of("layers", "_layer_checkpoint_dependencies");

  /**
   * A layer as the JSON of a model has it.
   *
   * @param layers those inside of it, if it is a model itself
   */
  private record Described(String name, String type, List<Described> layers) {}

  private final TensorTable table;
  private final Map<String, Map<String, List<String>>> attributes;
  private final List<Layer> layers = new ArrayList<>();

  private KerasLayers(TensorTable table, Map<String, Map<String, List<String>>> attributes) {
    this.table = table;
    this.attributes = attributes;
  }

  /** Returns whether an attribute says something of layers. */
  static boolean knows(String attribute) {
    return attribute.startsWith(LAYERS)
        || attribute.startsWith(WEIGHTS)
        || attribute.equals(CONFIG)
        || attribute.equals(NAME);
  }

  /**
   * Returns the file with its layers.
   *
   * @param attributes of each group, by its path
   * @param config the JSON that describes the model, where it lies beside the file
   */
  static KerasFile of(
      TensorTable table, Map<String, Map<String, List<String>>> attributes, Optional<String> config)
      throws FormatException {
    if (config.isEmpty()) {
      config =
          attributes.getOrDefault("", Map.of()).getOrDefault(CONFIG, List.of()).stream()
              .findFirst();
    }
    List<Described> described =
        config.isPresent() ? describe(table.file(), config.get()) : List.of();
    var found = new KerasLayers(table, attributes);
    for (String group : List.of("", IN_MODEL)) {
      List<String> names = found.list(group, LAYERS);
      if (!names.isEmpty()) found.listed(group, names, types(described));
    }
    if (found.layers.isEmpty()) found.numbered("", described);
    return new KerasFile(table, found.layers, config);
  }

  /** Adds the layers that the attributes list. */
  private void listed(String group, List<String> names, Map<String, String> types)
      throws FormatException {
    String prefix = group.isEmpty() ? "" : group + "/";
    for (String name : names) {
      var tensors = new ArrayList<String>();
      for (String weight : list(prefix + name, WEIGHTS)) {
        String tensor = prefix + name + "/" + weight;
        if (!table.contains(tensor)) {
          throw new FormatException(
              table.file(), "no tensor " + tensor, "layer " + name, "what weight_names lists");
        }
        tensors.add(tensor);
      }
      if (!tensors.isEmpty()) layers.add(new Layer(name, types.getOrDefault(name, ""), tensors));
    }
  }

  /** Returns a list of names; Keras cuts a long one into parts numbered from 0. */
  private List<String> list(String group, String attribute) {
    Map<String, List<String>> of = attributes.getOrDefault(group, Map.of());
    List<String> whole = of.get(attribute);
    if (whole != null) return whole;
    var parts = new ArrayList<String>();
    for (int i = 0; of.containsKey(attribute + i); i++) {
      parts.addAll(of.getOrDefault(attribute + i, List.of()));
    }
    return parts;
  }

  /** Adds the numbered layers below a group, in the order in which they are described. */
  private void numbered(String group, List<Described> described) {
    String prefix = group.isEmpty() ? "" : group + "/";
    var below = new LinkedHashMap<String, List<String>>();
    for (String container : CONTAINERS) {
      String start = prefix + container + "/";
      for (TensorInfo tensor : table.tensors()) {
        int end = tensor.name().indexOf('/', start.length());
        if (!tensor.name().startsWith(start) || end < 0) continue;
        below
            .computeIfAbsent(tensor.name().substring(0, end), path -> new ArrayList<>())
            .add(tensor.name());
      }
      if (!below.isEmpty()) {
        add(start, below, described);
        return;
      }
    }
  }

  private void add(String start, Map<String, List<String>> below, List<Described> described) {
    var counts = new HashMap<String, Integer>();
    var order = new LinkedHashMap<String, Described>();
    for (Described layer : described) {
      String stem = snakeCase(layer.type);
      int count = counts.merge(stem, 1, Integer::sum);
      order.put(start + stem + (count == 1 ? "" : "_" + (count - 1)), layer);
    }
    var paths = new LinkedHashSet<String>(order.keySet());
    paths.addAll(below.keySet());
    for (String path : paths) {
      List<String> tensors = below.get(path);
      if (tensors == null) continue;
      Described layer = order.get(path);
      if (layer != null && !layer.layers.isEmpty()) {
        numbered(path, layer.layers);
        continue;
      }
      String own =
          attributes.getOrDefault(path, Map.of()).getOrDefault(NAME, List.of()).stream()
              .findFirst()
              .orElse(path.substring(start.length()));
      tensors.sort(Comparator.comparing(KerasLayers::parent).thenComparingInt(KerasLayers::number));
      layers.add(
          new Layer(layer == null ? own : layer.name, layer == null ? "" : layer.type, tensors));
    }
  }

  private static String parent(String path) {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }

  private static int number(String path) {
    String last = path.substring(path.lastIndexOf('/') + 1);
    return last.matches("\\d{1,9}") ? Integer.parseInt(last) : 0;
  }

  /** Returns the name of a class as Keras writes it in paths: {@code batch_normalization}. */
  static String snakeCase(String type) {
    return type.replaceAll("\\W+", "")
        .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
        .replaceAll("([a-z])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }

  private static Map<String, String> types(List<Described> described) {
    var types = new HashMap<String, String>();
    for (Described layer : described) {
      types.put(layer.name, layer.type);
      types.putAll(types(layer.layers));
    }
    return types;
  }

  /** Returns the layers of a model: {@code {"config": {"layers": [...]}}}. */
  private static List<Described> describe(Path file, String config) throws FormatException {
    byte[] text = config.getBytes(StandardCharsets.UTF_8);
    var json = new JsonReader(file, MemorySegment.ofArray(text), 0);
    Described model = described(json);
    json.end();
    return model.layers;
  }

  private static Described described(JsonReader json) throws FormatException {
    var texts = new HashMap<String, String>();
    var layers = new ArrayList<Described>();
    json.object(
        key -> {
          switch (key) {
            case "class_name" -> texts.put(key, json.string());
            case "config" ->
                json.object(
                    inner -> {
                      switch (inner) {
                        case "name" -> texts.put(inner, json.string());
                        case "layers" -> json.array(() -> layers.add(described(json)));
                        default -> json.skip();
                      }
                    });
            default -> json.skip();
          }
        });
    return new Described(
        texts.getOrDefault("name", ""), texts.getOrDefault("class_name", ""), layers);
  }
}
