package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.DenseNet;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.InceptionV3;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.ResNet;
import dev.hedgerow.nn.ResNet.Block;
import dev.hedgerow.nn.Vgg;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.weights.KerasFile.Layer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Keras Applications. Kernels are stored with their output channels last; VGG's first linear layer
 * reads an image whose channels come last; VGG and ResNet want blue, green, red, so that their
 * first convolution is turned round. ResNet has biases everywhere and its stride in the 1×1
 * convolutions (and a larger ε by its old names), Inception v3 no γ and average pools that do not
 * count their border; each has its own preprocessing. Tensors outside of layers, an optimizer's
 * say, are passed over.
 */
final class KerasDialect implements Dialect {
  private static final float EPSILON = 1.001e-5f;

  /** That of Keras' batch normalisation where nothing is said. */
  private static final float DEFAULT_EPSILON = 1e-3f;

  /** Extent of the image that VGG's first linear layer reads. */
  private static final int VGG_IMAGE = 7;

  @Override
  public Optional<Release> read(Family family, WeightSource source) {
    List<Layer> layers = KerasNames.layers(source);
    if (layers.isEmpty()) return Optional.empty();
    Optional<Family> variant = variant(family, layers);
    if (variant.isEmpty()) return Optional.empty();
    return Optional.of(new Release("Keras", variant.get(), weights(variant.get(), source, layers)));
  }

  private static Optional<Family> variant(Family family, List<Layer> layers) {
    Preprocessing own = family.preprocessing();
    return switch (family.topology()) {
      case Vgg vgg when !vgg.normalized() ->
          Optional.of(family.with(vgg, sized(Preprocessing.vgg(), own)));
      case ResNet resNet when resNet.block() == Block.BOTTLENECK && resNet.groups() == 1 -> {
        float epsilon = KerasNames.isOldResNet(layers) ? DEFAULT_EPSILON : EPSILON;
        yield Optional.of(
            family.with(resNet.with(ResNet.Form.keras(epsilon)), sized(Preprocessing.vgg(), own)));
      }
      case DenseNet net ->
          Optional.of(
              family.with(
                  new DenseNet(net.stem(), net.growth(), net.bottleneck(), net.blocks(), EPSILON),
                  own));
      case InceptionV3 net ->
          Optional.of(
              family.with(
                  new InceptionV3(net.width(), false, false),
                  sized(Preprocessing.tensorFlow(), own)));
      default -> Optional.empty();
    };
  }

  private static Preprocessing sized(Preprocessing preprocessing, Preprocessing like) {
    return preprocessing.withSize(like.height(), like.width());
  }

  private static WeightSource weights(Family family, WeightSource source, List<Layer> layers) {
    var translation = new Translation.Builder(source);
    Graph graph = family.outline();
    Map<Node, Layer> matched =
        KerasNames.match(family.topology(), graph, layers, translation.stored());
    boolean reversed = family.topology() instanceof Vgg || family.topology() instanceof ResNet;
    boolean first = true;
    for (Node node : graph.nodes()) {
      boolean convolution = node.layer() instanceof Conv2d;
      Layer layer = matched.get(node);
      if (layer != null) {
        List<TensorInfo> tensors =
            layer.tensors().stream()
                .map(name -> Objects.requireNonNull(translation.stored().get(name)))
                .toList();
        if (node.layer() instanceof BatchNorm) {
          batchNorm(translation, node.name(), tensors);
        } else {
          boolean image = family.topology() instanceof Vgg && node.name().equals("classifier.0");
          weighted(translation, node.name(), tensors, first && reversed, image);
        }
      }
      if (convolution) first = false;
    }
    if (source instanceof KerasFile) {
      Set<String> others = new HashSet<>(translation.stored().keySet());
      for (Layer layer : layers) layer.tensors().forEach(others::remove);
      translation.drop(others);
    }
    return translation.build();
  }

  /** Adds kernel and bias of a convolution or a linear layer. */
  private static void weighted(
      Translation.Builder translation,
      String name,
      List<TensorInfo> tensors,
      boolean reversed,
      boolean image) {
    TensorInfo kernel = tensors.getFirst();
    translation.put(name + ".weight", kernel, kernel(kernel.shape(), reversed, image));
    if (tensors.size() > 1) {
      TensorInfo bias = tensors.get(1);
      translation.put(name + ".bias", bias, Layout.of(bias.shape()));
    }
  }

  private static Layout kernel(Shape shape, boolean reversed, boolean image) {
    if (shape.rank() == 4) {
      Layout kernel = Layout.of(shape).permuted(3, 2, 0, 1);
      return reversed ? kernel.flipped(1) : kernel;
    }
    if (shape.rank() != 2) return Layout.of(shape);
    int in = shape.extent(0);
    int area = VGG_IMAGE * VGG_IMAGE;
    if (!image || in % area != 0) return Layout.of(shape).permuted(1, 0);
    return Layout.of(Shape.of(VGG_IMAGE, VGG_IMAGE, in / area, shape.extent(1)))
        .permuted(3, 2, 0, 1)
        .reshaped(Shape.of(shape.extent(1), in));
  }

  /** Adds [γ,] β, mean and variance of a batch normalisation. */
  private static void batchNorm(
      Translation.Builder translation, String name, List<TensorInfo> tensors) {
    if (tensors.size() == 3) translation.ones(name + ".weight", tensors.getFirst());
    List<String> parts = List.of("weight", "bias", "running_mean", "running_var");
    int skipped = parts.size() - tensors.size();
    for (int i = Math.max(skipped, 0); i < parts.size(); i++) {
      TensorInfo tensor = tensors.get(i - skipped);
      translation.put(name + "." + parts.get(i), tensor, Layout.of(tensor.shape()));
    }
  }
}
