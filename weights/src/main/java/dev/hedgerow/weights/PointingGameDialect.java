package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.ResNet;
import dev.hedgerow.nn.Topology;
import dev.hedgerow.nn.Vgg;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The networks of the pointing game, fine-tuned on VOC and COCO by Caffe and converted by TorchRay.
 * The first convolution wants blue, green, red: it is turned round. VGG's linear layers are
 * numbered without the dropouts and used as convolutions; a batch normalisation of ResNet is
 * Caffe's two layers, {@code bn1.0} for the statistics and {@code bn1.1} for scale and shift.
 */
final class PointingGameDialect implements Dialect {
  private static final Map<String, String> VGG_CLASSIFIER =
      Map.of("classifier.2.", "classifier.3.", "classifier.4.", "classifier.6.");
  private static final Pattern SPLIT = Pattern.compile("(bn\\d|downsample\\.1)\\.[01]\\.");

  @Override
  public Optional<Release> read(Family family, WeightSource source) {
    return switch (family.topology()) {
      case Vgg vgg when source.contains("classifier.4.weight") && !vgg.normalized() ->
          Optional.of(
              release(
                  family, new Vgg(vgg.stages(), vgg.hidden(), false, Vgg.Form.CAFFE), vgg(source)));
      case ResNet resNet when source.contains("bn1.1.weight") ->
          Optional.of(release(family, resNet.with(ResNet.Form.caffe()), resNet(source)));
      default -> Optional.empty();
    };
  }

  private static Release release(Family family, Topology topology, WeightSource weights) {
    return new Release("TorchRay", family.with(topology, Preprocessing.vgg()), weights);
  }

  private static WeightSource vgg(WeightSource source) {
    var translation = new Translation.Builder(source);
    for (TensorInfo tensor : source.tensors()) {
      String name = tensor.name();
      for (var module : VGG_CLASSIFIER.entrySet()) {
        if (name.startsWith(module.getKey())) {
          name = module.getValue() + name.substring(module.getKey().length());
          break;
        }
      }
      Layout layout = layout(tensor, "features.0.weight");
      boolean kernel = name.startsWith("classifier.") && name.endsWith(".weight");
      if (kernel) layout = layout.reshaped(kernel(tensor.shape(), name.contains(".0.") ? 7 : 1));
      translation.put(name, tensor, layout);
    }
    return translation.build();
  }

  /** Returns the shape of a linear layer's weight, however it is stored, as a convolution's. */
  private static Shape kernel(Shape stored, int size) {
    if (stored.rank() < 2 || stored.size() == 0) return stored;
    int columns = stored.size() / stored.extent(0);
    return columns % (size * size) == 0
        ? Shape.of(stored.extent(0), columns / (size * size), size, size)
        : stored;
  }

  private static WeightSource resNet(WeightSource source) {
    var translation = new Translation.Builder(source);
    for (TensorInfo tensor : source.tensors()) {
      String name = SPLIT.matcher(tensor.name()).replaceFirst("$1.");
      translation.put(name, tensor, layout(tensor, "conv1.weight"));
    }
    return translation.build();
  }

  private static Layout layout(TensorInfo tensor, String first) {
    Layout layout = Layout.of(tensor.shape());
    return tensor.name().equals(first) && tensor.shape().rank() == 4 ? layout.flipped(1) : layout;
  }
}
