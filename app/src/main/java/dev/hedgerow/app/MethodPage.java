package dev.hedgerow.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The page of a method in {@code docs/methods}, which is packed with the program.
 *
 * @param title its first heading
 * @param sections the text under each further heading, in Markdown
 */
record MethodPage(String title, Map<String, String> sections) {
  /** The sections that every page has; those of the short form are {@link #SHORT}. */
  static final List<String> SECTIONS =
      List.of(
          "Idea",
          "Formula",
          "In the code",
          "What it conserves",
          "When it misleads",
          "Cost",
          "Reference");

  private static final List<String> SHORT =
      SECTIONS.stream().filter(section -> !section.equals("In the code")).toList();
  private static final int WIDTH = 90;
  private static final String FENCE = "```";

  /** Reads the page of a method. */
  static MethodPage of(String method) {
    try (InputStream text = MethodPage.class.getResourceAsStream("methods/" + method + ".md")) {
      Objects.requireNonNull(text, () -> "docs/methods/" + method + ".md is not packed");
      return parse(new String(text.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException wrong) {
      throw new UncheckedIOException(wrong);
    }
  }

  static MethodPage parse(String markdown) {
    String title = "";
    String heading = "";
    Map<String, String> sections = new LinkedHashMap<>();
    boolean fenced = false;
    for (String line : markdown.lines().toList()) {
      fenced ^= line.startsWith(FENCE);
      if (!fenced && line.startsWith("# ")) {
        title = line.substring(2);
      } else if (!fenced && line.startsWith("## ")) {
        heading = line.substring(3);
      } else {
        sections.merge(heading, line + "\n", String::concat);
      }
    }
    sections.replaceAll((name, text) -> text.strip());
    return new MethodPage(title, sections);
  }

  /** Returns the short form as plain text: without the walk through the code. */
  String shortForm() {
    var text = new StringBuilder(title + "\n");
    for (String section : SHORT) {
      text.append('\n').append(section).append('\n');
      text.append(plain(Objects.requireNonNullElse(sections.get(section), "")));
    }
    return text.toString();
  }

  /** Returns Markdown as text: paragraphs wrapped, code as it is. */
  private static String plain(String markdown) {
    var text = new StringBuilder();
    List<String> words = new ArrayList<>();
    boolean fenced = false;
    for (String line : (markdown + "\n").split("\n", -1)) {
      boolean fence = line.startsWith(FENCE);
      if (fence || fenced || line.isBlank() || line.startsWith("* ")) flush(words, text);
      if (fence) {
        fenced = !fenced;
      } else if (fenced) {
        text.append("    ").append(line).append('\n');
      } else if (!line.isBlank()) {
        words.addAll(List.of(unmarked(line).strip().split(" +")));
      }
    }
    flush(words, text);
    return text.toString();
  }

  private static String unmarked(String line) {
    return line.replaceAll("!?\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
        .replaceAll("(?<!\\*)\\*{1,2}(?=\\S)([^*]+)\\*{1,2}", "$1")
        .replace("`", "");
  }

  private static void flush(List<String> words, StringBuilder text) {
    if (words.isEmpty()) return;
    boolean item = words.getFirst().equals("*");
    var line = new StringBuilder("  " + words.getFirst());
    for (String word : words.subList(1, words.size())) {
      if (line.length() + 1 + word.length() > WIDTH) {
        text.append(line).append('\n');
        line = new StringBuilder(item ? "    " : "  ").append(word);
      } else {
        line.append(' ').append(word);
      }
    }
    text.append(line).append('\n');
    words.clear();
  }
}
