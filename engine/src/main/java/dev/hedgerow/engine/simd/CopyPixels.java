package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/** {@link #copyPixels}: a pixel, which is one to four vectors, at a time. */
interface CopyPixels extends Kernels {
  @Override
  default void copyPixels(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count) {
    for (int p = 0; p < count; p++) {
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        FloatVector.fromArray(S, x, xAt + p * xStep + lane).intoArray(y, yAt + p * yStep + lane);
      }
    }
  }
}
