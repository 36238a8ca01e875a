package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #correlateDepthwise}: a vector of channels of all columns, whose sum stays in a register.
 */
interface CorrelateDepthwise extends Kernels {
  @Override
  default void correlateDepthwise(
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
}
