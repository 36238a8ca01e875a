package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Outputs of a convolution of 3×3 taps at stride 1 that read zeros alone, or what another one near
 * reads. The direct kernel gives those of zeros exactly the bias, and equal sums the same bits.
 * Winograd's algorithm rounds each place of a tile in another way. But a max pool takes the first
 * of equal values, of which flat parts of a picture have many. Near is what a max pool of 3×3
 * compares: two rows and columns away.
 *
 * <p>Pixels are compared first, in a grid that has those outside the image too, which are 0. Each
 * is given the number of the first that is equal, or equal to one near that is. Then outputs are
 * compared by the numbers in their windows:
 *
 * <pre>
 *   . . . . . .     The window of output (y, x) is the grid's rows y to y + 2 and columns x to
 *   . p p p p .     x + 2. Each window has one pixel of every third row and column, its probe.
 *   . p q p p .     Where no probe is 0 or equal to a pixel near before it, as in most inputs,
 *   . . . . . .     there is nothing to be found; else what has no such probe is not compared.
 * </pre>
 */
final class EqualWindows {
  private static final int SIDE = 3;

  /** How many rows and columns away others are compared. */
  private static final int NEAR = 2;

  private final Engine engine;
  private final Numbers outputs;

  private EqualWindows(Engine engine, Numbers outputs) {
    this.engine = engine;
    this.outputs = outputs;
  }

  /**
   * Finds them, and holds a workspace until {@link #release}.
   *
   * @param input {@code [N, C, H, W]}; not modified
   * @param target shape of what the convolution computes
   * @param top how many rows above row 0 the outputs of the first row read
   * @param left how many columns left of column 0 the outputs of the first column read
   * @return null if there are none
   */
  static @Nullable EqualWindows of(Engine engine, Tensor input, Shape target, int top, int left) {
    var pixels = new Pixels(engine, input, target, top, left);
    EqualWindows found = pixels.probe() ? new EqualWindows(engine, pixels.windows()) : null;
    pixels.release();
    return found;
  }

  /** Gives the workspace back: this may not be used any more. */
  void release() {
    outputs.release();
  }

  /** Whether an output reads zeros alone; one outside the target does not. */
  boolean isZero(int sample, int y, int x) {
    return y < outputs.height && x < outputs.width && outputs.isZero(sample, y, x);
  }

  /**
   * Stores the first of equal outputs in place of the others.
   *
   * @param y {@code [N, O, H', W']}; written to
   */
  void repeat(Tensor y) {
    int planes = blocks(y.shape().extent(1));
    int area = outputs.height * outputs.width;
    engine.forEach(
        outputs.samples * planes,
        plane -> {
          int sample = plane / planes * area;
          int to = plane * area * BLOCK;
          for (int i = 0; i < area; i++) {
            int first = outputs.first(sample + i);
            if (first == Numbers.ZERO || first == sample + i) continue;
            int from = to + (first - sample) * BLOCK;
            System.arraycopy(y.data, from, y.data, to + i * BLOCK, BLOCK);
          }
        });
  }

  /** What is numbered. */
  private interface Cells {
    /** Whether a cell may be equal to one near before it; otherwise it is not. */
    boolean mayBeEqual(int sample, int y, int x);

    boolean isZero(int sample, int y, int x);

    /** Whether two cells are equal, neither of which is 0. */
    boolean areEqual(int sample, int y, int x, int otherY, int otherX);
  }

  /** Numbers of the cells of grids, one grid a sample, as bits of a workspace. */
  private static final class Numbers {
    /** The number of cells that are 0. */
    static final int ZERO = -1;

    final int samples;
    final int height;
    final int width;
    private final Scratch scratch;
    private final float[] first;

    Numbers(Scratch scratch, int samples, int height, int width) {
      this.samples = samples;
      this.height = height;
      this.width = width;
      this.scratch = scratch;
      this.first = scratch.take(samples * height * width);
    }

    void release() {
      scratch.give(first);
    }

    int at(int sample, int y, int x) {
      return (sample * height + y) * width + x;
    }

    int first(int cell) {
      return Float.floatToRawIntBits(first[cell]);
    }

    private void first(int cell, int number) {
      first[cell] = Float.intBitsToFloat(number);
    }

    boolean isZero(int sample, int y, int x) {
      return first(at(sample, y, x)) == ZERO;
    }

    /** Numbers all cells, each with the first that is equal, as far as it is near. */
    void number(Engine engine, Cells cells) {
      engine.forEach(samples * height, row -> findZeros(row / height, row % height, cells));
      engine.forEach(samples, sample -> join(sample, cells));
    }

    private void findZeros(int sample, int y, Cells cells) {
      for (int x = 0; x < width; x++) {
        int cell = at(sample, y, x);
        first(cell, cells.isZero(sample, y, x) ? ZERO : cell);
      }
    }

    private void join(int sample, Cells cells) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          if (isZero(sample, y, x) || !cells.mayBeEqual(sample, y, x)) continue;
          joinNear(sample, y, x, cells);
        }
      }
      // Each is joined to one that comes before it, if not to the first.
      int end = at(sample + 1, 0, 0);
      for (int cell = at(sample, 0, 0); cell < end; cell++) {
        if (first(cell) != ZERO) first(cell, first(first(cell)));
      }
    }

    /** Joins a cell with those near before it that are equal. */
    private void joinNear(int sample, int y, int x, Cells cells) {
      int cell = at(sample, y, x);
      for (int row = Math.max(0, y - NEAR); row <= y; row++) {
        int end = row == y ? x : Math.min(width, x + NEAR + 1);
        for (int column = Math.max(0, x - NEAR); column < end; column++) {
          int other = at(sample, row, column);
          if (first(other) == ZERO) continue;
          int a = root(other);
          int b = root(cell);
          if (a == b || !cells.areEqual(sample, y, x, row, column)) continue;
          first(Math.max(a, b), Math.min(a, b));
        }
      }
    }

    private int root(int cell) {
      int root = cell;
      while (first(root) != root) root = first(root);
      return root;
    }
  }

  /** Pixels of images, and 0 outside them. */
  private static final class Pixels implements Cells {
    private final Engine engine;
    private final float[] data;
    private final int samples;
    private final int blocks;
    private final int height;
    private final int width;
    private final int top;
    private final int left;
    private final int gridHeight;
    private final int gridWidth;
    private final int probeRows;
    private final int probeColumns;

    /** For each probe 1 if it is 0 or equal to a pixel near, else 0. */
    private final float[] probes;

    Pixels(Engine engine, Tensor images, Shape target, int top, int left) {
      this.engine = engine;
      this.data = images.data;
      this.samples = images.shape().extent(0);
      this.blocks = blocks(images.shape().extent(1));
      this.height = images.shape().extent(2);
      this.width = images.shape().extent(3);
      this.top = top;
      this.left = left;
      this.gridHeight = target.extent(2) + SIDE - 1;
      this.gridWidth = target.extent(3) + SIDE - 1;
      this.probeRows = gridHeight / SIDE;
      this.probeColumns = gridWidth / SIDE;
      this.probes = engine.scratch().take(samples * probeRows * probeColumns);
    }

    void release() {
      engine.scratch().give(probes);
    }

    /** Looks at the probes; whether there may be equal windows. */
    boolean probe() {
      var any = new AtomicBoolean();
      engine.forEach(
          samples * probeRows,
          row -> {
            for (int i = 0; i < probeColumns; i++) {
              boolean equal = probe(row / probeRows, row % probeRows, i);
              probes[row * probeColumns + i] = equal ? 1 : 0;
              if (equal) any.setPlain(true);
            }
          });
      return any.get();
    }

    /**
     * Looks at a probe, or at the pixel next to it that is inside the image, as windows have that.
     */
    private boolean probe(int sample, int row, int column) {
      int probeY = SIDE * row + SIDE - 1;
      int probeX = SIDE * column + SIDE - 1;
      if (isOfWindowOutside(probeY, top, height, gridHeight)) return true;
      if (isOfWindowOutside(probeX, left, width, gridWidth)) return true;
      int y = Math.clamp(probeY, top, top + height - 1);
      int x = Math.clamp(probeX, left, left + width - 1);
      if (isZero(sample, y, x)) return true;
      for (int otherY = Math.max(top, y - NEAR); otherY <= y; otherY++) {
        int end = otherY == y ? x : Math.min(left + width, x + NEAR + 1);
        for (int otherX = Math.max(left, x - NEAR); otherX < end; otherX++) {
          if (areEqual(sample, y, x, otherY, otherX)) return true;
        }
      }
      return false;
    }

    private static boolean isOfWindowOutside(int probe, int before, int inside, int all) {
      int end = before + inside;
      return probe < before || probe >= end && Math.max(end, probe - SIDE + 1) + SIDE <= all;
    }

    /** Returns numbers of the windows, to be released. */
    Numbers windows() {
      var numbers = new Numbers(engine.scratch(), samples, gridHeight, gridWidth);
      var windows =
          new Numbers(engine.scratch(), samples, gridHeight - SIDE + 1, gridWidth - SIDE + 1);
      numbers.number(engine, this);
      windows.number(engine, new Windows(this, numbers));
      numbers.release();
      return windows;
    }

    private boolean isProbeEqual(int sample, int row, int column) {
      return probes[(sample * probeRows + row) * probeColumns + column] != 0;
    }

    /** Whether the window from a pixel on has such a probe. */
    boolean mayBeEqualFrom(int sample, int y, int x) {
      return isProbeEqual(sample, y / SIDE, x / SIDE);
    }

    /** Whether a window that has this pixel has such a probe. */
    @Override
    public boolean mayBeEqual(int sample, int y, int x) {
      int endRow = Math.min(probeRows, y / SIDE + 1);
      int endColumn = Math.min(probeColumns, x / SIDE + 1);
      for (int row = Math.max(0, y - SIDE + 1) / SIDE; row < endRow; row++) {
        for (int column = Math.max(0, x - SIDE + 1) / SIDE; column < endColumn; column++) {
          if (isProbeEqual(sample, row, column)) return true;
        }
      }
      return false;
    }

    private int at(int sample, int y, int x) {
      return ((sample * blocks * height + y - top) * width + x - left) * BLOCK;
    }

    @Override
    public boolean isZero(int sample, int y, int x) {
      if (y < top || y >= top + height || x < left || x >= left + width) return true;
      int at = at(sample, y, x);
      for (int block = 0; block < blocks; block++, at += height * width * BLOCK) {
        for (int i = at; i < at + BLOCK; i++) if (data[i] != 0) return false;
      }
      return true;
    }

    @Override
    public boolean areEqual(int sample, int y, int x, int otherY, int otherX) {
      int a = at(sample, y, x);
      int step = at(sample, otherY, otherX) - a;
      for (int block = 0; block < blocks; block++, a += height * width * BLOCK) {
        for (int i = a; i < a + BLOCK; i++) if (data[i] != data[i + step]) return false;
      }
      return true;
    }
  }

  /** Windows of numbered pixels, by the row and column that they begin at. */
  private record Windows(Pixels pixels, Numbers numbers) implements Cells {
    @Override
    public boolean mayBeEqual(int sample, int y, int x) {
      return pixels.mayBeEqualFrom(sample, y, x);
    }

    @Override
    public boolean isZero(int sample, int y, int x) {
      for (int row = y; row < y + SIDE; row++) {
        for (int column = x; column < x + SIDE; column++) {
          if (!numbers.isZero(sample, row, column)) return false;
        }
      }
      return true;
    }

    @Override
    public boolean areEqual(int sample, int y, int x, int otherY, int otherX) {
      int step = numbers.at(sample, otherY, otherX) - numbers.at(sample, y, x);
      for (int i = 0; i < SIDE * SIDE; i++) {
        int cell = numbers.at(sample, y + i / SIDE, x + i % SIDE);
        if (numbers.first(cell) != numbers.first(cell + step)) return false;
      }
      return true;
    }
  }
}
