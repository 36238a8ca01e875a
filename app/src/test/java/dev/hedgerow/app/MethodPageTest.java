package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MethodPageTest {
  private static final Path PAGES = Path.of("..", "docs", "methods");

  /** Returns the names of all pages. */
  static List<String> pages() throws IOException {
    try (var files = Files.list(PAGES)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".md") && !name.equals("README.md"))
          .map(name -> name.substring(0, name.length() - ".md".length()))
          .sorted()
          .toList();
    }
  }

  /** Returns the names of all methods. */
  static List<String> names() {
    return Methods.standard().all().stream().map(Attributor::name).toList();
  }

  private static String run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    assertEquals(
        0, new Main(WarmUp.none()).execute(new PrintWriter(out), new PrintWriter(err), arguments));
    assertEquals("", err.toString());
    return out.toString();
  }

  @Test
  void everyMethodHasItsPageInTheIndex() throws IOException {
    assertTrue(pages().containsAll(names()), names() + " in " + pages());
    String index = Files.readString(PAGES.resolve("README.md"));
    for (String name : pages()) {
      assertTrue(index.contains("\n| [" + name + "](" + name + ".md) | "), name);
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyPageHasAllSections(String name) {
    MethodPage page = MethodPage.of(name);
    assertFalse(page.title().isBlank());
    for (String section : MethodPage.SECTIONS) {
      String text = page.sections().getOrDefault(section, "");
      assertFalse(text.isBlank(), name + ".md has no section " + section);
    }
    assertTrue(
        page.sections().getOrDefault("", "").contains("](../images/methods/" + name + ".jpg)"),
        name);
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyMethodHasAShortForm(String name) {
    String text = run("methods", name);
    assertTrue(text.startsWith(MethodPage.of(name).title()), text);
    for (String heading : List.of("Idea", "Formula", "When it misleads", "Cost", "Reference")) {
      assertTrue(text.contains("\n" + heading + "\n"), text);
    }
    assertFalse(text.contains("In the code"), text);
    for (String markdown : List.of("](", "```", "**", "##")) {
      assertFalse(text.contains(markdown), markdown + " in " + text);
    }
    Attributor method = Methods.standard().find(name);
    for (Attributor variant : method.variants()) {
      assertTrue(text.contains("\n  " + variant.name() + " "), text);
      assertEquals(text, run("methods", variant.name()));
    }
  }

  @Test
  void turnsMarkdownIntoText() {
    String words = "word ".repeat(30).strip();
    MethodPage page =
        MethodPage.parse(
            """
            # Title

            ![picture](p.jpg)

            ## Idea
            See [the *other*](other.md) `method`, 2 * 3 = 6,
            **twice**.

            %s

            ## Formula
            ```
            # R  =  x * [y](z)
            ```
            ## When it misleads
            * one
              more
            * %s
            """
                .formatted(words, words));
    assertEquals("Title", page.title());
    String[] text = page.shortForm().split("\n", -1);
    assertEquals("Idea", text[2]);
    assertEquals("  See the other method, 2 * 3 = 6, twice.", text[3]);
    assertTrue(text[4].startsWith("  word") && text[4].length() <= 90, text[4]);
    assertTrue(text[5].startsWith("  word"), text[5]);
    assertEquals(List.of("", "Formula", "    # R  =  x * [y](z)"), List.of(text).subList(6, 9));
    assertTrue(page.shortForm().contains("\n  * one more\n  * word"), page.shortForm());
    assertTrue(page.shortForm().contains("\n    word"), page.shortForm());
  }
}
