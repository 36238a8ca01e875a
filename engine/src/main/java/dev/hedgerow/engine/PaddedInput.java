package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import java.util.Arrays;

/**
 * What a sweep reads, with a border of zeros where its taps reach outside it: the tensor itself if
 * none does, or else a copy, until it is {@linkplain #release released}.
 *
 * @param data {@code [sample][plane][row][column][16]}, a plane for each block of channels
 * @param planes of a sample
 * @param height of a plane, with its border
 * @param width of a plane, with its border
 * @param top rows of the border
 * @param left columns of the border
 * @param copied whether data is a workspace
 */
record PaddedInput(
    float[] data, int planes, int height, int width, int top, int left, boolean copied) {

  /**
   * Returns what a sweep reads of a tensor.
   *
   * @param target shape of what it computes
   */
  static PaddedInput of(Engine engine, Sweep sweep, Tensor tensor, Shape target) {
    int height = tensor.shape().extent(2);
    int width = tensor.shape().extent(3);
    int top = 0;
    int left = 0;
    int bottom = 0;
    int right = 0;
    int lastY =
        (Sweep.count(target.extent(2), sweep.firstY(), sweep.stepY()) - 1) * sweep.sourceStepY();
    int lastX =
        (Sweep.count(target.extent(3), sweep.firstX(), sweep.stepX()) - 1) * sweep.sourceStepX();
    for (int tap = 0; tap < sweep.tapY().length && lastY >= 0 && lastX >= 0; tap++) {
      top = Math.max(top, -sweep.tapY()[tap]);
      left = Math.max(left, -sweep.tapX()[tap]);
      bottom = Math.max(bottom, lastY + sweep.tapY()[tap] - (height - 1));
      right = Math.max(right, lastX + sweep.tapX()[tap] - (width - 1));
    }
    int planes = blocks(tensor.shape().extent(1));
    if (top + left + bottom + right == 0) {
      return new PaddedInput(tensor.data, planes, height, width, 0, 0, false);
    }
    int paddedHeight = height + top + bottom;
    int paddedWidth = width + left + right;
    int allPlanes = tensor.shape().extent(0) * planes;
    int size = Math.toIntExact((long) allPlanes * paddedHeight * paddedWidth * BLOCK);
    float[] padded = engine.scratch().take(size);
    int line = paddedWidth * BLOCK;
    int before = left * BLOCK;
    int pixels = width * BLOCK;
    int firstRow = top;
    engine.forEach(
        allPlanes,
        plane -> {
          int from = plane * height * pixels;
          int to = plane * paddedHeight * line;
          for (int row = 0; row < paddedHeight; row++, to += line) {
            int source = row - firstRow;
            if (source < 0 || source >= height) {
              Arrays.fill(padded, to, to + line, 0f);
              continue;
            }
            Arrays.fill(padded, to, to + before, 0f);
            System.arraycopy(tensor.data, from + source * pixels, padded, to + before, pixels);
            Arrays.fill(padded, to + before + pixels, to + line, 0f);
          }
        });
    return new PaddedInput(padded, planes, paddedHeight, paddedWidth, top, left, true);
  }

  /** Gives the copy back, if there is one. */
  void release(Engine engine) {
    if (copied) engine.scratch().give(data);
  }

  /** Returns where the first pixel without the border is in a plane. */
  int start() {
    return (top * width + left) * BLOCK;
  }

  /** Returns where the plane of a block of channels begins. */
  int block(int sample, int block) {
    return (sample * planes + block) * height * width * BLOCK;
  }

  /** Returns how far from a target's own position each tap of a sweep reads. */
  int[] taps(Sweep sweep) {
    int[] taps = new int[sweep.tapY().length];
    for (int tap = 0; tap < taps.length; tap++) {
      taps[tap] = (sweep.tapY()[tap] * width + sweep.tapX()[tap]) * BLOCK;
    }
    return taps;
  }
}
