package dev.hedgerow.app;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.nn.ClassName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a network sees in an image, and where.
 *
 * @param preprocessed whether the image was the network's input already
 * @param picture the image; of a preprocessed input, a rendition of it
 * @param addPolicy what happened at residual additions, where the method minds
 * @param startLayer where explanations began; null where the method's rule decided
 * @param scores of all classes, the best first
 * @param maps in the order of the targets, and of the methods for each
 */
record Explanation(
    Path image,
    Model model,
    boolean preprocessed,
    Picture picture,
    AddPolicy addPolicy,
    @Nullable String startLayer,
    List<Score> scores,
    List<Map> maps,
    Times times) {
  Explanation {
    scores = List.copyOf(scores);
    maps = List.copyOf(maps);
  }

  /** What the network thinks of a class. */
  record Score(int index, ClassName name, float logit, float probability) {}

  /**
   * A map of relevance.
   *
   * @param gamma γ, where it means something to the method
   * @param named whether γ is part of file names
   * @param milliseconds how long it took
   */
  record Map(
      Attribution attribution,
      Heatmap heatmap,
      @Nullable Gamma gamma,
      boolean named,
      double milliseconds) {
    /** Returns the text of γ where file names carry it, else an empty text. */
    String gammaText() {
      return named && gamma != null ? gamma.text() : "";
    }
  }

  /**
   * How long the rest took, in milliseconds.
   *
   * @param read reading and preprocessing the image
   * @param forward the network's forward pass
   */
  record Times(double read, double forward) {}

  /** Returns the score of a class. */
  Score score(int index) {
    return scores.stream().filter(score -> score.index() == index).findFirst().orElseThrow();
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
    if (maps.isEmpty()) {
      Score best = scores.getFirst();
      warnings.add(
          "%s: no class is as probable as --target asks; the best is %d, %s, with %.4f"
              .formatted(image, best.index(), best.name().name(), best.probability()));
    }
    for (Map map : maps) {
      Attribution attribution = map.attribution();
      for (String warning : attribution.warnings()) {
        warnings.add(
            "%s: %s of class %d%s: %s"
                .formatted(
                    image,
                    attribution.method(),
                    attribution.target(),
                    map.gammaText().isEmpty() ? "" : ", γ = " + map.gammaText(),
                    warning));
      }
    }
    return warnings;
  }
}
