package dev.hedgerow.engine;

import org.jspecify.annotations.Nullable;

/**
 * What becomes of the sums of a convolution: {@code y = max(start + Σ + add, low)}.
 *
 * @param start what the sum of each output channel starts from, filled up to whole blocks
 * @param add of the shape of y; null for nothing
 * @param low −∞ for none
 */
record Epilogue(float[] start, @Nullable Tensor add, float low) {
  /** Returns one that adds nothing to sums that start from 0. */
  static Epilogue none(int channels) {
    return new Epilogue(
        new float[Tensor.blocks(channels) * Tensor.BLOCK], null, Float.NEGATIVE_INFINITY);
  }

  /** Finishes {@code length} floats of y from {@code from} on, which hold {@code start + Σ}. */
  void finish(float[] y, int from, int length) {
    if (add != null) {
      float[] a = add.data;
      for (int i = from; i < from + length; i++) y[i] = Math.max(y[i] + a[i], low);
    } else if (low > Float.NEGATIVE_INFINITY) {
      for (int i = from; i < from + length; i++) y[i] = Math.max(y[i], low);
    }
  }
}
