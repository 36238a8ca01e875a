package dev.hedgerow.engine;

/**
 * The sliding window of a convolution or pooling: its size, how it moves, and the padding around
 * the image. All in pixels.
 *
 * @param height rows of the window
 * @param width columns of the window
 * @param strideY rows between two windows
 * @param strideX columns between two windows
 * @param dilationY rows between two rows of the window
 * @param dilationX columns between two columns of the window
 * @param top rows of padding above the image
 * @param left columns of padding left of the image
 * @param bottom rows of padding below the image
 * @param right columns of padding right of the image
 */
public record Window(
    int height,
    int width,
    int strideY,
    int strideX,
    int dilationY,
    int dilationX,
    int top,
    int left,
    int bottom,
    int right) {
  public Window {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException("window: size " + height + "x" + width);
    }
    if (strideY < 1 || strideX < 1) {
      throw new IllegalArgumentException("window: stride " + strideY + "x" + strideX);
    }
    if (dilationY < 1 || dilationX < 1) {
      throw new IllegalArgumentException("window: dilation " + dilationY + "x" + dilationX);
    }
    if (top < 0 || left < 0 || bottom < 0 || right < 0) {
      throw new IllegalArgumentException(
          "window: padding " + top + "," + left + "," + bottom + "," + right);
    }
  }

  /** Returns a square window with the same stride and padding in both directions. */
  public static Window of(int size, int stride, int padding) {
    return new Window(size, size, stride, stride, 1, 1, padding, padding, padding, padding);
  }

  /** Returns this window with other padding. */
  public Window padded(int top, int left, int bottom, int right) {
    return new Window(
        height, width, strideY, strideX, dilationY, dilationX, top, left, bottom, right);
  }

  /** Returns whether the window covers one pixel: both sides are 1. */
  public boolean isPoint() {
    return height == 1 && width == 1;
  }

  /** Returns the rows the window spans, holes included. */
  public int spanY() {
    return (height - 1) * dilationY + 1;
  }

  /** Returns the columns the window spans, holes included. */
  public int spanX() {
    return (width - 1) * dilationX + 1;
  }

  /**
   * Returns how many windows fit below each other in an image of {@code rows} rows.
   *
   * @param ceil also count a last window that reaches beyond the padding, if it starts inside the
   *     image or its top padding
   */
  public int outputHeight(int rows, boolean ceil) {
    return count(rows, spanY(), strideY, top, bottom, ceil);
  }

  /** Returns how many windows fit beside each other in an image of {@code columns} columns. */
  public int outputWidth(int columns, boolean ceil) {
    return count(columns, spanX(), strideX, left, right, ceil);
  }

  private static int count(int extent, int span, int stride, int before, int after, boolean ceil) {
    int free = extent + before + after - span;
    if (free < 0 && !(ceil && free + stride > 0)) return 0;
    int count = Math.floorDiv(free, stride) + 1;
    if (ceil && free % stride != 0 && count * stride < extent + before) count++;
    return count;
  }
}
