package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #winogradOutput}: {@code Y = Aᵀ M A} of a vector of channels, columns of M to a scratch of
 * 4×6 vectors, then its rows to Y. Each takes six vectors from memory and stores four:
 *
 * <pre>
 *      ⎡ 1   1   1   1   1   0 ⎤
 * Aᵀ = ⎢ 0   1  −1   2  −2   0 ⎥     for the points 0, ±1, ±2, ∞
 *      ⎢ 0   1   1   4   4   0 ⎥
 *      ⎣ 0   1  −1   8  −8   1 ⎦
 * </pre>
 */
interface WinogradOutput extends Kernels {
  @Override
  default void winogradOutput(
      float[] m, int mAt, int mStep, float[] scratch, float[] y, int yAt, int yRow) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      for (int c = 0; c < 6; c++) {
        int at = mAt + c * mStep + lane;
        transform(m, at, 6 * mStep, scratch, ORIGIN + c * BLOCK, 6 * BLOCK);
      }
      for (int r = 0; r < 4; r++) {
        int at = ORIGIN + 6 * r * BLOCK;
        transform(scratch, at, BLOCK, y, yAt + r * yRow + lane, BLOCK);
      }
    }
  }

  /** Multiplies Aᵀ with six vectors that are a distance apart. */
  private static void transform(float[] m, int at, int step, float[] y, int to, int yStep) {
    FloatVector m0 = FloatVector.fromArray(S, m, at);
    FloatVector m1 = FloatVector.fromArray(S, m, at + step);
    FloatVector m2 = FloatVector.fromArray(S, m, at + 2 * step);
    FloatVector m3 = FloatVector.fromArray(S, m, at + 3 * step);
    FloatVector m4 = FloatVector.fromArray(S, m, at + 4 * step);
    FloatVector m5 = FloatVector.fromArray(S, m, at + 5 * step);
    FloatVector p = m1.add(m2);
    FloatVector q = m1.sub(m2);
    FloatVector s = m3.add(m4);
    FloatVector e = m3.sub(m4);
    m0.add(p).add(s).intoArray(y, to);
    e.fma(FloatVector.broadcast(S, 2), q).intoArray(y, to + yStep);
    s.fma(FloatVector.broadcast(S, 4), p).intoArray(y, to + 2 * yStep);
    e.fma(FloatVector.broadcast(S, 8), q).add(m5).intoArray(y, to + 3 * yStep);
  }
}
