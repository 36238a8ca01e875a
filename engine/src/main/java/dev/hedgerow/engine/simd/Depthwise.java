package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #depthwise}: the sums of a vector of channels of seven columns stay in registers over all
 * taps, whose weights are loaded once for them. Where taps come in threes that are as far from each
 * other as columns, as those of 3×3 at stride 1 do, so is each pixel:
 *
 * <pre>
 *                   w0   w1   w2    weights of three taps
 * x[at]             a0
 * x[at + xStep]     a1   a0
 * x[at + 2·xStep]   a2   a1   a0
 * x[at + 3·xStep]   a3   a2   a1
 * x[at + 4·xStep]   a4   a3   a2
 * x[at + 5·xStep]   a5   a4   a3
 * x[at + 6·xStep]   a6   a5   a4
 * x[at + 7·xStep]        a6   a5
 * x[at + 8·xStep]             a6
 * </pre>
 *
 * <p>A row ends with a whole tile, some of whose columns may be computed again; in rows of less
 * than one each column is summed by itself. Loops over rows and tiles are in the methods of the
 * tiles, as a call of each takes half as long as its sums.
 */
interface Depthwise extends Kernels {
  @Override
  default void depthwise(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int startAt,
      float[] y,
      int yAt,
      int yRow,
      int yStep,
      int rows,
      int columns) {
    boolean slides = slides(taps, xStep);
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      if (columns < 7) {
        one(
            x,
            xAt + lane,
            xRow,
            xStep,
            taps,
            w,
            wAt + lane,
            start,
            startAt + lane,
            y,
            yAt + lane,
            yRow,
            yStep,
            rows,
            columns);
      } else if (slides) {
        slide(
            x,
            xAt + lane,
            xRow,
            xStep,
            taps,
            w,
            wAt + lane,
            start,
            startAt + lane,
            y,
            yAt + lane,
            yRow,
            yStep,
            rows,
            columns);
      } else {
        tile(
            x,
            xAt + lane,
            xRow,
            xStep,
            taps,
            w,
            wAt + lane,
            start,
            startAt + lane,
            y,
            yAt + lane,
            yRow,
            yStep,
            rows,
            columns);
      }
    }
  }

  /** Whether taps come in threes that are {@code step} apart. */
  private static boolean slides(int[] taps, int step) {
    if (taps.length % 3 != 0) return false;
    for (int i = 0; i < taps.length; i++) {
      if (i % 3 != 0 && taps[i] - taps[i - 1] != step) return false;
    }
    return true;
  }

  /** Adds three taps at a time to the sums of seven columns. */
  private static void slide(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int startAt,
      float[] y,
      int yAt,
      int yRow,
      int yStep,
      int rows,
      int columns) {
    int last = columns - 7;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; ; c = Math.min(c + 7, last)) {
        int from = xAt + r * xRow + c * xStep;
        FloatVector a0 = FloatVector.fromArray(S, start, startAt);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        for (int tap = 0; tap < taps.length; tap += 3) {
          int at = from + taps[tap];
          int weight = wAt + tap * BLOCK;
          FloatVector w0 = FloatVector.fromArray(S, w, weight);
          FloatVector w1 = FloatVector.fromArray(S, w, weight + BLOCK);
          FloatVector w2 = FloatVector.fromArray(S, w, weight + 2 * BLOCK);
          FloatVector p = FloatVector.fromArray(S, x, at);
          a0 = p.fma(w0, a0);
          p = FloatVector.fromArray(S, x, at + xStep);
          a1 = p.fma(w0, a1);
          a0 = p.fma(w1, a0);
          p = FloatVector.fromArray(S, x, at + 2 * xStep);
          a2 = p.fma(w0, a2);
          a1 = p.fma(w1, a1);
          a0 = p.fma(w2, a0);
          p = FloatVector.fromArray(S, x, at + 3 * xStep);
          a3 = p.fma(w0, a3);
          a2 = p.fma(w1, a2);
          a1 = p.fma(w2, a1);
          p = FloatVector.fromArray(S, x, at + 4 * xStep);
          a4 = p.fma(w0, a4);
          a3 = p.fma(w1, a3);
          a2 = p.fma(w2, a2);
          p = FloatVector.fromArray(S, x, at + 5 * xStep);
          a5 = p.fma(w0, a5);
          a4 = p.fma(w1, a4);
          a3 = p.fma(w2, a3);
          p = FloatVector.fromArray(S, x, at + 6 * xStep);
          a6 = p.fma(w0, a6);
          a5 = p.fma(w1, a5);
          a4 = p.fma(w2, a4);
          p = FloatVector.fromArray(S, x, at + 7 * xStep);
          a6 = p.fma(w1, a6);
          a5 = p.fma(w2, a5);
          p = FloatVector.fromArray(S, x, at + 8 * xStep);
          a6 = p.fma(w2, a6);
        }
        int to = yAt + r * yRow + c * yStep;
        a0.intoArray(y, to);
        a1.intoArray(y, to + yStep);
        a2.intoArray(y, to + 2 * yStep);
        a3.intoArray(y, to + 3 * yStep);
        a4.intoArray(y, to + 4 * yStep);
        a5.intoArray(y, to + 5 * yStep);
        a6.intoArray(y, to + 6 * yStep);
        if (c == last) break;
      }
    }
  }

  /** Adds a tap at a time to the sums of seven columns. */
  private static void tile(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int startAt,
      float[] y,
      int yAt,
      int yRow,
      int yStep,
      int rows,
      int columns) {
    int last = columns - 7;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; ; c = Math.min(c + 7, last)) {
        int from = xAt + r * xRow + c * xStep;
        FloatVector a0 = FloatVector.fromArray(S, start, startAt);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        for (int tap = 0; tap < taps.length; tap++) {
          int at = from + taps[tap];
          FloatVector weight = FloatVector.fromArray(S, w, wAt + tap * BLOCK);
          a0 = FloatVector.fromArray(S, x, at).fma(weight, a0);
          a1 = FloatVector.fromArray(S, x, at + xStep).fma(weight, a1);
          a2 = FloatVector.fromArray(S, x, at + 2 * xStep).fma(weight, a2);
          a3 = FloatVector.fromArray(S, x, at + 3 * xStep).fma(weight, a3);
          a4 = FloatVector.fromArray(S, x, at + 4 * xStep).fma(weight, a4);
          a5 = FloatVector.fromArray(S, x, at + 5 * xStep).fma(weight, a5);
          a6 = FloatVector.fromArray(S, x, at + 6 * xStep).fma(weight, a6);
        }
        int to = yAt + r * yRow + c * yStep;
        a0.intoArray(y, to);
        a1.intoArray(y, to + yStep);
        a2.intoArray(y, to + 2 * yStep);
        a3.intoArray(y, to + 3 * yStep);
        a4.intoArray(y, to + 4 * yStep);
        a5.intoArray(y, to + 5 * yStep);
        a6.intoArray(y, to + 6 * yStep);
        if (c == last) break;
      }
    }
  }

  /** Sums each column by itself. */
  private static void one(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int startAt,
      float[] y,
      int yAt,
      int yRow,
      int yStep,
      int rows,
      int columns) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        int from = xAt + r * xRow + c * xStep;
        FloatVector sum = FloatVector.fromArray(S, start, startAt);
        for (int tap = 0; tap < taps.length; tap++) {
          FloatVector weight = FloatVector.fromArray(S, w, wAt + tap * BLOCK);
          sum = FloatVector.fromArray(S, x, from + taps[tap]).fma(weight, sum);
        }
        sum.intoArray(y, yAt + r * yRow + c * yStep);
      }
    }
  }
}
