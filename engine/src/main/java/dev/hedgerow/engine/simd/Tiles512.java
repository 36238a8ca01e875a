package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.kernel.Kernels.BLOCK;
import static dev.hedgerow.engine.kernel.Kernels.ROW;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;

/**
 * The tiles of {@link Convolve} with vectors of 512 bits, written by build/GenerateTiles.java:
 *
 * <pre>
 *                   w[wAt + 16i]   the next block's
 * x[xAt + i]          a0v0           a0v1   two terms an iteration
 * x[xAt + ROW + i]    a1v0           a1v1
 * x[xAt + 2·ROW + i]  a2v0           a2v1
 * x[xAt + 3·ROW + i]  a3v0           a3v1
 * x[xAt + 4·ROW + i]  a4v0           a4v1
 * x[xAt + 5·ROW + i]  a5v0           a5v1
 * x[xAt + 6·ROW + i]  a6v0           a6v1
 * x[xAt + 7·ROW + i]  a7v0           a7v1
 * </pre>
 *
 * <p>A run of columns is of such tiles and of those of one column less, as many of each that little
 * is left, which narrower ones take. Both have a second form, which asks for weights ahead.
 */
final class Tiles512 {
  /** The columns that runs are best a multiple of. */
  static final int BEST = 7;

  /** Terms are a multiple of this. */
  static final int TERMS = 2;

  private Tiles512() {}

  /** Adds terms to the sums that y holds, as {@link Kernels#convolve} does. */
  static void run(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wBlock,
      float[] y,
      int yAt,
      int yBlock,
      int outputBlocks,
      int columns,
      float @Nullable [] ahead,
      int aheadAt) {
    if (outputBlocks == 2) {
      run2(x, xAt, terms, w, wAt, wBlock, y, yAt, yBlock, columns, ahead, aheadAt);
    } else {
      run1(x, xAt, terms, w, wAt, y, yAt, columns);
    }
  }

  /**
   * Returns where the lines begin, one for two terms, that a tile of a run asks for: the first four
   * for half a block each, further ones for the fourth's again.
   *
   * @param wNext from one block to the next, ahead as in w
   */
  static int firstLine(int number, int aheadAt, int terms, int wNext) {
    int half = Math.min(3, number);
    return aheadAt + half % 2 * (terms / 2 * BLOCK) + half / 2 * wNext;
  }

  private static void run2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns,
      float @Nullable [] ahead,
      int aheadAt) {
    int done = 0;
    int narrow = Math.min(columns / 7, Math.floorMod(-columns, 8)) * 7;
    int wide = (columns - narrow) / 8 * 8;
    if (wide > 0) {
      if (ahead == null) {
        tile8x2(x, xAt + done * ROW, terms, w, wAt, wNext, y, yAt + done * BLOCK, yNext, wide);
      } else {
        tile8x2Ahead(
            x,
            xAt + done * ROW,
            terms,
            w,
            wAt,
            wNext,
            y,
            yAt + done * BLOCK,
            yNext,
            wide,
            ahead,
            aheadAt,
            0);
      }
      done += wide;
    }
    if (narrow > 0) {
      if (ahead == null) {
        tile7x2(x, xAt + done * ROW, terms, w, wAt, wNext, y, yAt + done * BLOCK, yNext, narrow);
      } else {
        tile7x2Ahead(
            x,
            xAt + done * ROW,
            terms,
            w,
            wAt,
            wNext,
            y,
            yAt + done * BLOCK,
            yNext,
            narrow,
            ahead,
            aheadAt,
            wide / 8);
      }
      done += narrow;
    }
    if (columns - done >= 4) {
      tile4x2(x, xAt + done * ROW, terms, w, wAt, wNext, y, yAt + done * BLOCK, yNext, 4);
      done += 4;
    }
    if (columns - done >= 3) {
      tile3x2(x, xAt + done * ROW, terms, w, wAt, wNext, y, yAt + done * BLOCK, yNext, 3);
      done += 3;
    }
    if (columns - done >= 2) {
      tile2x2(x, xAt + done * ROW, terms, w, wAt, wNext, y, yAt + done * BLOCK, yNext, 2);
      done += 2;
    }
    if (columns - done >= 1) {
      tile1x2(x, xAt + done * ROW, terms, w, wAt, wNext, y, yAt + done * BLOCK, yNext, 1);
    }
  }

  private static void tile8x2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns) {
    int last = terms - 2;
    if (last < 0) {
      return;
    }
    int wOther = wAt + wNext;
    for (int column = 0; column < columns; column += 8) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + yNext);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + yNext);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a4v1 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK + yNext);
      FloatVector a5v0 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK);
      FloatVector a5v1 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK + yNext);
      FloatVector a6v0 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK);
      FloatVector a6v1 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK + yNext);
      FloatVector a7v0 = FloatVector.fromArray(S, y, yAt + 7 * BLOCK);
      FloatVector a7v1 = FloatVector.fromArray(S, y, yAt + 7 * BLOCK + yNext);
      int i = 0;
      for (; i <= last; i += 2) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        VarHandle.loadLoadFence();
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        VarHandle.loadLoadFence();
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
        p = FloatVector.broadcast(S, x[from + 7 * ROW]);
        a7v0 = p.fma(w0, a7v0);
        a7v1 = p.fma(w1, a7v1);
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + BLOCK);
        w1 = FloatVector.fromArray(S, w, other + BLOCK);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 1]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 1]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 1]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 1]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW + 1]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW + 1]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW + 1]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
        p = FloatVector.broadcast(S, x[from + 7 * ROW + 1]);
        a7v0 = p.fma(w0, a7v0);
        a7v1 = p.fma(w1, a7v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + yNext);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + yNext);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a4v1.intoArray(y, yAt + 4 * BLOCK + yNext);
      a5v0.intoArray(y, yAt + 5 * BLOCK);
      a5v1.intoArray(y, yAt + 5 * BLOCK + yNext);
      a6v0.intoArray(y, yAt + 6 * BLOCK);
      a6v1.intoArray(y, yAt + 6 * BLOCK + yNext);
      a7v0.intoArray(y, yAt + 7 * BLOCK);
      a7v1.intoArray(y, yAt + 7 * BLOCK + yNext);
      xAt += 8 * ROW;
      yAt += 8 * BLOCK;
    }
  }

  private static void tile8x2Ahead(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns,
      float[] ahead,
      int aheadAt,
      int number) {
    int last = terms - 2;
    if (last < 0) {
      return;
    }
    int wOther = wAt + wNext;
    FloatVector nothing = FloatVector.zero(S);
    VectorMask<Float> none = S.maskAll(false);
    for (int column = 0; column < columns; column += 8) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + yNext);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + yNext);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a4v1 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK + yNext);
      FloatVector a5v0 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK);
      FloatVector a5v1 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK + yNext);
      FloatVector a6v0 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK);
      FloatVector a6v1 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK + yNext);
      FloatVector a7v0 = FloatVector.fromArray(S, y, yAt + 7 * BLOCK);
      FloatVector a7v1 = FloatVector.fromArray(S, y, yAt + 7 * BLOCK + yNext);
      int line = firstLine(number++, aheadAt, terms, wNext);
      int i = 0;
      for (; i <= last; i += 2) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        nothing.intoArray(ahead, line + i * (BLOCK / 2), none);
        VarHandle.loadLoadFence();
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        VarHandle.loadLoadFence();
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
        p = FloatVector.broadcast(S, x[from + 7 * ROW]);
        a7v0 = p.fma(w0, a7v0);
        a7v1 = p.fma(w1, a7v1);
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + BLOCK);
        w1 = FloatVector.fromArray(S, w, other + BLOCK);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 1]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 1]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 1]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 1]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW + 1]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW + 1]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW + 1]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
        p = FloatVector.broadcast(S, x[from + 7 * ROW + 1]);
        a7v0 = p.fma(w0, a7v0);
        a7v1 = p.fma(w1, a7v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + yNext);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + yNext);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a4v1.intoArray(y, yAt + 4 * BLOCK + yNext);
      a5v0.intoArray(y, yAt + 5 * BLOCK);
      a5v1.intoArray(y, yAt + 5 * BLOCK + yNext);
      a6v0.intoArray(y, yAt + 6 * BLOCK);
      a6v1.intoArray(y, yAt + 6 * BLOCK + yNext);
      a7v0.intoArray(y, yAt + 7 * BLOCK);
      a7v1.intoArray(y, yAt + 7 * BLOCK + yNext);
      xAt += 8 * ROW;
      yAt += 8 * BLOCK;
    }
  }

  private static void tile7x2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns) {
    int last = terms - 2;
    if (last < 0) {
      return;
    }
    int wOther = wAt + wNext;
    for (int column = 0; column < columns; column += 7) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + yNext);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + yNext);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a4v1 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK + yNext);
      FloatVector a5v0 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK);
      FloatVector a5v1 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK + yNext);
      FloatVector a6v0 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK);
      FloatVector a6v1 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK + yNext);
      int i = 0;
      for (; i <= last; i += 2) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        VarHandle.loadLoadFence();
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        VarHandle.loadLoadFence();
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + BLOCK);
        w1 = FloatVector.fromArray(S, w, other + BLOCK);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 1]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 1]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 1]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 1]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW + 1]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW + 1]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW + 1]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + yNext);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + yNext);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a4v1.intoArray(y, yAt + 4 * BLOCK + yNext);
      a5v0.intoArray(y, yAt + 5 * BLOCK);
      a5v1.intoArray(y, yAt + 5 * BLOCK + yNext);
      a6v0.intoArray(y, yAt + 6 * BLOCK);
      a6v1.intoArray(y, yAt + 6 * BLOCK + yNext);
      xAt += 7 * ROW;
      yAt += 7 * BLOCK;
    }
  }

  private static void tile7x2Ahead(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns,
      float[] ahead,
      int aheadAt,
      int number) {
    int last = terms - 2;
    if (last < 0) {
      return;
    }
    int wOther = wAt + wNext;
    FloatVector nothing = FloatVector.zero(S);
    VectorMask<Float> none = S.maskAll(false);
    for (int column = 0; column < columns; column += 7) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + yNext);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + yNext);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a4v1 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK + yNext);
      FloatVector a5v0 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK);
      FloatVector a5v1 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK + yNext);
      FloatVector a6v0 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK);
      FloatVector a6v1 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK + yNext);
      int line = firstLine(number++, aheadAt, terms, wNext);
      int i = 0;
      for (; i <= last; i += 2) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        nothing.intoArray(ahead, line + i * (BLOCK / 2), none);
        VarHandle.loadLoadFence();
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        VarHandle.loadLoadFence();
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + BLOCK);
        w1 = FloatVector.fromArray(S, w, other + BLOCK);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 1]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 1]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 1]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 1]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW + 1]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        p = FloatVector.broadcast(S, x[from + 5 * ROW + 1]);
        a5v0 = p.fma(w0, a5v0);
        a5v1 = p.fma(w1, a5v1);
        p = FloatVector.broadcast(S, x[from + 6 * ROW + 1]);
        a6v0 = p.fma(w0, a6v0);
        a6v1 = p.fma(w1, a6v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + yNext);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + yNext);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a4v1.intoArray(y, yAt + 4 * BLOCK + yNext);
      a5v0.intoArray(y, yAt + 5 * BLOCK);
      a5v1.intoArray(y, yAt + 5 * BLOCK + yNext);
      a6v0.intoArray(y, yAt + 6 * BLOCK);
      a6v1.intoArray(y, yAt + 6 * BLOCK + yNext);
      xAt += 7 * ROW;
      yAt += 7 * BLOCK;
    }
  }

  private static void tile4x2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns) {
    int wOther = wAt + wNext;
    for (int column = 0; column < columns; column += 4) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + yNext);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + yNext);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + yNext);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + yNext);
      xAt += 4 * ROW;
      yAt += 4 * BLOCK;
    }
  }

  private static void tile3x2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns) {
    int wOther = wAt + wNext;
    for (int column = 0; column < columns; column += 3) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + yNext);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + yNext);
      xAt += 3 * ROW;
      yAt += 3 * BLOCK;
    }
  }

  private static void tile2x2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns) {
    int wOther = wAt + wNext;
    for (int column = 0; column < columns; column += 2) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + yNext);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + yNext);
      xAt += 2 * ROW;
      yAt += 2 * BLOCK;
    }
  }

  private static void tile1x2(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wNext,
      float[] y,
      int yAt,
      int yNext,
      int columns) {
    int wOther = wAt + wNext;
    for (int column = 0; column < columns; column += 1) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + yNext);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        int other = wOther + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, other);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + yNext);
      xAt += 1 * ROW;
      yAt += 1 * BLOCK;
    }
  }

  private static void run1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    int done = 0;
    int narrow = Math.min(columns / 7, Math.floorMod(-columns, 8)) * 7;
    int wide = (columns - narrow) / 8 * 8;
    if (wide > 0) {
      tile8x1(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, wide);
      done += wide;
    }
    if (narrow > 0) {
      tile7x1(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, narrow);
      done += narrow;
    }
    if (columns - done >= 4) {
      tile4x1(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 4);
      done += 4;
    }
    if (columns - done >= 3) {
      tile3x1(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 3);
      done += 3;
    }
    if (columns - done >= 2) {
      tile2x1(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 2);
      done += 2;
    }
    if (columns - done >= 1) {
      tile1x1(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 1);
    }
  }

  private static void tile8x1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 8) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a5v0 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK);
      FloatVector a6v0 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK);
      FloatVector a7v0 = FloatVector.fromArray(S, y, yAt + 7 * BLOCK);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        p = FloatVector.broadcast(S, x[from + 4 * ROW]);
        a4v0 = p.fma(w0, a4v0);
        p = FloatVector.broadcast(S, x[from + 5 * ROW]);
        a5v0 = p.fma(w0, a5v0);
        p = FloatVector.broadcast(S, x[from + 6 * ROW]);
        a6v0 = p.fma(w0, a6v0);
        p = FloatVector.broadcast(S, x[from + 7 * ROW]);
        a7v0 = p.fma(w0, a7v0);
      }
      a0v0.intoArray(y, yAt);
      a1v0.intoArray(y, yAt + BLOCK);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a5v0.intoArray(y, yAt + 5 * BLOCK);
      a6v0.intoArray(y, yAt + 6 * BLOCK);
      a7v0.intoArray(y, yAt + 7 * BLOCK);
      xAt += 8 * ROW;
      yAt += 8 * BLOCK;
    }
  }

  private static void tile7x1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 7) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a5v0 = FloatVector.fromArray(S, y, yAt + 5 * BLOCK);
      FloatVector a6v0 = FloatVector.fromArray(S, y, yAt + 6 * BLOCK);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
        p = FloatVector.broadcast(S, x[from + 4 * ROW]);
        a4v0 = p.fma(w0, a4v0);
        p = FloatVector.broadcast(S, x[from + 5 * ROW]);
        a5v0 = p.fma(w0, a5v0);
        p = FloatVector.broadcast(S, x[from + 6 * ROW]);
        a6v0 = p.fma(w0, a6v0);
      }
      a0v0.intoArray(y, yAt);
      a1v0.intoArray(y, yAt + BLOCK);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a5v0.intoArray(y, yAt + 5 * BLOCK);
      a6v0.intoArray(y, yAt + 6 * BLOCK);
      xAt += 7 * ROW;
      yAt += 7 * BLOCK;
    }
  }

  private static void tile4x1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 4) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
        p = FloatVector.broadcast(S, x[from + 3 * ROW]);
        a3v0 = p.fma(w0, a3v0);
      }
      a0v0.intoArray(y, yAt);
      a1v0.intoArray(y, yAt + BLOCK);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      xAt += 4 * ROW;
      yAt += 4 * BLOCK;
    }
  }

  private static void tile3x1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 3) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        p = FloatVector.broadcast(S, x[from + 2 * ROW]);
        a2v0 = p.fma(w0, a2v0);
      }
      a0v0.intoArray(y, yAt);
      a1v0.intoArray(y, yAt + BLOCK);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      xAt += 3 * ROW;
      yAt += 3 * BLOCK;
    }
  }

  private static void tile2x1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 2) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
      }
      a0v0.intoArray(y, yAt);
      a1v0.intoArray(y, yAt + BLOCK);
      xAt += 2 * ROW;
      yAt += 2 * BLOCK;
    }
  }

  private static void tile1x1(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 1) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
      }
      a0v0.intoArray(y, yAt);
      xAt += 1 * ROW;
      yAt += 1 * BLOCK;
    }
  }
}
