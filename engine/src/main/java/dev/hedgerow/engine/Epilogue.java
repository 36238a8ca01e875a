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

  /**
   * Finishes the sums of the one or two blocks of outputs from {@code block} on.
   *
   * @param from where the first pixel of that block is
   * @param count of pixels, which follow each other
   */
  void finish(Tensor y, int block, int from, int count) {
    int blocks = Math.min(2, Tensor.blocks(y.shape().extent(1)) - block);
    int area = y.shape().extent(2) * y.shape().extent(3) * Tensor.BLOCK;
    for (int i = 0; i < blocks; i++) finish(y.data, from + i * area, count * Tensor.BLOCK);
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
