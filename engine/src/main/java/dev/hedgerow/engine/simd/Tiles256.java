package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.kernel.Kernels.BLOCK;
import static dev.hedgerow.engine.kernel.Kernels.ROW;
import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * The tiles of {@link Convolve} with vectors of 256 bits, written by build/GenerateTiles.java:
 *
 * <pre>
 *                   w[wAt + 16i]   the block's next
 * x[xAt + i]          a0v0           a0v1   four terms an iteration
 * x[xAt + ROW + i]    a1v0           a1v1
 * x[xAt + 2·ROW + i]  a2v0           a2v1
 * x[xAt + 3·ROW + i]  a3v0           a3v1
 * x[xAt + 4·ROW + i]  a4v0           a4v1
 * </pre>
 *
 * <p>A run of columns is of such tiles and of those of one column less, as many of each that little
 * is left, which narrower ones take.
 */
final class Tiles256 {
  /** The columns that runs are best a multiple of. */
  static final int BEST = 4;

  private Tiles256() {}

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
      int columns) {
    for (int lane = 0; lane < outputBlocks * BLOCK; lane += 2 * LANES) {
      int wLane = wAt + lane / BLOCK * wBlock + lane % BLOCK;
      int yLane = yAt + lane / BLOCK * yBlock + lane % BLOCK;
      run2(x, xAt, terms, w, wLane, y, yLane, columns);
    }
  }

  private static void run2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    int done = 0;
    if (columns % 4 == 0 && terms <= 128) {
      tile4x2(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, columns);
      return;
    }
    int narrow = Math.min(columns / 4, Math.floorMod(-columns, 5)) * 4;
    int wide = (columns - narrow) / 5 * 5;
    if (wide > 0) {
      tile5x2(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, wide);
      done += wide;
    }
    if (narrow > 0) {
      tile4x2(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, narrow);
      done += narrow;
    }
    if (columns - done >= 3) {
      tile3x2(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 3);
      done += 3;
    }
    if (columns - done >= 2) {
      tile2x2(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 2);
      done += 2;
    }
    if (columns - done >= 1) {
      tile1x2(x, xAt + done * ROW, terms, w, wAt, y, yAt + done * BLOCK, 1);
    }
  }

  private static void tile5x2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    int last = terms - 4;
    if (last < 0) {
      tile1x2(x, xAt, terms, w, wAt, y, yAt, columns);
      return;
    }
    for (int column = 0; column < columns; column += 5) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + LANES);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + LANES);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + LANES);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + LANES);
      FloatVector a4v0 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK);
      FloatVector a4v1 = FloatVector.fromArray(S, y, yAt + 4 * BLOCK + LANES);
      int i = 0;
      for (; i <= last; i += 4) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        VarHandle.loadLoadFence();
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
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
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + BLOCK);
        w1 = FloatVector.fromArray(S, w, weight + BLOCK + LANES);
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
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + 2 * BLOCK);
        w1 = FloatVector.fromArray(S, w, weight + 2 * BLOCK + LANES);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 2]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 2]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 2]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 2]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW + 2]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + 3 * BLOCK);
        w1 = FloatVector.fromArray(S, w, weight + 3 * BLOCK + LANES);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 3]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 3]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 3]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 3]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        p = FloatVector.broadcast(S, x[from + 4 * ROW + 3]);
        a4v0 = p.fma(w0, a4v0);
        a4v1 = p.fma(w1, a4v1);
      }
      for (; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
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
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + LANES);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + LANES);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + LANES);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + LANES);
      a4v0.intoArray(y, yAt + 4 * BLOCK);
      a4v1.intoArray(y, yAt + 4 * BLOCK + LANES);
      xAt += 5 * ROW;
      yAt += 5 * BLOCK;
    }
  }

  private static void tile4x2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    int last = terms - 4;
    if (last < 0) {
      tile1x2(x, xAt, terms, w, wAt, y, yAt, columns);
      return;
    }
    for (int column = 0; column < columns; column += 4) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + LANES);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + LANES);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + LANES);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + LANES);
      int i = 0;
      for (; i <= last; i += 4) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        VarHandle.loadLoadFence();
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
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
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + BLOCK);
        w1 = FloatVector.fromArray(S, w, weight + BLOCK + LANES);
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
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + 2 * BLOCK);
        w1 = FloatVector.fromArray(S, w, weight + 2 * BLOCK + LANES);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 2]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 2]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 2]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 2]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
        VarHandle.loadLoadFence();
        w0 = FloatVector.fromArray(S, w, weight + 3 * BLOCK);
        w1 = FloatVector.fromArray(S, w, weight + 3 * BLOCK + LANES);
        VarHandle.loadLoadFence();
        p = FloatVector.broadcast(S, x[from + 3]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW + 3]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
        p = FloatVector.broadcast(S, x[from + 2 * ROW + 3]);
        a2v0 = p.fma(w0, a2v0);
        a2v1 = p.fma(w1, a2v1);
        p = FloatVector.broadcast(S, x[from + 3 * ROW + 3]);
        a3v0 = p.fma(w0, a3v0);
        a3v1 = p.fma(w1, a3v1);
      }
      for (; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
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
      a0v1.intoArray(y, yAt + LANES);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + LANES);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + LANES);
      a3v0.intoArray(y, yAt + 3 * BLOCK);
      a3v1.intoArray(y, yAt + 3 * BLOCK + LANES);
      xAt += 4 * ROW;
      yAt += 4 * BLOCK;
    }
  }

  private static void tile3x2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 3) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + LANES);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + LANES);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + LANES);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
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
      a0v1.intoArray(y, yAt + LANES);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + LANES);
      a2v0.intoArray(y, yAt + 2 * BLOCK);
      a2v1.intoArray(y, yAt + 2 * BLOCK + LANES);
      xAt += 3 * ROW;
      yAt += 3 * BLOCK;
    }
  }

  private static void tile2x2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 2) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + LANES);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + LANES);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
        p = FloatVector.broadcast(S, x[from + ROW]);
        a1v0 = p.fma(w0, a1v0);
        a1v1 = p.fma(w1, a1v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + LANES);
      a1v0.intoArray(y, yAt + BLOCK);
      a1v1.intoArray(y, yAt + BLOCK + LANES);
      xAt += 2 * ROW;
      yAt += 2 * BLOCK;
    }
  }

  private static void tile1x2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    for (int column = 0; column < columns; column += 1) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + LANES);
      for (int i = 0; i < terms; i++) {
        int from = xAt + i;
        int weight = wAt + i * BLOCK;
        FloatVector w0 = FloatVector.fromArray(S, w, weight);
        FloatVector w1 = FloatVector.fromArray(S, w, weight + LANES);
        FloatVector p = FloatVector.broadcast(S, x[from]);
        a0v0 = p.fma(w0, a0v0);
        a0v1 = p.fma(w1, a0v1);
      }
      a0v0.intoArray(y, yAt);
      a0v1.intoArray(y, yAt + LANES);
      xAt += 1 * ROW;
      yAt += 1 * BLOCK;
    }
  }
}
