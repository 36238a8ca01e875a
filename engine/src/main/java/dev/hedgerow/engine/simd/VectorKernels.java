package dev.hedgerow.engine.simd;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/** Picks the kernels for a vector width. Loaded only where the Vector API's module is present. */
public final class VectorKernels {
  private VectorKernels() {}

  /**
   * Returns the kernels with vectors of {@code bits} bits: 128, 256 or 512; -1 for what this
   * machine prefers.
   *
   * @throws UnsupportedOperationException if there are none for it
   */
  public static Kernels forBits(int bits) {
    int preferred = Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    int width = bits == -1 ? preferred : bits;
    // A fused multiply-add without hardware for it is thousands of times slower. Vectors of 256
    // bits imply it on x86, any vectors on aarch64.
    if (bits == -1 && width < 256 && !System.getProperty("os.arch").equals("aarch64")) {
      throw new UnsupportedOperationException("no fused multiply-add on this machine");
    }
    return switch (width) {
      case 128 -> new VectorKernels128();
      case 256 -> new VectorKernels256();
      case 512 -> new VectorKernels512();
      default -> throw new UnsupportedOperationException("no kernels for " + width + " bits");
    };
  }
}
