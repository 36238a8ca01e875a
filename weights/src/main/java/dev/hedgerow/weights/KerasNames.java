package dev.hedgerow.weights;

import dev.hedgerow.nn.DenseNet;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.InceptionV3;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.ResNet;
import dev.hedgerow.nn.Topology;
import dev.hedgerow.nn.Vgg;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.weights.KerasFile.Layer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which layer of a file of Keras Applications belongs to which node of a family.
 *
 * <p>VGG, ResNet and DenseNet name their layers. Inception v3 lets Keras number them, {@code
 * conv2d_17}, in the order in which they are made; the number the first one has depends on what was
 * made before. Keras 3 drops the names from files without the model's JSON and numbers the layers
 * of each kind in the order of the model, {@code layers/conv2d_3}: see {@link KerasOrder}.
 */
final class KerasNames {
  private static final String CLASSIFIER = "predictions";
  private static final String VARIABLES = "/vars/";
  private static final Pattern NUMBER = Pattern.compile("_(\\d{1,9})$");

  /** What the tensors of a layer are called, in Keras' order; ends of names from Keras 1 on. */
  private static final List<Pattern> ROLES =
      List.of(
          Pattern.compile("(?:kernel|gamma|_W)(?:_\\d+)?(?::0)?$"),
          Pattern.compile("(?:bias|beta|_b)(?:_\\d+)?(?::0)?$"),
          Pattern.compile("(?:moving|running)_mean(?:_\\d+)?(?::0)?$"),
          Pattern.compile("(?:moving_variance|running_std)(?:_\\d+)?(?::0)?$"));

  private static final Pattern RESIDUAL =
      Pattern.compile("layer(\\d+)\\.(\\d+)\\.(?:(conv|bn)(\\d)|downsample\\.([01]))");
  private static final Pattern DENSE =
      Pattern.compile("features\\.denseblock(\\d+)\\.denselayer(\\d+)\\.(norm|conv)([12])");
  private static final Pattern TRANSITION =
      Pattern.compile("features\\.transition(\\d+)\\.(norm|conv)");

  /** The kinds of layers that have weights. */
  private enum Kind {
    CONVOLUTION,
    NORMALIZATION,
    LINEAR
  }

  private KerasNames() {}

  /**
   * Returns the layers of a file: those it says it has or, if its tensors only have Keras' names,
   * those that the names tell; none if they are others.
   */
  static List<Layer> layers(WeightSource source) {
    if (source instanceof KerasFile file && !file.layers().isEmpty()) return file.layers();
    var tensors = new LinkedHashMap<String, List<String>>();
    for (TensorInfo tensor : source.tensors()) {
      String name = tensor.name();
      int end = name.lastIndexOf('/');
      boolean numbered = name.contains(VARIABLES);
      if (end < 0 || !numbered && role(name) == ROLES.size()) continue;
      String layer = numbered ? name.substring(0, name.lastIndexOf(VARIABLES)) : once(name, end);
      tensors.computeIfAbsent(layer, _ -> new ArrayList<>()).add(name);
    }
    var layers = new ArrayList<Layer>();
    tensors.forEach(
        (path, names) -> {
          names.sort(Comparator.comparingInt(KerasNames::role).thenComparingInt(KerasNames::last));
          String name = names.getFirst().contains(VARIABLES) ? lastPart(path) : path;
          layers.add(new Layer(name, "", names));
        });
    return layers;
  }

  /** Returns the layer of each node that has one. */
  static Map<Node, Layer> match(
      Topology topology, Graph graph, List<Layer> layers, Map<String, TensorInfo> tensors) {
    boolean numbered = layers.stream().allMatch(KerasNames::isNumbered);
    if (numbered || topology instanceof InceptionV3) {
      List<Node> order = numbered ? KerasOrder.of(graph) : graph.nodes();
      return inOrder(order, layers, tensors);
    }
    var byName = new HashMap<String, Layer>();
    for (Layer layer : layers) byName.putIfAbsent(layer.name().replace('/', '_'), layer);
    Map<String, String> names = names(topology);
    var matched = new HashMap<Node, Layer>();
    for (Node node : graph.nodes()) {
      Layer layer = byName.get(names.getOrDefault(node.name(), name(topology, node)));
      if (layer != null && kind(node).equals(kind(layer, tensors))) matched.put(node, layer);
    }
    return matched;
  }

  /** Whether a layer's name is only that of its group: {@code conv2d_3}. */
  private static boolean isNumbered(Layer layer) {
    String group = layer.tensors().getFirst();
    int end = group.lastIndexOf(VARIABLES);
    return end >= 0 && lastPart(group.substring(0, end)).equals(layer.name());
  }

  /** Gives each kind of node the layers of that kind, by their numbers. */
  private static Map<Node, Layer> inOrder(
      List<Node> nodes, List<Layer> layers, Map<String, TensorInfo> tensors) {
    var matched = new HashMap<Node, Layer>();
    for (Kind kind : Kind.values()) {
      List<Layer> sorted =
          layers.stream()
              .filter(layer -> kind(layer, tensors).equals(Optional.of(kind)))
              .sorted(Comparator.comparingInt(layer -> number(layer.name())))
              .toList();
      int at = 0;
      for (Node node : nodes) {
        if (!kind(node).equals(Optional.of(kind)) || at == sorted.size()) continue;
        matched.put(node, sorted.get(at++));
      }
    }
    return matched;
  }

  private static Optional<Kind> kind(Node node) {
    return switch (node.layer()) {
      case Conv2d _ -> Optional.of(Kind.CONVOLUTION);
      case BatchNorm _ -> Optional.of(Kind.NORMALIZATION);
      case Linear _ -> Optional.of(Kind.LINEAR);
      default -> Optional.empty();
    };
  }

  private static Optional<Kind> kind(Layer layer, Map<String, TensorInfo> tensors) {
    TensorInfo first = tensors.get(layer.tensors().getFirst());
    int count = layer.tensors().size();
    if (first == null || count > ROLES.size()) return Optional.empty();
    return switch (first.shape().rank()) {
      case 4 -> Optional.of(Kind.CONVOLUTION);
      case 2 -> Optional.of(Kind.LINEAR);
      case 1 -> count >= 3 ? Optional.of(Kind.NORMALIZATION) : Optional.empty();
      default -> Optional.empty();
    };
  }

  /** Returns Keras' names of the nodes that no rule tells. */
  private static Map<String, String> names(Topology topology) {
    var names = new HashMap<String, String>();
    switch (topology) {
      case Vgg vgg -> {
        int at = 0;
        for (int s = 1; s <= vgg.stages().size(); s++) {
          for (int c = 1; c <= vgg.stages().get(s - 1).size(); c++, at += 2) {
            names.put("features." + at, "block" + s + "_conv" + c);
          }
          at++;
        }
        names.put("classifier.0", "fc1");
        names.put("classifier.3", "fc2");
        names.put("classifier.6", CLASSIFIER);
      }
      case ResNet _ ->
          names.putAll(Map.of("conv1", "conv1_conv", "bn1", "conv1_bn", "fc", CLASSIFIER));
      case DenseNet _ ->
          names.putAll(
              Map.of(
                  "features.conv0", "conv1_conv",
                  "features.norm0", "conv1_bn",
                  "features.norm5", "bn",
                  "classifier", CLASSIFIER));
      default -> {}
    }
    return names;
  }

  /** Returns Keras' name of a node inside of a stage or a block. */
  private static String name(Topology topology, Node node) {
    if (topology instanceof ResNet) {
      Matcher block = RESIDUAL.matcher(node.name());
      if (!block.matches()) return "";
      boolean shortcut = block.group(3) == null;
      boolean convolution = shortcut ? block.group(5).equals("0") : block.group(3).equals("conv");
      return "conv%d_block%d_%s_%s"
          .formatted(
              Integer.parseInt(block.group(1)) + 1,
              Integer.parseInt(block.group(2)) + 1,
              shortcut ? "0" : block.group(4),
              convolution ? "conv" : "bn");
    }
    Matcher dense = DENSE.matcher(node.name());
    if (dense.matches()) {
      boolean convolution = dense.group(3).equals("conv");
      int number = Integer.parseInt(dense.group(4));
      return "conv%d_block%s_%d_%s"
          .formatted(
              Integer.parseInt(dense.group(1)) + 1,
              dense.group(2),
              convolution ? number : number - 1,
              convolution ? "conv" : "bn");
    }
    Matcher transition = TRANSITION.matcher(node.name());
    if (!transition.matches()) return "";
    return "pool%d_%s"
        .formatted(
            Integer.parseInt(transition.group(1)) + 1,
            transition.group(2).equals("conv") ? "conv" : "bn");
  }

  private static int role(String tensor) {
    for (int i = 0; i < ROLES.size(); i++) if (ROLES.get(i).matcher(tensor).find()) return i;
    return ROLES.size();
  }

  private static int last(String path) {
    String last = lastPart(path);
    return last.matches("\\d{1,9}") ? Integer.parseInt(last) : 0;
  }

  private static int number(String name) {
    Matcher number = NUMBER.matcher(name);
    return number.find() ? Integer.parseInt(number.group(1)) : 0;
  }

  /** Returns a tensor's group; Keras writes {@code fc1/fc1/kernel:0} for {@code fc1}. */
  private static String once(String tensor, int end) {
    String path = tensor.substring(0, end);
    int half = path.length() / 2;
    boolean twice =
        path.length() % 2 == 1
            && path.charAt(half) == '/'
            && path.substring(0, half).equals(path.substring(half + 1));
    return twice ? path.substring(0, half) : path;
  }

  private static String lastPart(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
