package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * {@link #finish}: a vector of sums at a time, which is compared with both ends of the range. The
 * maximum and minimum of vectors are some six instructions each, for NaN, which a comparison keeps
 * too, and for the sign of zero, which is the range's here.
 */
interface Finish extends Kernels {
  @Override
  default void finish(
      float[] sums,
      int at,
      float @Nullable [] add,
      float low,
      float high,
      float[] y,
      int yAt,
      int count) {
    if (add == null) {
      for (int i = 0; i < count; i += LANES) {
        clip(FloatVector.fromArray(S, sums, at + i), low, high).intoArray(y, yAt + i);
      }
    } else {
      for (int i = 0; i < count; i += LANES) {
        FloatVector sum = FloatVector.fromArray(S, sums, at + i);
        clip(sum.add(FloatVector.fromArray(S, add, yAt + i)), low, high).intoArray(y, yAt + i);
      }
    }
  }

  private static FloatVector clip(FloatVector v, float low, float high) {
    FloatVector least = FloatVector.broadcast(S, low);
    FloatVector most = FloatVector.broadcast(S, high);
    FloatVector above = v.blend(least, v.compare(VectorOperators.LE, least));
    return above.blend(most, above.compare(VectorOperators.GE, most));
  }
}
