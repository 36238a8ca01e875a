package dev.hedgerow.engine.simd;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The one kind of vector in the process. With a second the methods of the Vector API, which all
 * kinds share, see two classes; C2 then leaves the vectors of every kernel in boxes.
 */
final class Vectors {
  /** 128, 256 or 512 bits; C2 takes its value for a constant. */
  static final VectorSpecies<Float> S = species();

  /** Asked of a vector, as C2 knows the class of vectors once the species has made one. */
  static final int LANES = FloatVector.zero(S).length();

  private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(S, 8, 1, true);
  private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(S, 4, 1, true);
  private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(S, 2, 1, true);
  private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(S, 1, 1, true);

  private Vectors() {}

  private static VectorSpecies<Float> species() {
    String forced = System.getProperty(Kernels.BITS_PROPERTY);
    int preferred = Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    int bits = forced == null ? preferred : Integer.parseInt(forced);
    // A fused multiply-add without hardware for it is thousands of times slower. Vectors of 256
    // bits imply it on x86, any vectors on aarch64.
    if (forced == null && bits < 256 && !System.getProperty("os.arch").equals("aarch64")) {
      throw new UnsupportedOperationException("no fused multiply-add on this machine");
    }
    return switch (bits) {
      case 128 -> FloatVector.SPECIES_128;
      case 256 -> FloatVector.SPECIES_256;
      case 512 -> FloatVector.SPECIES_512;
      default -> throw new UnsupportedOperationException("no kernels for " + bits + " bits");
    };
  }

  /**
   * Returns the same vector, −0 + v. C2 knows the class of a vector that was just made, but of one
   * that a loop hands on only what a profile says; without one, a call on it is virtual and needs a
   * box. Receivers in and after loops are therefore loaded vectors, or known; but for intoArray of
   * accumulators, whose one virtual call, of length, has a profile by then: where kernels are
   * compiled early, the launcher has it compiled before them.
   */
  static FloatVector known(FloatVector v) {
    return FloatVector.broadcast(S, -0f).add(v);
  }

  /** Sums lanes in one fixed order; that of {@code reduceLanes} may change once it is compiled. */
  static float sum(FloatVector lanes) {
    lanes = known(lanes);
    if (LANES == 16) lanes = lanes.add(lanes.rearrange(BY_8));
    if (LANES >= 8) lanes = lanes.add(lanes.rearrange(BY_4));
    lanes = lanes.add(lanes.rearrange(BY_2));
    lanes = lanes.add(lanes.rearrange(BY_1));
    return lanes.lane(0);
  }
}
