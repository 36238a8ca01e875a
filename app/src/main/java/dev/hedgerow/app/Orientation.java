package dev.hedgerow.app;

/**
 * How a picture is stored, as the tag Orientation of EXIF says it: with mirrored columns, with
 * mirrored rows, with rows for columns. The order is that of the tag's values 1 to 8.
 */
enum Orientation {
  UPRIGHT(false, false, false),
  MIRRORED(true, false, false),
  HALF_TURNED(true, true, false),
  FLIPPED(false, true, false),
  TRANSPOSED(false, false, true),
  TURNED_LEFT(false, true, true),
  TRANSVERSE(true, true, true),
  TURNED_RIGHT(true, false, true);

  private final boolean columns;
  private final boolean rows;
  private final boolean swapped;

  Orientation(boolean columns, boolean rows, boolean swapped) {
    this.columns = columns;
    this.rows = rows;
    this.swapped = swapped;
  }

  /** Returns what a value of the tag means; of one that means nothing, that it is upright. */
  static Orientation of(int tag) {
    return tag >= 1 && tag <= 8 ? values()[tag - 1] : UPRIGHT;
  }

  /** Whether the stored height is the width of the picture. */
  boolean isSwapped() {
    return swapped;
  }

  /**
   * Returns where a stored pixel belongs, as an index in row order of the upright picture.
   *
   * @param width of the stored picture
   * @param height of the stored picture
   */
  int index(int x, int y, int width, int height) {
    int column = columns ? width - 1 - x : x;
    int row = rows ? height - 1 - y : y;
    return swapped ? column * height + row : row * width + column;
  }
}
