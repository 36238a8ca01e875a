package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Clears what Winograd's algorithm leaves where nothing was sent: it rounds a tile as a whole, but
 * Gradient Hedge counts the inputs that something comes back to. Where all 3×3 pixels that one of x
 * reads are 0 in all channels, as where relevance went to few, it is exactly 0.
 */
final class ZeroWindows {
  private static final int TAPS = 3;

  private final Tensor s;
  private final Tensor x;
  private final int top;
  private final int left;
  private final int rows;
  private final int columns;

  /** 1 for each pixel of s that is 0, else 0: {@code [sample][pixel]}. */
  private final float[] zero;

  private ZeroWindows(Sweep sweep, Tensor s, Tensor x, float[] zero) {
    this.s = s;
    this.x = x;
    this.top = sweep.top();
    this.left = sweep.left();
    this.rows = s.shape().extent(2);
    this.columns = s.shape().extent(3);
    this.zero = zero;
  }

  /**
   * Clears the pixels of x that read zeros alone.
   *
   * @param sweep of 3×3 taps at stride 1
   * @param s {@code [N, O, H', W']}; not modified
   * @param x {@code [N, C, H, W]}, what the sweep makes of s; written to
   */
  static void clear(Engine engine, Sweep sweep, Tensor s, Tensor x) {
    int samples = s.shape().extent(0);
    int rows = s.shape().extent(2);
    float[] zero = engine.scratch().take(samples * rows * s.shape().extent(3));
    var windows = new ZeroWindows(sweep, s, x, zero);
    var any = new AtomicBoolean();
    engine.forEach(
        samples * rows,
        row -> {
          if (windows.find(row)) any.setPlain(true);
        });
    if (any.get()) {
      int height = x.shape().extent(2);
      engine.forEach(samples * height, row -> windows.clear(row / height, row % height));
    }
    engine.scratch().give(zero);
  }

  /** Finds the pixels of a row that are 0; whether there are any. */
  private boolean find(int row) {
    boolean any = false;
    for (int column = 0; column < columns; column++) {
      boolean is = isZero(row / rows, row % rows * columns + column);
      zero[row * columns + column] = is ? 1 : 0;
      any |= is;
    }
    return any;
  }

  private boolean isZero(int sample, int pixel) {
    int blocks = blocks(s.shape().extent(1));
    int area = rows * columns;
    for (int block = 0; block < blocks; block++) {
      int at = ((sample * blocks + block) * area + pixel) * BLOCK;
      for (int i = at; i < at + BLOCK; i++) if (s.data[i] != 0) return false;
    }
    return true;
  }

  /** Clears pixels of a row of x. */
  private void clear(int sample, int y) {
    int blocks = blocks(x.shape().extent(1));
    int height = x.shape().extent(2);
    int width = x.shape().extent(3);
    for (int column = 0; column < width; column++) {
      if (!readsZeros(sample, y - top, column - left)) continue;
      for (int block = 0; block < blocks; block++) {
        int at = (((sample * blocks + block) * height + y) * width + column) * BLOCK;
        Arrays.fill(x.data, at, at + BLOCK, 0f);
      }
    }
  }

  /** Whether the window from a pixel of s on, or from one outside, has zeros alone. */
  private boolean readsZeros(int sample, int y, int column) {
    for (int i = Math.max(0, y); i < Math.min(rows, y + TAPS); i++) {
      int row = (sample * rows + i) * columns;
      for (int j = Math.max(0, column); j < Math.min(columns, column + TAPS); j++) {
        if (zero[row + j] == 0) return false;
      }
    }
    return true;
  }
}
