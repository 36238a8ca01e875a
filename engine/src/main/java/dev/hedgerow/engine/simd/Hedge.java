package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** {@link #hedge}: a vector of elements at a time, the rest by the scalar kernel. */
interface Hedge extends Kernels {
  @Override
  default void hedge(
      float[] x,
      int xAt,
      float[] c,
      int cAt,
      float[] a,
      int aAt,
      float[] u,
      int uAt,
      float psi,
      float[] y,
      int yAt,
      int count) {
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector contribution = FloatVector.fromArray(S, c, cAt + i);
      VectorMask<Float> none = contribution.compare(VectorOperators.EQ, 0f);
      VectorMask<Float> active =
          FloatVector.fromArray(S, x, xAt + i).compare(VectorOperators.GT, 0f);
      FloatVector ofActive = FloatVector.fromArray(S, a, aAt + i).max(0f);
      FloatVector shared = FloatVector.fromArray(S, u, uAt + i).min(0f).blend(ofActive, active);
      contribution.sub(psi).blend(0f, none).add(shared).intoArray(y, yAt + i);
    }
    ScalarKernels.INSTANCE.hedge(
        x, xAt + i, c, cAt + i, a, aAt + i, u, uAt + i, psi, y, yAt + i, count - i);
  }
}
