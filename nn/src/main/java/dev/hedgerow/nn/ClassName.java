package dev.hedgerow.nn;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a class of a classifier is called.
 *
 * @param wordNetId the WordNet id of its synset, {@code n01440764}, where it has one
 * @param name the name that is shown, {@code tench}
 * @param synonyms other names, {@code Tinca tinca}
 */
public record ClassName(Optional<String> wordNetId, String name, List<String> synonyms) {
  private static final Pattern WORD_NET_ID = Pattern.compile("(n\\d{8})(?:\\s+(.*))?");
  private static final Pattern SEPARATOR = Pattern.compile("\\s*[,\\t]\\s*");

  public ClassName {
    if (name.isBlank()) throw new IllegalArgumentException("a class has an empty name");
    synonyms = List.copyOf(synonyms);
  }

  /**
   * Reads one line of a list of classes: an optional WordNet id, then names with a comma or a
   * tabulator between two: {@code n01440764 tench, Tinca tinca}. A line with an id alone names the
   * class by it.
   *
   * @throws IllegalArgumentException if the line has no name
   */
  public static ClassName parse(String line) {
    String names = line.strip();
    Optional<String> id = Optional.empty();
    Matcher matcher = WORD_NET_ID.matcher(names);
    if (matcher.matches()) {
      id = Optional.of(matcher.group(1));
      names = matcher.group(2) == null ? matcher.group(1) : matcher.group(2);
    }
    List<String> all =
        SEPARATOR.splitAsStream(names).filter(name -> !name.isEmpty()).distinct().toList();
    if (all.isEmpty()) throw new IllegalArgumentException("a class has an empty name");
    return new ClassName(id, all.getFirst(), all.subList(1, all.size()));
  }

  /** Returns the id, where there is one, and the name: {@code n01440764 tench}. */
  @Override
  public String toString() {
    return wordNetId.filter(id -> !id.equals(name)).map(id -> id + " " + name).orElse(name);
  }
}
