package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;
import static dev.hedgerow.engine.simd.Vectors.sum;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #multiplyRows}: four rows share each vector of x.
 *
 * <pre>
 *              x[i ...]
 * w[r]     ·   sum0        a vector of partial sums each, added
 * w[r + 1] ·   sum1        lane to lane at the end
 * w[r + 2] ·   sum2
 * w[r + 3] ·   sum3
 * </pre>
 */
interface MultiplyRows extends Kernels {
  @Override
  default void multiplyRows(
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

  private static float tail(float[] w, int wAt, int i, int columns, float[] x, int xAt) {
    float sum = 0;
    for (; i < columns; i++) sum += w[wAt + i] * x[xAt + i];
    return sum;
  }
}
