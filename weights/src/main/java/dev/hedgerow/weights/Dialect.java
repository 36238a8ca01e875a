package dev.hedgerow.weights;

import dev.hedgerow.nn.Family;
import java.util.List;
import java.util.Optional;

/** How one project names the tensors of the families, lays them out, and wires its networks. */
sealed interface Dialect
    permits TorchvisionDialect,
        TimmDialect,
        TransformersDialect,
        PointingGameDialect,
        KerasDialect {
  /** The first that recognises a file reads it; torchvision's own names come last. */
  List<Dialect> ALL =
      List.of(
          new KerasDialect(),
          new TimmDialect(),
          new TransformersDialect(),
          new PointingGameDialect(),
          new TorchvisionDialect());

  /**
   * Returns a file of weights as a release of the family, if its names are of this dialect. Reads
   * no values. Tensors that the family does not know keep their names.
   */
  Optional<Release> read(Family family, WeightSource source);
}
