package dev.hedgerow.engine.simd;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** The kernels with vectors of 128 bits. Written by build/GenerateKernels.java. */
final class VectorKernels128 implements Kernels {
  /**
   * The one kind of vector in the process. With a second the methods of the Vector API, which all
   * kinds share, see two classes; C2 then leaves the vectors of every kernel in boxes.
   */
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_128;

  /** Asked of a vector, as C2 knows the class of vectors once the species has made one. */
  private static final int LANES = FloatVector.zero(S).length();

  private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(S, 2, 1, true);
  private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(S, 1, 1, true);

  @Override
  public String name() {
    return "vector-128";
  }

  @Override
  public int tile() {
    return 5;
  }

  @Override
  public void convolve(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wBlock,
      float @Nullable [] start,
      int startAt,
      float[] y,
      int yAt,
      int yBlock,
      int outputBlocks,
      int columns) {
    if (start != null) {
      for (int lane = 0; lane < outputBlocks * BLOCK; lane += LANES) {
        FloatVector first = FloatVector.fromArray(S, start, startAt + lane);
        int to = yAt + lane / BLOCK * yBlock + lane % BLOCK;
        for (int column = 0; column < columns; column++) first.intoArray(y, to + column * BLOCK);
      }
    }

    for (int lane = 0; lane < outputBlocks * BLOCK; lane += 2 * LANES) {
      int wLane = wAt + lane / BLOCK * wBlock + lane % BLOCK;
      int yLane = yAt + lane / BLOCK * yBlock + lane % BLOCK;
      run2(x, xAt, terms, w, wLane, y, yLane, columns);
    }
  }

  private static void run2(
      float[] x, int xAt, int terms, float[] w, int wAt, float[] y, int yAt, int columns) {
    int done = 0;
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
    for (int column = 0; column < columns; column += 4) {
      FloatVector a0v0 = FloatVector.fromArray(S, y, yAt);
      FloatVector a0v1 = FloatVector.fromArray(S, y, yAt + LANES);
      FloatVector a1v0 = FloatVector.fromArray(S, y, yAt + BLOCK);
      FloatVector a1v1 = FloatVector.fromArray(S, y, yAt + BLOCK + LANES);
      FloatVector a2v0 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK);
      FloatVector a2v1 = FloatVector.fromArray(S, y, yAt + 2 * BLOCK + LANES);
      FloatVector a3v0 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK);
      FloatVector a3v1 = FloatVector.fromArray(S, y, yAt + 3 * BLOCK + LANES);
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

  @Override
  public void depthwise(
      float[] x,
      int xAt,
      int xStep,
      int[] taps,
      float[] w,
      int wAt,
      float[] y,
      int yAt,
      int yStep,
      int columns,
      float[] bias,
      int biasAt) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector start = FloatVector.fromArray(S, bias, biasAt + lane);
      for (int column = 0; column < columns; column++) {
        int from = xAt + column * xStep + lane;
        FloatVector sum = start;
        for (int tap = 0; tap < taps.length; tap++) {
          FloatVector weight = FloatVector.fromArray(S, w, wAt + tap * BLOCK + lane);
          sum = FloatVector.fromArray(S, x, from + taps[tap]).fma(weight, sum);
        }
        sum.intoArray(y, yAt + column * yStep + lane);
      }
    }
  }

  @Override
  public void copyPixels(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count) {
    for (int p = 0; p < count; p++) {
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        FloatVector.fromArray(S, x, xAt + p * xStep + lane).intoArray(y, yAt + p * yStep + lane);
      }
    }
  }

  @Override
  public void scalePixels(
      float[] x,
      int xAt,
      int xStep,
      float[] factor,
      float[] offset,
      int at,
      float[] y,
      int yAt,
      int yStep,
      int count) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector factors = FloatVector.fromArray(S, factor, at + lane);
      FloatVector offsets = FloatVector.fromArray(S, offset, at + lane);
      for (int p = 0; p < count; p++) {
        FloatVector pixel = FloatVector.fromArray(S, x, xAt + p * xStep + lane);
        pixel.fma(factors, offsets).max(0f).intoArray(y, yAt + p * yStep + lane);
      }
    }
  }

  @Override
  public void finish(
      float[] sums, int at, float @Nullable [] add, float low, float[] y, int yAt, int count) {
    if (add == null) {
      for (int i = 0; i < count; i += LANES) {
        FloatVector.fromArray(S, sums, at + i).max(low).intoArray(y, yAt + i);
      }
    } else {
      for (int i = 0; i < count; i += LANES) {
        FloatVector sum = FloatVector.fromArray(S, sums, at + i);
        sum.add(FloatVector.fromArray(S, add, yAt + i)).max(low).intoArray(y, yAt + i);
      }
    }
  }

  @Override
  public void winogradWeights(
      float[] w, int wAt, int[] taps, int channels, int row, float[] u, int uAt, int uStep) {
    FloatVector four = FloatVector.broadcast(S, 4);
    FloatVector g0 = FloatVector.broadcast(S, ScalarKernels.G[3 * row]);
    FloatVector g1 = FloatVector.broadcast(S, ScalarKernels.G[3 * row + 1]);
    FloatVector g2 = FloatVector.broadcast(S, ScalarKernels.G[3 * row + 2]);
    int tap0 = wAt + taps[0];
    int tap1 = wAt + taps[1];
    int tap2 = wAt + taps[2];
    int tap3 = wAt + taps[3];
    int tap4 = wAt + taps[4];
    int tap5 = wAt + taps[5];
    int tap6 = wAt + taps[6];
    int tap7 = wAt + taps[7];
    int tap8 = wAt + taps[8];
    int to0 = uAt + 0 * uStep;
    int to1 = uAt + 1 * uStep;
    int to2 = uAt + 2 * uStep;
    int to3 = uAt + 3 * uStep;
    int to4 = uAt + 4 * uStep;
    int to5 = uAt + 5 * uStep;

    if (row == 0 || row == 5) {
      // G's first row and its last have one number that is not 0.
      int only = row == 0 ? 0 : 6;
      FloatVector g = FloatVector.broadcast(S, ScalarKernels.G[3 * row + only / 3]);
      int from0 = wAt + taps[only];
      int from1 = wAt + taps[only + 1];
      int from2 = wAt + taps[only + 2];
      for (int i = 0; i < channels * BLOCK; i += LANES) {
        FloatVector d0 = FloatVector.fromArray(S, w, from0 + i).mul(g);
        FloatVector d1 = FloatVector.fromArray(S, w, from1 + i).mul(g);
        FloatVector d2 = FloatVector.fromArray(S, w, from2 + i).mul(g);
        FloatVector p = d0.add(d2).mul(-1f / 6);
        FloatVector q = d1.mul(1f / 6);
        FloatVector s = d2.fma(four, d0).mul(1f / 24);
        FloatVector e = d1.mul(1f / 12);
        FloatVector t0 = d0.mul(0.25f);
        FloatVector t1 = p.sub(q);
        FloatVector t2 = p.add(q);
        FloatVector t3 = s.add(e);
        FloatVector t4 = s.sub(e);
        FloatVector t5 = d2;
        t0.intoArray(u, to0 + i);
        t1.intoArray(u, to1 + i);
        t2.intoArray(u, to2 + i);
        t3.intoArray(u, to3 + i);
        t4.intoArray(u, to4 + i);
        t5.intoArray(u, to5 + i);
      }
      return;
    }
    for (int i = 0; i < channels * BLOCK; i += LANES) {
      FloatVector d0 = FloatVector.fromArray(S, w, tap0 + i).mul(g0);
      d0 = FloatVector.fromArray(S, w, tap3 + i).fma(g1, d0);
      d0 = FloatVector.fromArray(S, w, tap6 + i).fma(g2, d0);
      FloatVector d1 = FloatVector.fromArray(S, w, tap1 + i).mul(g0);
      d1 = FloatVector.fromArray(S, w, tap4 + i).fma(g1, d1);
      d1 = FloatVector.fromArray(S, w, tap7 + i).fma(g2, d1);
      FloatVector d2 = FloatVector.fromArray(S, w, tap2 + i).mul(g0);
      d2 = FloatVector.fromArray(S, w, tap5 + i).fma(g1, d2);
      d2 = FloatVector.fromArray(S, w, tap8 + i).fma(g2, d2);

      FloatVector p = d0.add(d2).mul(-1f / 6);
      FloatVector q = d1.mul(1f / 6);
      FloatVector s = d2.fma(four, d0).mul(1f / 24);
      FloatVector e = d1.mul(1f / 12);
      FloatVector t0 = d0.mul(0.25f);
      FloatVector t1 = p.sub(q);
      FloatVector t2 = p.add(q);
      FloatVector t3 = s.add(e);
      FloatVector t4 = s.sub(e);
      FloatVector t5 = d2;
      t0.intoArray(u, to0 + i);
      t1.intoArray(u, to1 + i);
      t2.intoArray(u, to2 + i);
      t3.intoArray(u, to3 + i);
      t4.intoArray(u, to4 + i);
      t5.intoArray(u, to5 + i);
    }
  }

  @Override
  public void winogradInput(
      float[] x, int xAt, int xRow, float[] scratch, float[] v, int vAt, int vStep) {
    FloatVector two = FloatVector.broadcast(S, 2);
    FloatVector minusTwo = FloatVector.broadcast(S, -2);
    FloatVector four = FloatVector.broadcast(S, 4);
    FloatVector minusFour = FloatVector.broadcast(S, -4);
    FloatVector minusFive = FloatVector.broadcast(S, -5);
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      for (int c = 0; c < 6; c++) {
        FloatVector d0 = FloatVector.fromArray(S, x, xAt + 0 * xRow + c * BLOCK + lane);
        FloatVector d1 = FloatVector.fromArray(S, x, xAt + 1 * xRow + c * BLOCK + lane);
        FloatVector d2 = FloatVector.fromArray(S, x, xAt + 2 * xRow + c * BLOCK + lane);
        FloatVector d3 = FloatVector.fromArray(S, x, xAt + 3 * xRow + c * BLOCK + lane);
        FloatVector d4 = FloatVector.fromArray(S, x, xAt + 4 * xRow + c * BLOCK + lane);
        FloatVector d5 = FloatVector.fromArray(S, x, xAt + 5 * xRow + c * BLOCK + lane);
        FloatVector p = d2.fma(minusFour, d4);
        FloatVector q = d1.fma(minusFour, d3);
        FloatVector s = d4.sub(d2);
        FloatVector e = d3.sub(d1);
        FloatVector t0 = d0.fma(four, d2.fma(minusFive, d4));
        FloatVector t1 = p.add(q);
        FloatVector t2 = p.sub(q);
        FloatVector t3 = e.fma(two, s);
        FloatVector t4 = e.fma(minusTwo, s);
        FloatVector t5 = d1.fma(four, d3.fma(minusFive, d5));
        t0.intoArray(scratch, ORIGIN + (0 + c) * BLOCK);
        t1.intoArray(scratch, ORIGIN + (6 + c) * BLOCK);
        t2.intoArray(scratch, ORIGIN + (12 + c) * BLOCK);
        t3.intoArray(scratch, ORIGIN + (18 + c) * BLOCK);
        t4.intoArray(scratch, ORIGIN + (24 + c) * BLOCK);
        t5.intoArray(scratch, ORIGIN + (30 + c) * BLOCK);
      }
      for (int r = 0; r < 6; r++) {
        FloatVector d0 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 0) * BLOCK);
        FloatVector d1 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 1) * BLOCK);
        FloatVector d2 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 2) * BLOCK);
        FloatVector d3 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 3) * BLOCK);
        FloatVector d4 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 4) * BLOCK);
        FloatVector d5 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 5) * BLOCK);
        FloatVector p = d2.fma(minusFour, d4);
        FloatVector q = d1.fma(minusFour, d3);
        FloatVector s = d4.sub(d2);
        FloatVector e = d3.sub(d1);
        FloatVector t0 = d0.fma(four, d2.fma(minusFive, d4));
        FloatVector t1 = p.add(q);
        FloatVector t2 = p.sub(q);
        FloatVector t3 = e.fma(two, s);
        FloatVector t4 = e.fma(minusTwo, s);
        FloatVector t5 = d1.fma(four, d3.fma(minusFive, d5));
        t0.intoArray(v, vAt + (6 * r + 0) * vStep + lane);
        t1.intoArray(v, vAt + (6 * r + 1) * vStep + lane);
        t2.intoArray(v, vAt + (6 * r + 2) * vStep + lane);
        t3.intoArray(v, vAt + (6 * r + 3) * vStep + lane);
        t4.intoArray(v, vAt + (6 * r + 4) * vStep + lane);
        t5.intoArray(v, vAt + (6 * r + 5) * vStep + lane);
      }
    }
  }

  @Override
  public void winogradOutput(
      float[] m,
      int mAt,
      int mStep,
      float[] bias,
      int biasAt,
      float[] scratch,
      float[] y,
      int yAt,
      int yRow) {
    FloatVector two = FloatVector.broadcast(S, 2);
    FloatVector four = FloatVector.broadcast(S, 4);
    FloatVector eight = FloatVector.broadcast(S, 8);
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector start = FloatVector.fromArray(S, bias, biasAt + lane);
      for (int c = 0; c < 6; c++) {
        FloatVector d0 = FloatVector.fromArray(S, m, mAt + (6 * 0 + c) * mStep + lane);
        FloatVector d1 = FloatVector.fromArray(S, m, mAt + (6 * 1 + c) * mStep + lane);
        FloatVector d2 = FloatVector.fromArray(S, m, mAt + (6 * 2 + c) * mStep + lane);
        FloatVector d3 = FloatVector.fromArray(S, m, mAt + (6 * 3 + c) * mStep + lane);
        FloatVector d4 = FloatVector.fromArray(S, m, mAt + (6 * 4 + c) * mStep + lane);
        FloatVector d5 = FloatVector.fromArray(S, m, mAt + (6 * 5 + c) * mStep + lane);
        FloatVector p = d1.add(d2);
        FloatVector q = d1.sub(d2);
        FloatVector s = d3.add(d4);
        FloatVector e = d3.sub(d4);
        FloatVector t0 = d0.add(p).add(s);
        FloatVector t1 = e.fma(two, q);
        FloatVector t2 = s.fma(four, p);
        FloatVector t3 = e.fma(eight, q).add(d5);
        t0.intoArray(scratch, ORIGIN + (0 + c) * BLOCK);
        t1.intoArray(scratch, ORIGIN + (6 + c) * BLOCK);
        t2.intoArray(scratch, ORIGIN + (12 + c) * BLOCK);
        t3.intoArray(scratch, ORIGIN + (18 + c) * BLOCK);
      }
      for (int r = 0; r < 4; r++) {
        FloatVector d0 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 0) * BLOCK);
        FloatVector d1 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 1) * BLOCK);
        FloatVector d2 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 2) * BLOCK);
        FloatVector d3 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 3) * BLOCK);
        FloatVector d4 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 4) * BLOCK);
        FloatVector d5 = FloatVector.fromArray(S, scratch, ORIGIN + (6 * r + 5) * BLOCK);
        FloatVector p = d1.add(d2);
        FloatVector q = d1.sub(d2);
        FloatVector s = d3.add(d4);
        FloatVector e = d3.sub(d4);
        FloatVector t0 = d0.add(p).add(s);
        FloatVector t1 = e.fma(two, q);
        FloatVector t2 = s.fma(four, p);
        FloatVector t3 = e.fma(eight, q).add(d5);
        t0.add(start).intoArray(y, yAt + r * yRow + 0 * BLOCK + lane);
        t1.add(start).intoArray(y, yAt + r * yRow + 1 * BLOCK + lane);
        t2.add(start).intoArray(y, yAt + r * yRow + 2 * BLOCK + lane);
        t3.add(start).intoArray(y, yAt + r * yRow + 3 * BLOCK + lane);
      }
    }
  }

  @Override
  public void correlate(
      float[] x,
      int xAt,
      int xStep,
      int channels,
      float[] s,
      int sAt,
      int sBlock,
      int outputBlocks,
      int columns,
      float[] w,
      int wAt) {
    int wRow = outputBlocks * BLOCK;
    for (int lane = 0; lane < wRow; lane += 2 * LANES) {
      int from = sAt + lane / BLOCK * sBlock + lane % BLOCK;
      for (int i = 0; i < channels; i += 4) {
        correlate4x2(
            x, xAt + i, xStep, s, from, LANES, columns, w, wAt + i * wRow + lane, wRow, LANES);
      }
    }
  }

  private static void correlate4x2(
      float[] x,
      int xAt,
      int xStep,
      float[] s,
      int sAt,
      int sNext,
      int columns,
      float[] w,
      int wAt,
      int wRow,
      int wNext) {
    FloatVector a0v0 = FloatVector.zero(S);
    FloatVector a0v1 = a0v0;
    FloatVector a1v0 = a0v0;
    FloatVector a1v1 = a0v0;
    FloatVector a2v0 = a0v0;
    FloatVector a2v1 = a0v0;
    FloatVector a3v0 = a0v0;
    FloatVector a3v1 = a0v0;
    for (int c = 0, from = xAt, at = sAt; c < columns; c++, from += xStep, at += BLOCK) {
      FloatVector s0 = FloatVector.fromArray(S, s, at);
      FloatVector s1 = FloatVector.fromArray(S, s, at + sNext);
      FloatVector p = FloatVector.broadcast(S, x[from]);
      a0v0 = p.fma(s0, a0v0);
      a0v1 = p.fma(s1, a0v1);
      p = FloatVector.broadcast(S, x[from + 1]);
      a1v0 = p.fma(s0, a1v0);
      a1v1 = p.fma(s1, a1v1);
      p = FloatVector.broadcast(S, x[from + 2]);
      a2v0 = p.fma(s0, a2v0);
      a2v1 = p.fma(s1, a2v1);
      p = FloatVector.broadcast(S, x[from + 3]);
      a3v0 = p.fma(s0, a3v0);
      a3v1 = p.fma(s1, a3v1);
    }
    FloatVector.fromArray(S, w, wAt).add(a0v0).intoArray(w, wAt);
    FloatVector.fromArray(S, w, wAt + wNext).add(a0v1).intoArray(w, wAt + wNext);
    FloatVector.fromArray(S, w, wAt + wRow).add(a1v0).intoArray(w, wAt + wRow);
    FloatVector.fromArray(S, w, wAt + wRow + wNext).add(a1v1).intoArray(w, wAt + wRow + wNext);
    FloatVector.fromArray(S, w, wAt + 2 * wRow).add(a2v0).intoArray(w, wAt + 2 * wRow);
    FloatVector.fromArray(S, w, wAt + 2 * wRow + wNext)
        .add(a2v1)
        .intoArray(w, wAt + 2 * wRow + wNext);
    FloatVector.fromArray(S, w, wAt + 3 * wRow).add(a3v0).intoArray(w, wAt + 3 * wRow);
    FloatVector.fromArray(S, w, wAt + 3 * wRow + wNext)
        .add(a3v1)
        .intoArray(w, wAt + 3 * wRow + wNext);
  }

  @Override
  public void correlateDepthwise(
      float[] x, int xAt, int xStep, float[] s, int sAt, int columns, float[] w, int wAt) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector sum = FloatVector.zero(S);
      for (int column = 0; column < columns; column++) {
        FloatVector value = FloatVector.fromArray(S, x, xAt + column * xStep + lane);
        sum = value.fma(FloatVector.fromArray(S, s, sAt + column * BLOCK + lane), sum);
      }
      FloatVector.fromArray(S, w, wAt + lane).add(sum).intoArray(w, wAt + lane);
    }
  }

  @Override
  public void multiplyRows(
      float[] w, int wAt, int rows, int columns, float[] x, int xAt, float[] y, int yAt) {
    int r = 0;
    for (; r + 4 <= rows; r += 4)
      multiplyFourRows(w, wAt + r * columns, columns, x, xAt, y, yAt + r);
    for (; r < rows; r++) y[yAt + r] = multiplyRow(w, wAt + r * columns, columns, x, xAt);
  }

  private static void multiplyFourRows(
      float[] w, int at0, int columns, float[] x, int xAt, float[] y, int yAt) {
    int at1 = at0 + columns;
    int at2 = at1 + columns;
    int at3 = at2 + columns;
    FloatVector sum0 = FloatVector.zero(S);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int i = 0;
    for (int bound = S.loopBound(columns); i < bound; i += LANES) {
      FloatVector value = FloatVector.fromArray(S, x, xAt + i);
      sum0 = FloatVector.fromArray(S, w, at0 + i).fma(value, sum0);
      sum1 = FloatVector.fromArray(S, w, at1 + i).fma(value, sum1);
      sum2 = FloatVector.fromArray(S, w, at2 + i).fma(value, sum2);
      sum3 = FloatVector.fromArray(S, w, at3 + i).fma(value, sum3);
    }
    y[yAt] = sum(sum0) + tail(w, at0, i, columns, x, xAt);
    y[yAt + 1] = sum(sum1) + tail(w, at1, i, columns, x, xAt);
    y[yAt + 2] = sum(sum2) + tail(w, at2, i, columns, x, xAt);
    y[yAt + 3] = sum(sum3) + tail(w, at3, i, columns, x, xAt);
  }

  private static float multiplyRow(float[] w, int wAt, int columns, float[] x, int xAt) {
    FloatVector sum = FloatVector.zero(S);
    int i = 0;
    for (int bound = S.loopBound(columns); i < bound; i += LANES) {
      FloatVector value = FloatVector.fromArray(S, x, xAt + i);
      sum = FloatVector.fromArray(S, w, wAt + i).fma(value, sum);
    }
    return sum(sum) + tail(w, wAt, i, columns, x, xAt);
  }

  /**
   * Returns the same vector, −0 + v. C2 knows the class of a vector that was just made, but of one
   * that a loop hands on only what a profile says; without one, a call on it is virtual and needs a
   * box. Receivers in and after loops are therefore loaded vectors, or known; but for intoArray of
   * accumulators, whose one virtual call, of length, has a profile by then.
   */
  private static FloatVector known(FloatVector v) {
    return FloatVector.broadcast(S, -0f).add(v);
  }

  /** Sums lanes in one fixed order; that of {@code reduceLanes} may change once it is compiled. */
  private static float sum(FloatVector lanes) {
    lanes = known(lanes);
    lanes = lanes.add(lanes.rearrange(BY_2));
    lanes = lanes.add(lanes.rearrange(BY_1));
    return lanes.lane(0);
  }

  private static float tail(float[] w, int wAt, int i, int columns, float[] x, int xAt) {
    float sum = 0;
    for (; i < columns; i++) sum += w[wAt + i] * x[xAt + i];
    return sum;
  }

  @Override
  public void addMultiple(float factor, float[] w, int wAt, float[] y, int yAt, int count) {
    FloatVector factors = FloatVector.broadcast(S, factor);
    int i = 0;
    for (int bound = S.loopBound(count); i < bound; i += LANES) {
      FloatVector sum = FloatVector.fromArray(S, y, yAt + i);
      FloatVector.fromArray(S, w, wAt + i).fma(factors, sum).intoArray(y, yAt + i);
    }
    ScalarKernels.INSTANCE.addMultiple(factor, w, wAt + i, y, yAt + i, count - i);
  }

  @Override
  public void windowMaxima(
      float[] x,
      int xAt,
      int xStep,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] y,
      int yAt,
      int count) {
    if (rows == 3 && columns == 3) {
      windowMaxima3(x, xAt, xStep, rowStep, columnStep, y, yAt, count);
      return;
    }
    for (int window = 0; window < count; window++) {
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        int at = xAt + window * xStep + lane;
        FloatVector maximum = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) {
            maximum = FloatVector.fromArray(S, x, at + r * rowStep + c * columnStep).max(maximum);
          }
        }
        maximum.intoArray(y, yAt + window * BLOCK + lane);
      }
    }
  }

  /** Of 3×3, which most networks have: loops over so few pixels take longer than their maxima. */
  private static void windowMaxima3(
      float[] x, int xAt, int xStep, int rowStep, int columnStep, float[] y, int yAt, int count) {
    for (int window = 0; window < count; window++) {
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        int at = xAt + window * xStep + lane;
        FloatVector first = maximumOf3(x, at, columnStep);
        FloatVector second = maximumOf3(x, at + rowStep, columnStep);
        FloatVector third = maximumOf3(x, at + 2 * rowStep, columnStep);
        first.max(second).max(third).intoArray(y, yAt + window * BLOCK + lane);
      }
    }
  }

  private static FloatVector maximumOf3(float[] x, int at, int step) {
    FloatVector first = FloatVector.fromArray(S, x, at);
    FloatVector second = FloatVector.fromArray(S, x, at + step);
    return first.max(second).max(FloatVector.fromArray(S, x, at + 2 * step));
  }

  @Override
  public boolean isLevel(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] least,
      int leastAt,
      float factor,
      float share) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector smallest = FloatVector.broadcast(S, Float.POSITIVE_INFINITY);
      FloatVector largest = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          FloatVector value =
              FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane);
          smallest = value.min(smallest);
          largest = value.max(largest);
        }
      }
      FloatVector bound = FloatVector.fromArray(S, least, leastAt + lane).mul(factor);
      bound = bound.max(known(largest).max(known(smallest).neg()).mul(share));
      if (bound.compare(VectorOperators.GT, smallest).anyTrue()) return false;
    }
    return true;
  }

  @Override
  public int subtractPixels(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      int bAt,
      float[] y,
      int yAt,
      int count,
      float share) {
    for (int pixel = 0; pixel < count; pixel++) {
      boolean small = false;
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        FloatVector from = FloatVector.fromArray(S, a, aAt + pixel * aStep + lane);
        FloatVector difference = from.sub(FloatVector.fromArray(S, b, bAt + pixel * BLOCK + lane));
        difference.intoArray(y, yAt + pixel * BLOCK + lane);
        small |= difference.compare(VectorOperators.LT, from.mul(share)).anyTrue();
      }
      if (small) return pixel;
    }
    return count;
  }

  @Override
  public void windowSum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] y,
      int yAt) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector sum = FloatVector.zero(S);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          sum = FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane).add(sum);
        }
      }
      known(sum).mul(factor).intoArray(y, yAt + lane);
    }
  }

  @Override
  public void routeToMaximum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] s,
      int sAt,
      float[] dx) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector best = FloatVector.fromArray(S, x, xAt + lane);
      FloatVector winner = FloatVector.zero(S);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          FloatVector value =
              FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane);
          VectorMask<Float> better = value.compare(VectorOperators.GT, best);
          best = known(best).blend(value, better);
          winner = known(winner).blend((float) (r * columns + c), better);
        }
      }
      FloatVector signal = FloatVector.fromArray(S, s, sAt + lane);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          int at = xAt + r * rowStep + c * columnStep + lane;
          VectorMask<Float> here = known(winner).eq((float) (r * columns + c));
          FloatVector.fromArray(S, dx, at).add(signal, here).intoArray(dx, at);
        }
      }
    }
  }

  @Override
  public void addToWindow(
      float[] dx,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] s,
      int sAt) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector signal = FloatVector.fromArray(S, s, sAt + lane).mul(factor);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          int at = xAt + r * rowStep + c * columnStep + lane;
          FloatVector.fromArray(S, dx, at).add(signal).intoArray(dx, at);
        }
      }
    }
  }

  @Override
  public double shares(
      float[] r,
      int rAt,
      double positive,
      double negative,
      float ofP,
      float ofN,
      float[] z,
      int zAt,
      float ignored,
      float[] s,
      int sAt,
      int count) {
    if (!isSplit(positive) || !isSplit(negative)) {
      return ScalarKernels.INSTANCE.shares(
          r, rAt, positive, negative, ofP, ofN, z, zAt, ignored, s, sAt, count);
    }
    float positive0 = (float) positive;
    float positive1 = (float) (positive - positive0);
    float negative0 = (float) negative;
    float negative1 = (float) (negative - negative0);
    FloatVector sum = FloatVector.zero(S);
    FloatVector lost = FloatVector.zero(S);
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector relevance = FloatVector.fromArray(S, r, rAt + i);
      FloatVector raising = relevance.max(0f);
      FloatVector lowering = relevance.min(0f);
      FloatVector p = raising.fma(FloatVector.broadcast(S, positive0), raising.mul(positive1));
      FloatVector n = lowering.fma(FloatVector.broadcast(S, negative0), lowering.mul(negative1));
      FloatVector y = p.mul(ofP).add(n.mul(ofN));
      FloatVector divisor = FloatVector.fromArray(S, z, zAt + i);
      VectorMask<Float> ignore = divisor.abs().compare(VectorOperators.LE, ignored);
      y.div(divisor).blend(0f, ignore).intoArray(s, sAt + i);
      // Knuth's two-sum: what is rounded away is kept, so the sum is as good as one of doubles.
      FloatVector summand = y.blend(0f, ignore);
      FloatVector total = summand.add(sum);
      FloatVector added = total.sub(sum);
      lost = summand.sub(added).sub(total.sub(added).sub(sum)).add(lost);
      sum = total;
    }
    double rest =
        ScalarKernels.INSTANCE.shares(
            r, rAt + i, positive, negative, ofP, ofN, z, zAt + i, ignored, s, sAt + i, count - i);
    sum = known(sum);
    lost = known(lost);
    return (double) sum.lane(0)
        + lost.lane(0)
        + (double) sum.lane(1)
        + lost.lane(1)
        + (double) sum.lane(2)
        + lost.lane(2)
        + (double) sum.lane(3)
        + lost.lane(3)
        + rest;
  }

  /**
   * Whether a number is nearly the sum of two floats, so that x·f = x·f₀ + x·f₁ is within an ulp of
   * the product. A double that is too large or too small for that is not.
   */
  private static boolean isSplit(double factor) {
    return factor == 0 || Math.abs(factor) > 0x1p-100 && Math.abs(factor) < 0x1p+100;
  }

  @Override
  public void hedge(
      float[] x,
      int xAt,
      float[] c,
      int cAt,
      float[] a,
      int aAt,
      float[] u,
      int uAt,
      float psi,
      float[] y,
      int yAt,
      int count) {
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector contribution = FloatVector.fromArray(S, c, cAt + i);
      VectorMask<Float> none = contribution.compare(VectorOperators.EQ, 0f);
      VectorMask<Float> active =
          FloatVector.fromArray(S, x, xAt + i).compare(VectorOperators.GT, 0f);
      FloatVector shared =
          FloatVector.fromArray(S, u, uAt + i).blend(FloatVector.fromArray(S, a, aAt + i), active);
      contribution.sub(psi).blend(0f, none).add(shared).intoArray(y, yAt + i);
    }
    ScalarKernels.INSTANCE.hedge(
        x, xAt + i, c, cAt + i, a, aAt + i, u, uAt + i, psi, y, yAt + i, count - i);
  }
}
