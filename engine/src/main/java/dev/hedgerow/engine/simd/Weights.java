package dev.hedgerow.engine.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Single weights, for the ends of rows. */
final class Weights {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private Weights() {}

  static float get(MemorySegment w, long offset) {
    return w.get(FLOAT, offset);
  }

  static float view(float weight, boolean absolute, float low, float high) {
    return absolute ? Math.abs(weight) : Math.min(Math.max(weight, low), high);
  }
}
