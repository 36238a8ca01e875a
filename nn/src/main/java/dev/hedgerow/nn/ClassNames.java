package dev.hedgerow.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The names of a classifier's classes in the order of its logits; immutable. */
public final class ClassNames {
  private static final Pattern INDEX = Pattern.compile("\\d{1,9}");
  private static final int CANDIDATES_SHOWN = 8;

  private static final ClassNames CIFAR10 =
      parse(
          List.of(
              "airplane",
              "automobile",
              "bird",
              "cat",
              "deer",
              "dog",
              "frog",
              "horse",
              "ship",
              "truck"));

  private final List<ClassName> classes;
  private final Map<String, Set<Integer>> byName = new LinkedHashMap<>();
  private final Map<String, Set<Integer>> bySynonym = new LinkedHashMap<>();

  private ClassNames(List<ClassName> classes) {
    this.classes = List.copyOf(classes);
    for (int i = 0; i < classes.size(); i++) {
      ClassName known = classes.get(i);
      index(byName, known.name(), i);
      if (known.wordNetId().isPresent()) index(byName, known.wordNetId().get(), i);
      for (String synonym : known.synonyms()) index(bySynonym, synonym, i);
    }
  }

  private static void index(Map<String, Set<Integer>> index, String name, int position) {
    index.computeIfAbsent(fold(name), key -> new LinkedHashSet<>()).add(position);
  }

  private static String fold(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }

  /** Returns the given classes; the first belongs to logit 0. */
  public static ClassNames of(List<ClassName> classes) {
    return new ClassNames(classes);
  }

  /**
   * Reads a list of classes, one a line, as {@link ClassName#parse} reads a line. Empty lines at
   * the end do not count.
   *
   * @throws IllegalArgumentException if a line has no name; the message has its number
   */
  public static ClassNames parse(List<String> lines) {
    int end = lines.size();
    while (end > 0 && lines.get(end - 1).isBlank()) end--;
    var classes = new ArrayList<ClassName>(end);
    for (String line : lines.subList(0, end)) {
      try {
        classes.add(ClassName.parse(line));
      } catch (IllegalArgumentException wrong) {
        throw new IllegalArgumentException(
            "line " + (classes.size() + 1) + ": " + wrong.getMessage(), wrong);
      }
    }
    return new ClassNames(classes);
  }

  /**
   * Returns names for classes of which only the number is known: {@code class 0}, ...
   *
   * @throws IllegalArgumentException if there are more than a million, more than any classifier has
   */
  public static ClassNames numbered(int classes) {
    if (classes > 1_000_000) {
      throw new IllegalArgumentException(classes + " classes, expected at most 1000000");
    }
    return parse(IntStream.range(0, classes).mapToObj(i -> "class " + i).toList());
  }

  /** Returns the 1,000 classes of ImageNet, in the order of ILSVRC 2012. */
  public static ClassNames imageNet() {
    return ImageNetClasses.names();
  }

  /** Returns the ten classes of CIFAR-10. */
  public static ClassNames cifar10() {
    return CIFAR10;
  }

  /** Returns the number of classes. */
  public int size() {
    return classes.size();
  }

  /** Returns all classes in the order of the logits. */
  public List<ClassName> all() {
    return classes;
  }

  /**
   * Returns the class of a logit.
   *
   * @throws IllegalArgumentException if there is none
   */
  public ClassName get(int index) {
    if (index < 0 || index >= classes.size()) {
      throw new IllegalArgumentException(
          "there is no class " + index + ", only 0 to " + (classes.size() - 1));
    }
    return classes.get(index);
  }

  /**
   * Returns the index of the class that is meant by its index in digits, by its WordNet id or name,
   * or, where no class has that name, by a synonym. Upper and lower case are the same.
   *
   * @throws IllegalArgumentException if no class is meant, or more than one; the message lists the
   *     candidates
   */
  public int find(String text) {
    String wanted = fold(text);
    if (INDEX.matcher(wanted).matches()) {
      int index = Integer.parseInt(wanted);
      get(index);
      return index;
    }
    Set<Integer> meant = byName.getOrDefault(wanted, bySynonym.getOrDefault(wanted, Set.of()));
    if (meant.size() == 1) return meant.iterator().next();
    if (!meant.isEmpty()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" names " + meant.size() + " classes: " + list(meant));
    }
    Set<Integer> candidates = containing(wanted);
    throw new IllegalArgumentException(
        "no class is named \""
            + text
            + "\""
            + (candidates.isEmpty() ? "" : "; it is a part of " + list(candidates)));
  }

  private Set<Integer> containing(String wanted) {
    var found = new LinkedHashSet<Integer>();
    if (wanted.isEmpty()) return found;
    for (Map<String, Set<Integer>> index : List.of(byName, bySynonym)) {
      index.forEach(
          (name, positions) -> {
            if (name.contains(wanted)) found.addAll(positions);
          });
    }
    return found;
  }

  private String list(Set<Integer> candidates) {
    String shown =
        candidates.stream()
            .limit(CANDIDATES_SHOWN)
            .map(i -> i + " (" + classes.get(i) + ")")
            .collect(Collectors.joining(", "));
    int more = candidates.size() - CANDIDATES_SHOWN;
    return more > 0 ? shown + " and " + more + " more" : shown;
  }
}
