package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** {@link #finish}: a vector of sums at a time. */
interface Finish extends Kernels {
  @Override
  default void finish(
      float[] sums, int at, float @Nullable [] add, float low, float[] y, int yAt, int count) {
    if (add == null) {
      for (int i = 0; i < count; i += LANES) {
        FloatVector.fromArray(S, sums, at + i).max(low).intoArray(y, yAt + i);
      }
    } else {
      for (int i = 0; i < count; i += LANES) {
        FloatVector sum = FloatVector.fromArray(S, sums, at + i);
        sum.add(FloatVector.fromArray(S, add, yAt + i)).max(low).intoArray(y, yAt + i);
      }
    }
  }
}
