package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;
import static dev.hedgerow.engine.simd.Vectors.known;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link #routeToMaximum}: of a vector of channels, the largest value so far and the number of its
 * pixel stay in registers; then each pixel takes the lanes of s that have its number.
 */
interface RouteToMaximum extends Kernels {
  @Override
  default void routeToMaximum(
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
}
