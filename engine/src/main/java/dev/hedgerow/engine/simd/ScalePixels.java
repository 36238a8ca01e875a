package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * {@link #scalePixels}: a vector of channels of all pixels, whose two numbers stay in registers.
 */
interface ScalePixels extends Kernels {
  @Override
  default void scalePixels(
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
}
