package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #correlate}: tiles of four channels and two vectors of outputs, whose sums over the
 * columns c stay in registers; of one vector where there is one, a single block with 512 bits:
 *
 * <pre>
 *              s[c]
 *              s0      s1
 * x[c][i]      a0v0    a0v1
 * x[c][i + 1]  a1v0    a1v1
 * x[c][i + 2]  a2v0    a2v1
 * x[c][i + 3]  a3v0    a3v1
 * </pre>
 */
interface Correlate extends Kernels {
  @Override
  default void correlate(
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
    int outputs = outputBlocks * BLOCK;
    int sNext = LANES == BLOCK ? sBlock : LANES;
    for (int lane = 0; lane < outputs; lane += 2 * LANES) {
      int from = sAt + lane / BLOCK * sBlock + lane % BLOCK;
      for (int i = 0; i < channels; i += 4) {
        int to = wAt + i * outputs + lane;
        if (lane + LANES < outputs) {
          tile4x2(x, xAt + i, xStep, s, from, sNext, columns, w, to, outputs);
        } else {
          tile4x1(x, xAt + i, xStep, s, from, columns, w, to, outputs);
        }
      }
    }
  }

  private static void tile4x2(
      float[] x,
      int xAt,
      int xStep,
      float[] s,
      int sAt,
      int sNext,
      int columns,
      float[] w,
      int wAt,
      int wRow) {
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
    add(w, wAt, a0v0);
    add(w, wAt + LANES, a0v1);
    add(w, wAt + wRow, a1v0);
    add(w, wAt + wRow + LANES, a1v1);
    add(w, wAt + 2 * wRow, a2v0);
    add(w, wAt + 2 * wRow + LANES, a2v1);
    add(w, wAt + 3 * wRow, a3v0);
    add(w, wAt + 3 * wRow + LANES, a3v1);
  }

  private static void tile4x1(
      float[] x,
      int xAt,
      int xStep,
      float[] s,
      int sAt,
      int columns,
      float[] w,
      int wAt,
      int wRow) {
    FloatVector a0 = FloatVector.zero(S);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    for (int c = 0, from = xAt, at = sAt; c < columns; c++, from += xStep, at += BLOCK) {
      FloatVector s0 = FloatVector.fromArray(S, s, at);
      a0 = s0.fma(FloatVector.broadcast(S, x[from]), a0);
      a1 = s0.fma(FloatVector.broadcast(S, x[from + 1]), a1);
      a2 = s0.fma(FloatVector.broadcast(S, x[from + 2]), a2);
      a3 = s0.fma(FloatVector.broadcast(S, x[from + 3]), a3);
    }
    add(w, wAt, a0);
    add(w, wAt + wRow, a1);
    add(w, wAt + 2 * wRow, a2);
    add(w, wAt + 3 * wRow, a3);
  }

  private static void add(float[] w, int at, FloatVector sum) {
    FloatVector.fromArray(S, w, at).add(sum).intoArray(w, at);
  }
}
