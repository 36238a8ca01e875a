package dev.hedgerow.attribution.metrics;

import dev.hedgerow.attribution.Heatmap;
import java.util.List;

/** The pixels of an image that belong to an object, or to all objects of a class. Immutable. */
public final class Region {
  private final int height;
  private final int width;
  private final boolean[] inside;
  private final int area;

  private Region(int height, int width, boolean[] inside) {
    this.height = height;
    this.width = width;
    this.inside = inside;
    int count = 0;
    for (boolean pixel : inside) if (pixel) count++;
    this.area = count;
  }

  /**
   * Returns the region of a mask.
   *
   * @param inside whether each pixel belongs to it, in row order; not modified
   * @throws IllegalArgumentException if there are not {@code height · width} pixels
   */
  public static Region of(int height, int width, boolean[] inside) {
    if (height < 1 || width < 1 || inside.length != Math.multiplyExact(height, width)) {
      throw new IllegalArgumentException(
          "region: %d pixels for %d x %d".formatted(inside.length, height, width));
    }
    return new Region(height, width, inside.clone());
  }

  /**
   * Returns the union of boxes, as far as they lie in the image. This is the truth of Pascal VOC's
   * pointing game, boxes flagged difficult included.
   */
  public static Region ofBoxes(int height, int width, List<Box> boxes) {
    boolean[] inside = new boolean[Math.multiplyExact(height, width)];
    for (Box box : boxes) {
      for (int y = box.yMin(); y <= Math.min(box.yMax(), height - 1); y++) {
        for (int x = box.xMin(); x <= Math.min(box.xMax(), width - 1); x++) {
          inside[y * width + x] = true;
        }
      }
    }
    return of(height, width, inside);
  }

  /** Returns the number of rows of the image. */
  public int height() {
    return height;
  }

  /** Returns the number of columns of the image. */
  public int width() {
    return width;
  }

  /** Returns the number of pixels inside. */
  public int area() {
    return area;
  }

  /** Returns whether a pixel of the image is inside. */
  public boolean contains(int y, int x) {
    return inside[y * width + x];
  }

  /** Returns whether a pixel is inside, given its index in row order. */
  boolean contains(int pixel) {
    return inside[pixel];
  }

  /**
   * Returns the values of a map of this image, in row order.
   *
   * @throws IllegalArgumentException if the map has another size
   */
  float[] valuesOf(Heatmap map) {
    if (map.height() != height || map.width() != width) {
      throw new IllegalArgumentException(
          "region: a map of %d x %d for a truth of %d x %d"
              .formatted(map.height(), map.width(), height, width));
    }
    return map.toTensor().toArray();
  }
}
