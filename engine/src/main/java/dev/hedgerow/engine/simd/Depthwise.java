package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #depthwise}: a vector of channels of one column, whose sum over the taps stays in a
 * register.
 */
interface Depthwise extends Kernels {
  @Override
  default void depthwise(
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
}
