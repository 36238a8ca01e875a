package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;

/** {@link #addMultiple}: a vector of elements at a time, the rest by the scalar kernel. */
interface AddMultiple extends Kernels {
  @Override
  default void addMultiple(float factor, float[] w, int wAt, float[] y, int yAt, int count) {
    FloatVector factors = FloatVector.broadcast(S, factor);
    int i = 0;
    for (int bound = S.loopBound(count); i < bound; i += LANES) {
      FloatVector sum = FloatVector.fromArray(S, y, yAt + i);
      FloatVector.fromArray(S, w, wAt + i).fma(factors, sum).intoArray(y, yAt + i);
    }
    ScalarKernels.INSTANCE.addMultiple(factor, w, wAt + i, y, yAt + i, count - i);
  }
}
