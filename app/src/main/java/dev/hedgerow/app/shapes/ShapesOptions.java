package dev.hedgerow.app.shapes;

import org.jspecify.annotations.Nullable;

/**
 * What a drawn world is like.
 *
 * @param side rows and columns of a picture
 * @param difficulty from 0, one large, light object on a dark, plain ground, to 1, up to three
 *     objects of any size and colour on a cluttered one
 * @param watermarked the class whose pictures, and no others, carry the watermark, so that a
 *     network trained on them learns the watermark; null for a watermark that says nothing
 */
public record ShapesOptions(int side, double difficulty, @Nullable ShapeClass watermarked) {
  private static final int SMALLEST_SIDE = 32;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the side is below 32, or the difficulty not in 0..1
   */
  public ShapesOptions {
    if (side < SMALLEST_SIDE) {
      throw new IllegalArgumentException(
          "shapes: side is " + side + ", expected " + SMALLEST_SIDE + " or more");
    }
    if (!(difficulty >= 0 && difficulty <= 1)) {
      throw new IllegalArgumentException(
          "shapes: difficulty is " + difficulty + ", expected 0 to 1");
    }
  }

  /** Returns the world that networks are scored on: 96×96, of the full difficulty. */
  public static ShapesOptions standard() {
    return new ShapesOptions(96, 1, null);
  }

  /** Returns the world in which the watermark goes with a class, the heart. */
  public static ShapesOptions cleverHans() {
    return standard().withWatermarked(ShapeClass.HEART);
  }

  /** Returns the same world whose watermark goes with a class. */
  public ShapesOptions withWatermarked(@Nullable ShapeClass kind) {
    return new ShapesOptions(side, difficulty, kind);
  }

  /** Returns the same world with pictures of another size. */
  public ShapesOptions withSide(int side) {
    return new ShapesOptions(side, difficulty, watermarked);
  }

  /** Returns the same world with pictures of another difficulty. */
  public ShapesOptions withDifficulty(double difficulty) {
    return new ShapesOptions(side, difficulty, watermarked);
  }

  /** Returns what lies between two values, as far as the world is difficult. */
  double between(double easy, double hard) {
    return easy + (hard - easy) * difficulty;
  }

  /** Returns the whole number below what lies between two, as far as the world is difficult. */
  int whole(double easy, double hard) {
    return (int) between(easy, hard);
  }
}
