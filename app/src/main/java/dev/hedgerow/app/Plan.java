package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Options;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

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

  /** Returns, a line a method, which of the user's choices change nothing. */
  List<String> warnings() {
    return passes.stream()
        .map(Pass::method)
        .distinct()
        .filter(method -> !Collections.disjoint(method.ignores(), options.chosen()))
        .map(method -> method.name() + " by definition ignores " + ignored(method))
        .toList();
  }

  private String ignored(Attributor method) {
    return options.chosen().stream()
        .filter(method.ignores()::contains)
        .map(choice -> "--" + choice.name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .collect(Collectors.joining(" and "));
  }
}
