package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;
import static dev.hedgerow.engine.simd.Vectors.known;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/** {@link #windowSum}: a vector of channels, whose sum stays in a register. */
interface WindowSum extends Kernels {
  @Override
  default void windowSum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] y,
      int yAt) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector sum = FloatVector.zero(S);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          sum = FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane).add(sum);
        }
      }
      known(sum).mul(factor).intoArray(y, yAt + lane);
    }
  }
}
