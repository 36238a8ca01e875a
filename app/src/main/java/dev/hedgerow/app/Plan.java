package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.Options.Choice;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is asked about every image.
 *
 * @param options the choices that all methods share; γ is each pass's own
 * @param start what the logits receive, as the user wrote it; empty for each method's own
 * @param unheard which of the user's options no method asked for has, a line each
 * @param passes the methods, each with its options
 */
record Plan(Options options, String start, List<String> unheard, List<Pass> passes) {
  Plan {
    unheard = List.copyOf(unheard);
    passes = List.copyOf(passes);
  }

  /** Returns, a line each, which of the user's choices change nothing. */
  List<String> warnings() {
    return Stream.concat(
            unheard.stream(), passes.stream().map(Pass::method).distinct().flatMap(this::warning))
        .toList();
  }

  private Stream<String> warning(Attributor method) {
    Set<Choice> heard = options.chosen();
    Set<Choice> ignored = options.chosen();
    ignored.retainAll(method.ignores(options));
    heard.removeAll(ignored);
    if (ignored.isEmpty()) return Stream.of();
    boolean always = method.ignores(Options.standard()).containsAll(ignored);
    return Stream.of(
        method.name()
            + " by definition ignores "
            + names(ignored)
            + (always ? "" : " beside " + names(heard)));
  }

  private static String names(Set<Choice> choices) {
    return choices.stream()
        .map(choice -> "--" + choice.name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .collect(Collectors.joining(" and "));
  }
}
