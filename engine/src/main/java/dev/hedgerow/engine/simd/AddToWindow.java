package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/** {@link #addToWindow}: a vector of s is added to all pixels of the window. */
interface AddToWindow extends Kernels {
  @Override
  default void addToWindow(
      float[] dx,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] s,
      int sAt) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector signal = FloatVector.fromArray(S, s, sAt + lane).mul(factor);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          int at = xAt + r * rowStep + c * columnStep + lane;
          FloatVector.fromArray(S, dx, at).add(signal).intoArray(dx, at);
        }
      }
    }
  }
}
