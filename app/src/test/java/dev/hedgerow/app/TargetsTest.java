package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.nn.ClassNames;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetsTest {
  private static final ClassNames CLASSES =
      ClassNames.parse(
          List.of("n02123045 tabby, tabby cat", "crane", "traffic light", "crane", "daisy"));
  private static final float[] PROBABILITIES = {0.1f, 0.35f, 0.1f, 0.4f, 0.05f};

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          top              | 3
          2                | 2
          daisy            | 4
          Tabby Cat        | 0
          n02123045        | 0
          p>0.3            | 3 1
          p > 0.099        | 3 1 0 2
          p>0.9            |
          daisy,2,top      | 4 2 3
          traffic light, 0 | 2 0
          3,top,p>0.3      | 3 1
          """)
  void selects(String text, String expected) {
    List<Integer> indices =
        expected == null
            ? List.of()
            : Arrays.stream(expected.split(" ")).map(Integer::valueOf).toList();
    assertEquals(indices, Targets.parse(text).among(CLASSES).of(PROBABILITIES));
  }

  @Test
  void selectsTheBest() {
    assertEquals(List.of(3, 1, 0), Targets.best(3).among(CLASSES).of(PROBABILITIES));
    assertEquals(List.of(3, 1, 0, 2, 4), Targets.best(99).among(CLASSES).of(PROBABILITIES));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "top,,2", " ", "p>", "p>1", "p>-0.1", "p>half", "p>NaN", ","})
  void refusesWhatIsNoTarget(String text) {
    var wrong = assertThrows(IllegalArgumentException.class, () -> Targets.parse(text));
    assertTrue(String.valueOf(wrong.getMessage()).contains("expected"), wrong.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "99999999999999999999", "-1", "dog", "crane", "Top"})
  void refusesClassesThatAreNotThere(String text) {
    Targets targets = Targets.parse(text);
    assertThrows(IllegalArgumentException.class, () -> targets.among(CLASSES));
  }

  @Test
  void suggestsClasses() {
    var wrong =
        assertThrows(IllegalArgumentException.class, () -> Targets.parse("dasiy").among(CLASSES));
    assertEquals("no class is named \"dasiy\"; did you mean daisy?", wrong.getMessage());
  }

  @Test
  void ordersTiesByIndex() {
    assertArrayEquals(new int[] {1, 3, 0, 2}, Targets.descending(new float[] {-1, 5, -1, 5}));
  }
}
