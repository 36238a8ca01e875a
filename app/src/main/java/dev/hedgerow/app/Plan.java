package dev.hedgerow.app;

import dev.hedgerow.attribution.Options;
import java.util.List;

/**
 * What is asked about every image.
 *
 * @param options the choices that all methods share; γ is each pass's own
 * @param start what the logits receive, as the user wrote it; empty for each method's own
 * @param passes the methods, each with its options
 */
record Plan(Options options, String start, List<Pass> passes) {
  Plan {
    passes = List.copyOf(passes);
  }
}
