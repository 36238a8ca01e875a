package dev.hedgerow.engine;

import java.util.Arrays;

/**
 * Where the windows of a pooling lie along one axis of the image, cut off at the image's borders.
 *
 * @param step pixels between two taps of a window
 * @param first for each window, the pixel of its first tap inside the image
 * @param count for each window, its number of taps inside the image; 0 if it sees only padding
 * @param padded for each window, its number of taps inside the image or its padding
 */
record PoolAxis(int step, int[] first, int[] count, int[] padded) {
  static PoolAxis ofRows(Window window, int rows, boolean ceil) {
    return sliding(
        rows,
        window.outputHeight(rows, ceil),
        window.height(),
        window.strideY(),
        window.dilationY(),
        window.top(),
        window.bottom());
  }

  static PoolAxis ofColumns(Window window, int columns, boolean ceil) {
    return sliding(
        columns,
        window.outputWidth(columns, ceil),
        window.width(),
        window.strideX(),
        window.dilationX(),
        window.left(),
        window.right());
  }

  private static PoolAxis sliding(
      int extent, int windows, int size, int stride, int dilation, int before, int after) {
    int[] first = new int[windows];
    int[] count = new int[windows];
    int[] padded = new int[windows];
    for (int i = 0; i < windows; i++) {
      int start = i * stride - before;
      int outside = start < 0 ? Math.min(size, (-start + dilation - 1) / dilation) : 0;
      first[i] = start + outside * dilation;
      count[i] = Math.max(0, tapsBelow(extent, start, size, dilation) - outside);
      padded[i] = tapsBelow(extent + after, start, size, dilation);
    }
    return new PoolAxis(dilation, first, count, padded);
  }

  /** Number of taps of a window from {@code start} that lie below {@code end}. */
  private static int tapsBelow(int end, int start, int size, int dilation) {
    return Math.min(size, Math.max(0, (end - start + dilation - 1) / dilation));
  }

  /**
   * {@code windows} windows that cover the image evenly: i·extent/windows to (i+1)·extent/windows.
   */
  static PoolAxis adaptive(int extent, int windows) {
    int[] first = new int[windows];
    int[] count = new int[windows];
    for (int i = 0; i < windows; i++) {
      first[i] = (int) ((long) i * extent / windows);
      count[i] = (int) (((i + 1L) * extent + windows - 1) / windows) - first[i];
    }
    return new PoolAxis(1, first, count, count);
  }

  /** Returns how many windows, from one on, have equally many taps, each a stride from the last. */
  int run(int window, int stride) {
    int end = window + 1;
    while (end < count.length
        && count[end] == count[window]
        && first[end] == first[end - 1] + stride) {
      end++;
    }
    return end - window;
  }

  int windows() {
    return first.length;
  }

  /** Returns the most taps of a window inside the image. */
  int largest() {
    return Arrays.stream(count).max().orElse(0);
  }
}
