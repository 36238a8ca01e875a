package dev.hedgerow.app;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.nn.ClassName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a network sees in an image, and where.
 *
 * @param preprocessed whether the image was the network's input already
 * @param picture the image; of a preprocessed input, a rendition of it
 * @param plan what was asked
 * @param scores of all classes, the best first
 * @param results in the order of the targets, and of the plan's passes for each
 */
record Explanation(
    Path image,
    Model model,
    boolean preprocessed,
    Picture picture,
    Plan plan,
    List<Score> scores,
    List<Result> results,
    Times times) {
  Explanation {
    scores = List.copyOf(scores);
    results = List.copyOf(results);
  }

  /** What the network thinks of a class. */
  record Score(int index, ClassName name, float logit, float probability) {}

  /** What came of one method for one class. */
  sealed interface Result {
    Pass pass();

    /** Returns the class. */
    int target();

    /** Returns how long it took. */
    double milliseconds();

    /** Returns what people call it: {@code gradient-hedge of class 281, γ = 1.5}. */
    default String label() {
      return "%s of class %d%s"
          .formatted(
              pass().method().name(),
              target(),
              pass().gamma().isEmpty() ? "" : ", γ = " + pass().gamma());
    }
  }

  /** A map of relevance. */
  record Map(Pass pass, Attribution attribution, Heatmap heatmap, double milliseconds)
      implements Result {
    @Override
    public int target() {
      return attribution.target();
    }

    /** Returns whether the map is 0 everywhere. */
    boolean isEmpty() {
      return heatmap.scale() == 0;
    }
  }

  /** No map. */
  record Failed(Pass pass, int target, Throwable error, double milliseconds) implements Result {}

  /**
   * How long the rest took, in milliseconds; waiting for the {@link WarmUp} is in neither.
   *
   * @param read reading and preprocessing the image
   * @param forward the network's forward pass
   */
  record Times(double read, double forward) {}

  /** Returns the score of a class. */
  Score score(int index) {
    return scores.stream().filter(score -> score.index() == index).findFirst().orElseThrow();
  }

  /** Returns the maps. */
  List<Map> maps() {
    return results.stream().filter(Map.class::isInstance).map(Map.class::cast).toList();
  }

  /** Returns the maps of a method, whatever its γ. */
  List<Heatmap> maps(Attributor method) {
    return maps().stream()
        .filter(map -> map.pass().method().equals(method))
        .map(Map::heatmap)
        .toList();
  }

  /** Returns what failed. */
  List<Failed> failed() {
    return results.stream().filter(Failed.class::isInstance).map(Failed.class::cast).toList();
  }

  /** Returns what the user should know, a line each. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if (model.preprocessAssumed() && !preprocessed) {
      warnings.add(
          model.name()
              + " does not state its preprocessing: imagenet assumed, --preprocess sets it");
    }
    for (String warning : picture.warnings()) warnings.add(image + ": " + warning);
    if (results.isEmpty()) {
      Score best = scores.getFirst();
      warnings.add(
          "%s: no class is as probable as --target asks; the best is %d, %s, with %.4f"
              .formatted(image, best.index(), best.name().name(), best.probability()));
    }
    for (Map map : maps()) {
      for (String warning : map.attribution().warnings()) {
        warnings.add("%s: %s: %s".formatted(image, map.label(), warning));
      }
    }
    return warnings;
  }
}
