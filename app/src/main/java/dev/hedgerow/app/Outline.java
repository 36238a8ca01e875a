package dev.hedgerow.app;

import dev.hedgerow.attribution.metrics.Region;
import java.util.function.IntBinaryOperator;

/** The border of a region, as the path of a scalable picture. */
final class Outline {
  private Outline() {}

  /**
   * Returns SVG path data that goes along all sides between pixels inside and outside; a pixel is 1
   * wide. Sides in a row are one line.
   */
  static String of(Region region) {
    var path = new StringBuilder();
    int height = region.height();
    int width = region.width();
    lines(height, width, (line, at) -> inside(region, line, at), "M%2$d %1$dh%3$d", path);
    lines(width, height, (line, at) -> inside(region, at, line), "M%1$d %2$dv%3$d", path);
    return path.toString();
  }

  /** Adds the sides that lie on the lines before, between and after rows (or columns). */
  private static void lines(
      int rows, int length, IntBinaryOperator inside, String format, StringBuilder path) {
    for (int line = 0; line <= rows; line++) {
      int from = 0;
      for (int at = 0; at <= length; at++) {
        boolean side =
            at < length && inside.applyAsInt(line - 1, at) != inside.applyAsInt(line, at);
        if (side) continue;
        if (at > from) path.append(format.formatted(line, from, at - from));
        from = at + 1;
      }
    }
  }

  private static int inside(Region region, int y, int x) {
    boolean within = y >= 0 && y < region.height() && x >= 0 && x < region.width();
    return within && region.contains(y, x) ? 1 : 0;
  }
}
