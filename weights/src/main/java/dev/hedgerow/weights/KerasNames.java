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
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which layer of a file of Keras Applications belongs to which node of a family.
 *
 * <p>VGG, ResNet and DenseNet name their layers, the first ResNet-50 by other names, {@code
 * res4a_branch2b}. Inception v3 lets Keras number them, {@code conv2d_17}, in the order in which
 * they are made; the number the first one has depends on what was made before. Keras 3 drops the
 * names from files without the model's JSON and numbers the layers of each kind in the order of the
 * model, {@code layers/conv2d_3}: see {@link KerasOrder}.
 */
final class KerasNames {
  /** What the last layer is called, now and in the published files of ResNet and DenseNet. */
  private static final List<String> CLASSIFIER = List.of("predictions", "probs", "fc1000");

  private static final String OLD_STEM_NORM = "bn_conv1";
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
    Map<String, List<String>> names = names(topology);
    var matched = new HashMap<Node, Layer>();
    for (Node node : graph.nodes()) {
      names.getOrDefault(node.name(), names(topology, node)).stream()
          .map(byName::get)
          .filter(Objects::nonNull)
          .filter(layer -> kind(node).equals(kind(layer, tensors)))
          .findFirst()
          .ifPresent(layer -> matched.put(node, layer));
    }
    return matched;
  }

  /** Whether layers are called as those of the first ResNet-50. */
  static boolean isOldResNet(List<Layer> layers) {
    return layers.stream().anyMatch(layer -> layer.name().equals(OLD_STEM_NORM));
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

  /** Returns Keras' names, any of which it may be, of the nodes that no rule tells. */
  private static Map<String, List<String>> names(Topology topology) {
    var names = new HashMap<String, List<String>>();
    switch (topology) {
      case Vgg vgg -> {
        int at = 0;
        for (int s = 1; s <= vgg.stages().size(); s++) {
          for (int c = 1; c <= vgg.stages().get(s - 1).size(); c++, at += 2) {
            names.put("features." + at, List.of("block" + s + "_conv" + c));
          }
          at++;
        }
        names.put("classifier.0", List.of("fc1"));
        names.put("classifier.3", List.of("fc2"));
        names.put("classifier.6", CLASSIFIER);
      }
      case ResNet _ ->
          names.putAll(
              Map.of(
                  "conv1", List.of("conv1_conv", "conv1"),
                  "bn1", List.of("conv1_bn", OLD_STEM_NORM),
                  "fc", CLASSIFIER));
      case DenseNet _ ->
          names.putAll(
              Map.of(
                  "features.conv0", List.of("conv1_conv"),
                  "features.norm0", List.of("conv1_bn"),
                  "features.norm5", List.of("bn"),
                  "classifier", CLASSIFIER));
      default -> {}
    }
    return names;
  }

  /** Returns Keras' names, either of which it may be, of a node inside of a stage or a block. */
  private static List<String> names(Topology topology, Node node) {
    if (!(topology instanceof ResNet)) return List.of(name(node));
    Matcher block = RESIDUAL.matcher(node.name());
    if (!block.matches()) return List.of();
    boolean shortcut = block.group(3) == null;
    boolean convolution = shortcut ? block.group(5).equals("0") : block.group(3).equals("conv");
    int stage = Integer.parseInt(block.group(1)) + 1;
    int number = Integer.parseInt(block.group(2));
    int part = shortcut ? 0 : Integer.parseInt(block.group(4));
    return List.of(
        "conv%d_block%d_%d_%s".formatted(stage, number + 1, part, convolution ? "conv" : "bn"),
        "%s%d%c_branch%s"
            .formatted(
                convolution ? "res" : "bn",
                stage,
                'a' + number,
                shortcut ? "1" : "2" + (char) ('a' + part - 1)));
  }

  /** Returns Keras' name of a node inside of one of DenseNet's blocks or between two. */
  private static String name(Node node) {
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
