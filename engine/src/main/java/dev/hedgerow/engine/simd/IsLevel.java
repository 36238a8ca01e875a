package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;
import static dev.hedgerow.engine.simd.Vectors.known;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link #isLevel}: a vector of channels, whose least and largest value in the window stay in
 * registers.
 */
interface IsLevel extends Kernels {
  @Override
  default boolean isLevel(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] least,
      int leastAt,
      float factor,
      float share) {
    for (int lane = 0; lane < BLOCK; lane += LANES) {
      FloatVector smallest = FloatVector.broadcast(S, Float.POSITIVE_INFINITY);
      FloatVector largest = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          FloatVector value =
              FloatVector.fromArray(S, x, xAt + r * rowStep + c * columnStep + lane);
          smallest = value.min(smallest);
          largest = value.max(largest);
        }
      }
      FloatVector bound = FloatVector.fromArray(S, least, leastAt + lane).mul(factor);
      bound = bound.max(known(largest).max(known(smallest).neg()).mul(share));
      if (bound.compare(VectorOperators.GT, smallest).anyTrue()) return false;
    }
    return true;
  }
}
