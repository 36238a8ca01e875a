package dev.hedgerow.app.score;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Options;
import java.util.Set;

/**
 * A method that is scored.
 *
 * @param name what people call it: the method's name, and what sets its options apart
 */
public record Contender(String name, Attributor method, Options options) {
  /** Methods whose maps are gradients at the pixels: smoothed before they point. */
  private static final Set<String> GRADIENTS =
      Set.of(
          "gradient",
          "input-x-gradient",
          "smoothgrad",
          "integrated-gradients",
          "guided-backprop",
          "deconvnet");

  /**
   * Returns whether the map is smoothed before its largest value is looked for; that of a variant
   * {@code :smoothed} is already.
   */
  boolean isSmoothed() {
    String[] name = method.name().split(":", -1);
    return GRADIENTS.contains(name[0]) && !(name.length > 1 && name[1].equals("smoothed"));
  }
}
