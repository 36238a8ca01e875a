package dev.hedgerow.app;

import dev.hedgerow.nn.ClassNames;
import it.unimi.dsi.fastutil.ints.IntArrays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which classes of an image to explain, in this order, each once:
 *
 * <pre>
 * targets = target { "," target }
 * target  = "top" | index | class name | "p>" probability
 * </pre>
 */
record Targets(List<Target> parts) {
  private static final Pattern ABOVE = Pattern.compile("p\\s*>\\s*(.*)");

  Targets {
    parts = List.copyOf(parts);
  }

  /** Selects classes. */
  sealed interface Target {}

  /** The {@code count} classes of the highest probability, the highest first. */
  record Best(int count) implements Target {}

  /** All classes of a probability above {@code probability}, the highest first. */
  record Above(double probability) implements Target {}

  /** The class that has this index or name. */
  record Named(String name) implements Target {}

  /** Selects the {@code count} classes of the highest probability. */
  static Targets best(int count) {
    return new Targets(List.of(new Best(count)));
  }

  /**
   * Reads a list of targets.
   *
   * @throws IllegalArgumentException if it is not one
   */
  static Targets parse(String text) {
    List<Target> parts = new ArrayList<>();
    for (String part : text.split(",", -1)) parts.add(target(part.strip()));
    return new Targets(parts);
  }

  private static Target target(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException(
          "an empty target, expected top, an index, a class name or p>0.5");
    }
    if (text.equals("top")) return new Best(1);
    Matcher above = ABOVE.matcher(text);
    if (!above.matches()) return new Named(text);
    try {
      double probability = Double.parseDouble(above.group(1));
      if (probability >= 0 && probability < 1) return new Above(probability);
    } catch (NumberFormatException noNumber) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is no target, expected p> and a probability from 0 to below 1");
  }

  /**
   * Returns what selects classes by their probability alone, names having become indices.
   *
   * @throws IllegalArgumentException if a class is unknown or a name means several
   */
  Selection among(ClassNames classes) {
    List<Integer> named = new ArrayList<>();
    for (Target part : parts) {
      named.add(part instanceof Named(String name) ? find(name, classes) : -1);
    }
    return probabilities -> {
      int[] order = descending(probabilities);
      Set<Integer> selected = new LinkedHashSet<>();
      for (int i = 0; i < parts.size(); i++) {
        switch (parts.get(i)) {
          case Best(int count) -> Arrays.stream(order).limit(count).forEach(selected::add);
          case Above(double least) ->
              Arrays.stream(order).takeWhile(k -> probabilities[k] > least).forEach(selected::add);
          case Named ignored -> selected.add(named.get(i));
        }
      }
      return List.copyOf(selected);
    };
  }

  private static int find(String name, ClassNames classes) {
    try {
      return classes.find(name);
    } catch (IllegalArgumentException unknown) {
      String wanted = name.toLowerCase(Locale.ROOT);
      List<String> known =
          classes.all().stream()
              .flatMap(names -> Stream.concat(Stream.of(names.name()), names.synonyms().stream()))
              .toList();
      // A name of which this is a part is in the message already.
      if (known.stream().anyMatch(text -> text.toLowerCase(Locale.ROOT).contains(wanted))) {
        throw unknown;
      }
      throw new IllegalArgumentException(unknown.getMessage() + Nearest.to(name, known), unknown);
    }
  }

  /** Selects classes of one image. */
  interface Selection {
    /**
     * Returns class indices.
     *
     * @param probabilities one a class
     */
    List<Integer> of(float[] probabilities);
  }

  /** Returns the indices of {@code values}, that of the largest first; ties in index order. */
  static int[] descending(float[] values) {
    int[] order = IntStream.range(0, values.length).toArray();
    IntArrays.stableSort(order, (a, b) -> Float.compare(values[b], values[a]));
    return order;
  }
}
