package dev.hedgerow.engine;

import java.util.Arrays;
import java.util.List;

/**
 * A set of taps and the grid of target pixels they serve. Target row {@code firstY + m·stepY}
 * reads, for each tap t, source row {@code m·sourceStepY + tapY[t]}; columns likewise.
 *
 * @param tapIndex for each tap, its number among those of the window, row by row
 */
record Sweep(
    int firstY,
    int firstX,
    int stepY,
    int stepX,
    int sourceStepY,
    int sourceStepX,
    int[] tapY,
    int[] tapX,
    int[] tapIndex) {

  /** Returns the one sweep of a convolution forward. */
  static Sweep forward(Window window) {
    int taps = window.height() * window.width();
    int[] tapY = new int[taps];
    int[] tapX = new int[taps];
    int[] tapIndex = new int[taps];
    for (int tap = 0; tap < taps; tap++) {
      tapY[tap] = tap / window.width() * window.dilationY() - window.top();
      tapX[tap] = tap % window.width() * window.dilationX() - window.left();
      tapIndex[tap] = tap;
    }
    return new Sweep(0, 0, 1, 1, window.strideY(), window.strideX(), tapY, tapX, tapIndex);
  }

  /**
   * Returns the sweeps of a convolution back, one for each phase of the grid of its inputs; where
   * the stride is larger than the window, some have no taps.
   */
  static List<Sweep> reverse(Window window) {
    var sweeps = new Sweep[window.strideY() * window.strideX()];
    int taps = window.height() * window.width();
    int[] tapY = new int[taps];
    int[] tapX = new int[taps];
    int[] tapIndex = new int[taps];
    for (int phase = 0; phase < sweeps.length; phase++) {
      int phaseY = phase / window.strideX();
      int phaseX = phase % window.strideX();
      int found = 0;
      for (int tap = 0; tap < taps; tap++) {
        int y = phaseY + window.top() - tap / window.width() * window.dilationY();
        int x = phaseX + window.left() - tap % window.width() * window.dilationX();
        if (Math.floorMod(y, window.strideY()) != 0) continue;
        if (Math.floorMod(x, window.strideX()) != 0) continue;
        tapY[found] = Math.floorDiv(y, window.strideY());
        tapX[found] = Math.floorDiv(x, window.strideX());
        tapIndex[found++] = tap;
      }
      sweeps[phase] =
          new Sweep(
              phaseY,
              phaseX,
              window.strideY(),
              window.strideX(),
              1,
              1,
              Arrays.copyOf(tapY, found),
              Arrays.copyOf(tapX, found),
              Arrays.copyOf(tapIndex, found));
    }
    return List.of(sweeps);
  }

  /** Returns how many rows above row 0 the targets of the first row read. */
  int top() {
    return before(tapY);
  }

  /** Returns how many columns left of column 0 the targets of the first column read. */
  int left() {
    return before(tapX);
  }

  private static int before(int[] taps) {
    int least = Integer.MAX_VALUE;
    for (int tap : taps) least = Math.min(least, tap);
    return -least;
  }

  /** Number of grid lines below {@code extent}. */
  static int count(int extent, int first, int step) {
    return extent <= first ? 0 : (extent - first - 1) / step + 1;
  }
}
