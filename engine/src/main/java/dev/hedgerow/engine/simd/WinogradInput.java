package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #winogradInput}: {@code V = Bᵀ d B} of a vector of channels, columns of d to a scratch of
 * 6×6 vectors, then its rows to V. Each takes six vectors from memory to registers and back:
 *
 * <pre>
 *      ⎡ 4   0  −5   0   1   0 ⎤
 *      ⎢ 0  −4  −4   1   1   0 ⎥
 * Bᵀ = ⎢ 0   4  −4  −1   1   0 ⎥     for the points 0, ±1, ±2, ∞
 *      ⎢ 0  −2  −1   2   1   0 ⎥
 *      ⎢ 0   2  −1  −2   1   0 ⎥
 *      ⎣ 0   4   0  −5   0   1 ⎦
 * </pre>
 */
interface WinogradInput extends Kernels {
  @Override
  default void winogradInput(
      float[] x, int xAt, int xRow, float[] scratch, float[] v, int vAt, int vStep) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      for (int c = 0; c < 6; c++) {
        transform(x, xAt + c * BLOCK + lane, xRow, scratch, ORIGIN + c * BLOCK, 6 * BLOCK);
      }
      for (int r = 0; r < 6; r++) {
        transform(scratch, ORIGIN + 6 * r * BLOCK, BLOCK, v, vAt + 6 * r * vStep + lane, vStep);
      }
    }
  }

  /** Multiplies Bᵀ with six vectors that are a distance apart. */
  private static void transform(float[] d, int at, int step, float[] y, int to, int yStep) {
    FloatVector d0 = FloatVector.fromArray(S, d, at);
    FloatVector d1 = FloatVector.fromArray(S, d, at + step);
    FloatVector d2 = FloatVector.fromArray(S, d, at + 2 * step);
    FloatVector d3 = FloatVector.fromArray(S, d, at + 3 * step);
    FloatVector d4 = FloatVector.fromArray(S, d, at + 4 * step);
    FloatVector d5 = FloatVector.fromArray(S, d, at + 5 * step);
    FloatVector minusFour = FloatVector.broadcast(S, -4);
    FloatVector minusFive = FloatVector.broadcast(S, -5);
    FloatVector p = d2.fma(minusFour, d4);
    FloatVector q = d1.fma(minusFour, d3);
    FloatVector s = d4.sub(d2);
    FloatVector e = d3.sub(d1);
    FloatVector four = FloatVector.broadcast(S, 4);
    d0.fma(four, d2.fma(minusFive, d4)).intoArray(y, to);
    p.add(q).intoArray(y, to + yStep);
    p.sub(q).intoArray(y, to + 2 * yStep);
    e.fma(FloatVector.broadcast(S, 2), s).intoArray(y, to + 3 * yStep);
    e.fma(FloatVector.broadcast(S, -2), s).intoArray(y, to + 4 * yStep);
    d1.fma(four, d3.fma(minusFive, d5)).intoArray(y, to + 5 * yStep);
  }
}
