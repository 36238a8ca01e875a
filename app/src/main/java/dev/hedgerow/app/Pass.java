package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Options;

/**
 * A method with its options.
 *
 * @param gamma the text of γ where it sets this pass apart from another of the method, else empty
 */
record Pass(Attributor method, Options options, String gamma) {
  /** Returns what people call it: {@code gradient-hedge, γ = 1.5}. */
  String label() {
    return method.name() + (gamma.isEmpty() ? "" : ", γ = " + gamma);
  }
}
