package dev.hedgerow.attribution.metrics;

/**
 * A box of pixels, counted from 0 at the upper left, all four sides inclusive: {@code xMax = xMin}
 * is a box one pixel wide. (Pascal VOC's files count from 1.)
 *
 * @param xMin first column
 * @param yMin first row
 * @param xMax last column, at least xMin
 * @param yMax last row, at least yMin
 */
public record Box(int xMin, int yMin, int xMax, int yMax) {
  /**
   * Checks the box.
   *
   * @throws IllegalArgumentException if it is empty or begins outside every image
   */
  public Box {
    if (xMin < 0 || yMin < 0 || xMax < xMin || yMax < yMin) {
      throw new IllegalArgumentException(
          "box: columns %d to %d and rows %d to %d".formatted(xMin, xMax, yMin, yMax));
    }
  }

  /** Returns the number of pixels. */
  public long area() {
    return (xMax - xMin + 1L) * (yMax - yMin + 1L);
  }
}
