package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the sums of a convolution: {@code y = min(max(start + Σ + add, low), high)}.
 *
 * @param start what the sum of each output channel starts from, filled up to whole blocks
 * @param add of the shape of y; null for nothing
 * @param low −∞ for none
 * @param high +∞ for none
 */
record Epilogue(float[] start, @Nullable Tensor add, float low, float high) {
  /** Returns one that adds nothing to sums that start from 0. */
  static Epilogue none(int channels) {
    return new Epilogue(
        new float[Tensor.blocks(channels) * Tensor.BLOCK],
        null,
        Float.NEGATIVE_INFINITY,
        Float.POSITIVE_INFINITY);
  }

  /**
   * Copies the sums {@code [block][pixel][16]} of a unit of outputs, which a workspace has from
   * {@link Kernels#ORIGIN} on, to y and finishes them there. Tiles of a product that wrote to y
   * themselves would wait for memory.
   *
   * @param unit of the weights, see {@link Packing}
   * @param first of the pixels, which follow each other
   */
  void finishUnit(
      Kernels kernels, float[] sums, Tensor y, int sample, int unit, int first, int pixels) {
    int area = y.shape().extent(2) * y.shape().extent(3);
    int outputs = y.shape().extent(1);
    int block = sample * Tensor.blocks(outputs) + 2 * unit;
    int length = pixels * Tensor.BLOCK;
    for (int i = 0; i < Packing.targetBlocks(unit, outputs); i++) {
      int to = ((block + i) * area + first) * Tensor.BLOCK;
      finish(kernels, sums, Kernels.ORIGIN + i * length, y.data, to, length);
    }
  }

  /** Copies {@code length} sums, which hold {@code start + Σ}, to y and finishes them there. */
  void finish(Kernels kernels, float[] sums, int from, float[] y, int to, int length) {
    if (isEmpty()) {
      System.arraycopy(sums, from, y, to, length);
    } else {
      kernels.finish(sums, from, add == null ? null : add.data, low, high, y, to, length);
    }
  }

  /** Finishes {@code length} floats of y where they are, which hold {@code start + Σ}. */
  void finishInPlace(Kernels kernels, float[] y, int at, int length) {
    if (!isEmpty()) finish(kernels, y, at, y, at, length);
  }

  private boolean isEmpty() {
    return add == null && low == Float.NEGATIVE_INFINITY && high == Float.POSITIVE_INFINITY;
  }
}
