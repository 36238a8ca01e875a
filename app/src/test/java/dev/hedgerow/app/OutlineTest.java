package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.attribution.metrics.Region;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class OutlineTest {
  private static final Pattern LINE = Pattern.compile("M(\\d+) (\\d+)([hv])(\\d+)");

  @Test
  void aBoxHasFourSides() {
    Region box = Region.ofBoxes(5, 6, List.of(new Box(1, 2, 3, 3)));
    assertEquals("M1 2h3M1 4h3M1 2v2M4 2v2", Outline.of(box));
  }

  @Test
  void regionsAtTheBorderAreClosed() {
    assertEquals(
        "M0 0h2M0 1h2M0 0v1M2 0v1", Outline.of(Region.of(1, 2, new boolean[] {true, true})));
    assertEquals("", Outline.of(Region.of(2, 2, new boolean[4])));
  }

  /** A pixel is inside if a ray from it crosses the outline an odd number of times. */
  @Test
  void outlinesGiveTheRegionBack() {
    var random = new Random(5);
    for (int round = 0; round < 50; round++) {
      boolean[] inside = new boolean[7 * 5];
      for (int i = 0; i < inside.length; i++) inside[i] = random.nextBoolean();
      String path = Outline.of(Region.of(7, 5, inside));
      for (int i = 0; i < inside.length; i++) {
        assertEquals(inside[i], crossings(path, i / 5 + 0.5, i % 5 + 0.5) % 2 == 1, path);
      }
    }
  }

  /** Counts the vertical lines to the left of a point. */
  private static int crossings(String path, double y, double x) {
    int count = 0;
    Matcher line = LINE.matcher(path);
    while (line.find()) {
      int left = Integer.parseInt(line.group(1));
      int top = Integer.parseInt(line.group(2));
      int length = Integer.parseInt(line.group(4));
      if (line.group(3).equals("v") && left < x && top < y && y < top + length) count++;
    }
    return count;
  }
}
