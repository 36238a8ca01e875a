package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Color;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LetteringTest {
  private static final int ALL = Integer.MAX_VALUE;

  private final Lettering lettering = new Lettering(14, true, Color.BLACK);

  @BeforeEach
  void needsFonts() {
    assumeTrue(Lettering.isAvailable(), "this system has no fonts");
  }

  @Test
  void breaksAfterHyphensAndSpaces() {
    String name = "contrastive-excitation-backprop, γ = 1.5";
    assertEquals(List.of(name), lettering.wrap(name, 2000, ALL));
    List<String> lines = lettering.wrap(name, 110, ALL);
    assertEquals("contrastive-", lines.getFirst());
    assertEquals("excitation-", lines.get(1));
    assertEquals(name.replace(" ", ""), String.join("", lines).replace(" ", ""));
  }

  @Test
  void breaksAnywhereWhereItMust() {
    String name = "x".repeat(100);
    List<String> lines = lettering.wrap(name, 100, ALL);
    assertTrue(lines.size() > 5, lines.toString());
    assertEquals(name, String.join("", lines));
    assertEquals(List.of("a", "b"), lettering.wrap("ab", 1, ALL), "never less than a character");
    assertEquals(2, lettering.wrap("🌼🌼", 1, ALL).size(), "nor half of one");
  }

  @Test
  void cutsWhatIsTooLong() {
    List<String> lines = lettering.wrap("one two three four five six seven", 60, 2);
    assertEquals(2, lines.size());
    assertTrue(lines.getLast().endsWith("…"), lines.toString());
    assertEquals(List.of(), lettering.wrap("", 60, 2));
    assertEquals(List.of("a?b"), lettering.wrap("a\nb", 60, 2));
  }
}
