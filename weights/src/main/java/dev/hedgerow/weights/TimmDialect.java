package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Vgg;
import java.util.Map;
import java.util.Optional;

/**
 * timm's VGG: the first two linear layers are 7×7 and 1×1 convolutions, whose values lie in the
 * same order.
 */
final class TimmDialect implements Dialect {
  private static final String FIRST = "pre_logits.fc1.";
  private static final Map<String, String> MODULES =
      Map.of(
          FIRST, "classifier.0.", "pre_logits.fc2.", "classifier.3.", "head.fc.", "classifier.6.");

  @Override
  public Optional<Release> read(Family family, WeightSource source) {
    if (!(family.topology() instanceof Vgg) || !source.contains(FIRST + "weight")) {
      return Optional.empty();
    }
    var translation = new Translation.Builder(source);
    for (TensorInfo tensor : source.tensors()) {
      MODULES.forEach(
          (timm, torchvision) -> {
            if (!tensor.name().startsWith(timm)) return;
            String name = torchvision + tensor.name().substring(timm.length());
            translation.put(name, tensor, Layout.of(tensor.shape()).reshaped(matrix(tensor)));
          });
    }
    return Optional.of(new Release("timm", family, translation.build()));
  }

  private static Shape matrix(TensorInfo tensor) {
    Shape shape = tensor.shape();
    if (shape.rank() != 4 || shape.size() == 0) return shape;
    return Shape.of(shape.extent(0), shape.size() / shape.extent(0));
  }
}
