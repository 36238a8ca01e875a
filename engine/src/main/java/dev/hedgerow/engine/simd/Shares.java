package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;
import static dev.hedgerow.engine.simd.Vectors.known;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link #shares}: a vector of elements at a time, the rest by the scalar kernel. A factor is two
 * floats, and the sum is a vector of sums and one of what was rounded away of them, so that no
 * doubles are needed.
 */
interface Shares extends Kernels {
  @Override
  default double shares(
      float[] r,
      int rAt,
      double positive,
      double negative,
      float ofP,
      float ofN,
      float[] z,
      int zAt,
      float ignored,
      float[] s,
      int sAt,
      int count) {
    if (!isSplit(positive) || !isSplit(negative)) {
      return ScalarKernels.INSTANCE.shares(
          r, rAt, positive, negative, ofP, ofN, z, zAt, ignored, s, sAt, count);
    }
    float positive0 = (float) positive;
    float positive1 = (float) (positive - positive0);
    float negative0 = (float) negative;
    float negative1 = (float) (negative - negative0);
    FloatVector sum = FloatVector.zero(S);
    FloatVector lost = FloatVector.zero(S);
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector relevance = FloatVector.fromArray(S, r, rAt + i);
      FloatVector raising = relevance.max(0f);
      FloatVector lowering = relevance.min(0f);
      FloatVector p = raising.fma(FloatVector.broadcast(S, positive0), raising.mul(positive1));
      FloatVector n = lowering.fma(FloatVector.broadcast(S, negative0), lowering.mul(negative1));
      FloatVector y = p.mul(ofP).add(n.mul(ofN));
      FloatVector divisor = FloatVector.fromArray(S, z, zAt + i);
      VectorMask<Float> ignore = divisor.abs().compare(VectorOperators.LE, ignored);
      y.div(divisor).blend(0f, ignore).intoArray(s, sAt + i);
      // Knuth's two-sum: what is rounded away is kept, so the sum is as good as one of doubles.
      FloatVector summand = y.blend(0f, ignore);
      FloatVector total = summand.add(sum);
      FloatVector added = total.sub(sum);
      lost = summand.sub(added).sub(total.sub(added).sub(sum)).add(lost);
      sum = total;
    }
    double rest =
        ScalarKernels.INSTANCE.shares(
            r, rAt + i, positive, negative, ofP, ofN, z, zAt + i, ignored, s, sAt + i, count - i);
    sum = known(sum);
    lost = known(lost);
    double total =
        (double) sum.lane(0)
            + lost.lane(0)
            + sum.lane(1)
            + lost.lane(1)
            + sum.lane(2)
            + lost.lane(2)
            + sum.lane(3)
            + lost.lane(3);
    if (LANES >= 8) {
      total =
          total
              + sum.lane(4)
              + lost.lane(4)
              + sum.lane(5)
              + lost.lane(5)
              + sum.lane(6)
              + lost.lane(6)
              + sum.lane(7)
              + lost.lane(7);
    }
    if (LANES == 16) {
      total =
          total
              + sum.lane(8)
              + lost.lane(8)
              + sum.lane(9)
              + lost.lane(9)
              + sum.lane(10)
              + lost.lane(10)
              + sum.lane(11)
              + lost.lane(11)
              + sum.lane(12)
              + lost.lane(12)
              + sum.lane(13)
              + lost.lane(13)
              + sum.lane(14)
              + lost.lane(14)
              + sum.lane(15)
              + lost.lane(15);
    }
    return total + rest;
  }

  /**
   * Whether a number is nearly the sum of two floats, so that x·f = x·f₀ + x·f₁ is within an ulp of
   * the product. A double that is too large or too small for that is not.
   */
  private static boolean isSplit(double factor) {
    return factor == 0 || Math.abs(factor) > 0x1p-100 && Math.abs(factor) < 0x1p+100;
  }
}
