package dev.hedgerow.weights;

import dev.hedgerow.nn.DenseNet;
import dev.hedgerow.nn.Family;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * torchvision's names as they are found in the wild: all behind one prefix, as training frameworks
 * write them ({@code module.}, {@code model.}, {@code backbone.}); in the first DenseNets {@code
 * norm.1} and {@code conv.2} where it is {@code norm1} and {@code conv2} now. timm has the same
 * names for ResNets, DenseNets and Inception v3.
 */
final class TorchvisionDialect implements Dialect {
  private static final Pattern OLD_DENSE_LAYER =
      Pattern.compile("(\\.denselayer\\d+\\.(?:norm|conv))\\.([12])\\.");

  @Override
  public Optional<Release> read(Family family, WeightSource source) {
    String prefix = prefix(family, source.tensors());
    boolean old =
        family.topology() instanceof DenseNet
            && source.tensors().stream()
                .anyMatch(tensor -> OLD_DENSE_LAYER.matcher(tensor.name()).find());
    if (prefix.isEmpty() && !old) return Optional.empty();
    WeightSource renamed =
        Translation.renamed(
            source,
            name -> {
              String own = name.substring(prefix.length());
              return old ? OLD_DENSE_LAYER.matcher(own).replaceAll("$1$2.") : own;
            });
    return Optional.of(Release.torchvision(family, renamed));
  }

  /** Returns what stands before the names of all tensors, the family's first one among them. */
  private static String prefix(Family family, Collection<TensorInfo> tensors) {
    String first = family.parameters(family.classes().size()).keySet().iterator().next();
    return tensors.stream()
        .map(TensorInfo::name)
        .filter(name -> name.endsWith("." + first))
        .map(name -> name.substring(0, name.length() - first.length()))
        .filter(prefix -> tensors.stream().allMatch(t -> t.name().startsWith(prefix)))
        .findFirst()
        .orElse("");
  }
}
