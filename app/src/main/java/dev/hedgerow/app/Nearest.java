package dev.hedgerow.app;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the user may have meant. */
final class Nearest {
  private static final int SHOWN = 3;

  private Nearest() {}

  /**
   * Returns {@code "; did you mean a, b or c?"} with the candidates that are spelled most like
   * {@code text} or contain it; an empty text if none does.
   */
  static String to(String text, Collection<String> candidates) {
    String wanted = text.toLowerCase(Locale.ROOT);
    int tolerated = Math.max(1, (wanted.length() + 1) / 3);
    record Scored(String name, int distance) {}
    List<String> near =
        candidates.stream()
            .distinct()
            .map(
                name -> {
                  String known = name.toLowerCase(Locale.ROOT);
                  boolean contains = wanted.length() >= 3 && known.contains(wanted);
                  return new Scored(name, contains ? 0 : distance(wanted, known));
                })
            .filter(scored -> scored.distance <= tolerated)
            .sorted(Comparator.comparingInt(Scored::distance))
            .limit(SHOWN)
            .map(Scored::name)
            .toList();
    return near.isEmpty() ? "" : "; did you mean " + list(near) + "?";
  }

  /** Returns {@code "a, b or c"}. */
  static String list(List<String> names) {
    if (names.size() == 1) return names.getFirst();
    return names.stream().limit(names.size() - 1L).collect(Collectors.joining(", "))
        + " or "
        + names.getLast();
  }

  /** Levenshtein's distance: the fewest insertions, deletions and replacements. */
  private static int distance(String a, String b) {
    int[] above = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) above[j] = j;
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, Math.min(above[j], row[j - 1]) + 1);
      }
      int[] swap = above;
      above = row;
      row = swap;
    }
    return above[b.length()];
  }
}
