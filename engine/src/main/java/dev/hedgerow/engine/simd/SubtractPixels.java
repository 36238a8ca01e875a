package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** {@link #subtractPixels}: a pixel at a time. */
interface SubtractPixels extends Kernels {
  @Override
  default int subtractPixels(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      int bAt,
      float[] y,
      int yAt,
      int count,
      float share) {
    for (int pixel = 0; pixel < count; pixel++) {
      boolean small = false;
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        FloatVector from = FloatVector.fromArray(S, a, aAt + pixel * aStep + lane);
        FloatVector difference = from.sub(FloatVector.fromArray(S, b, bAt + pixel * BLOCK + lane));
        difference.intoArray(y, yAt + pixel * BLOCK + lane);
        small |= difference.compare(VectorOperators.LT, from.mul(share)).anyTrue();
      }
      if (small) return pixel;
    }
    return count;
  }
}
