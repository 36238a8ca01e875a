package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutputNamesTest {
  private static List<String> stems(String... images) {
    return OutputNames.stems(Arrays.stream(images).map(Path::of).toList());
  }

  @Test
  void dropsFolderAndExtension() {
    assertEquals(
        List.of("cat", "my.dog", "plain", ".hidden"),
        stems("a/cat.jpg", "my.dog.png", "/x/plain", ".hidden"));
  }

  @Test
  void imagesOfOneNameDoNotShareResults() {
    assertEquals(
        List.of("cat", "cat-2", "cat-3", "Cat-4", "dog"),
        stems("a/cat.jpg", "b/cat.jpg", "cat.png", "Cat.jpg", "dog.jpg"));
    assertEquals(List.of("cat", "cat-2", "cat-2-2"), stems("a/cat.jpg", "cat.png", "cat-2.jpg"));
  }

  @Test
  void namesMapsByTargetMethodAndGamma() {
    assertEquals("cat.281.gradient", OutputNames.map("cat", 281, "gradient", ""));
    assertEquals(
        "cat.281.gradient-hedge.g1.5", OutputNames.map("cat", 281, "gradient-hedge", "1.5"));
  }
}
