package dev.hedgerow.app.shapes;

import org.jspecify.annotations.Nullable;

/**
 * What a drawn world is like.
 *
 * @param side rows and columns of a picture
 * @param watermarked the class whose pictures, and no others, carry the watermark, so that a
 *     network trained on them learns the watermark; null for a watermark that says nothing
 */
public record ShapesOptions(int side, @Nullable ShapeClass watermarked) {
  private static final int SMALLEST = 32;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the side is below 32
   */
  public ShapesOptions {
    if (side < SMALLEST) {
      throw new IllegalArgumentException(
          "shapes: side is " + side + ", expected " + SMALLEST + " or more");
    }
  }

  /** Returns the world that the networks were trained on: 96×96, the watermark says nothing. */
  public static ShapesOptions standard() {
    return new ShapesOptions(96, null);
  }

  /** Returns the world in which the watermark goes with a class. */
  public static ShapesOptions cleverHans() {
    return new ShapesOptions(96, ShapeClass.HEART);
  }
}
