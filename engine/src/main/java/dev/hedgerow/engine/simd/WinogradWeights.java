package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #winogradWeights}: a row of {@code U = G g Gᵀ} of a vector of outputs. A row of G g, which
 * is three vectors, is multiplied with Gᵀ in registers:
 *
 * <pre>
 *        ⎡  6   0   0 ⎤
 *        ⎢ −4  −4  −4 ⎥
 * 24 G = ⎢ −4   4  −4 ⎥     for the points 0, ±1, ±2, ∞
 *        ⎢  1   2   4 ⎥
 *        ⎢  1  −2   4 ⎥
 *        ⎣  0   0  24 ⎦
 * </pre>
 */
interface WinogradWeights extends Kernels {
  @Override
  default void winogradWeights(
      float[] w, int wAt, int[] taps, int channels, int row, float[] u, int uAt, int uStep) {
    FloatVector four = FloatVector.broadcast(S, 4);
    int to1 = uAt + uStep;
    int to2 = uAt + 2 * uStep;
    int to3 = uAt + 3 * uStep;
    int to4 = uAt + 4 * uStep;
    int to5 = uAt + 5 * uStep;
    if (row == 0 || row == 5) {
      // G's first row and its last have one number that is not 0: they read one row of g. What
      // follows is written out for both, as C2 does not know the class of a method's arguments.
      int only = row == 0 ? 0 : 2;
      FloatVector factor = FloatVector.broadcast(S, ScalarKernels.G[3 * row + only]);
      int tap0 = wAt + taps[3 * only];
      int tap1 = wAt + taps[3 * only + 1];
      int tap2 = wAt + taps[3 * only + 2];
      for (int i = 0; i < channels * BLOCK; i += LANES) {
        FloatVector d0 = FloatVector.fromArray(S, w, tap0 + i).mul(factor);
        FloatVector d1 = FloatVector.fromArray(S, w, tap1 + i).mul(factor);
        FloatVector d2 = FloatVector.fromArray(S, w, tap2 + i).mul(factor);
        FloatVector p = d0.add(d2).mul(-1f / 6);
        FloatVector q = d1.mul(1f / 6);
        FloatVector s = d2.fma(four, d0).mul(1f / 24);
        FloatVector e = d1.mul(1f / 12);
        d0.mul(0.25f).intoArray(u, uAt + i);
        p.sub(q).intoArray(u, to1 + i);
        p.add(q).intoArray(u, to2 + i);
        s.add(e).intoArray(u, to3 + i);
        s.sub(e).intoArray(u, to4 + i);
        d2.intoArray(u, to5 + i);
      }
      return;
    }
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
    for (int i = 0; i < channels * BLOCK; i += LANES) {
      FloatVector d0 = FloatVector.fromArray(S, w, tap0 + i).mul(g0);
      FloatVector d1 = FloatVector.fromArray(S, w, tap1 + i).mul(g0);
      FloatVector d2 = FloatVector.fromArray(S, w, tap2 + i).mul(g0);
      d0 = FloatVector.fromArray(S, w, tap3 + i).fma(g1, d0);
      d1 = FloatVector.fromArray(S, w, tap4 + i).fma(g1, d1);
      d2 = FloatVector.fromArray(S, w, tap5 + i).fma(g1, d2);
      d0 = FloatVector.fromArray(S, w, tap6 + i).fma(g2, d0);
      d1 = FloatVector.fromArray(S, w, tap7 + i).fma(g2, d1);
      d2 = FloatVector.fromArray(S, w, tap8 + i).fma(g2, d2);
      FloatVector p = d0.add(d2).mul(-1f / 6);
      FloatVector q = d1.mul(1f / 6);
      FloatVector s = d2.fma(four, d0).mul(1f / 24);
      FloatVector e = d1.mul(1f / 12);
      d0.mul(0.25f).intoArray(u, uAt + i);
      p.sub(q).intoArray(u, to1 + i);
      p.add(q).intoArray(u, to2 + i);
      s.add(e).intoArray(u, to3 + i);
      s.sub(e).intoArray(u, to4 + i);
      d2.intoArray(u, to5 + i);
    }
  }
}
