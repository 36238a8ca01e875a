package dev.hedgerow.weights;

import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Preprocessing;
import java.util.Optional;

/**
 * What a file of weights is for: the same layers were published by several projects, each with its
 * own names, wiring and preprocessing.
 *
 * @param dialect whose names the file has: {@code torchvision}, {@code timm}, {@code transformers},
 *     {@code TorchRay} or {@code Keras}
 * @param family the network as that project has it, which knows the preprocessing
 * @param weights the file's tensors by the names and in the layouts of {@code family}
 */
public record Release(String dialect, Family family, WeightSource weights) {
  private static final String TORCHVISION = "torchvision";

  /**
   * Returns what a file is, read as weights of a family. One that is in no known dialect is
   * returned as it is; {@link Binding} says in what it differs. Reads no values.
   */
  public static Release of(Family family, WeightSource source) {
    for (Dialect dialect : Dialect.ALL) {
      Optional<Release> release = dialect.read(family, source);
      if (release.isPresent()) return release.get();
    }
    return torchvision(family, source);
  }

  static Release torchvision(Family family, WeightSource weights) {
    return new Release(TORCHVISION, family, weights);
  }

  /** Returns how the release wants pictures. */
  public Preprocessing preprocessing() {
    return family.preprocessing();
  }
}
