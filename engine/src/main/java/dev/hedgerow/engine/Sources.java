package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a convolution reads: tensors joined along the axis of channels, each but the last of whole
 * blocks, and what is done with their values first: {@code max(x·factor + offset, 0)} channel by
 * channel, or nothing.
 */
final class Sources {
  private final List<Tensor> parts;
  private final Shape shape;
  private final @Nullable Scaling scaling;

  /** For each block of channels: where it is, and how far that is from it in the next sample. */
  private final float[][] data;

  private final int[] first;
  private final int[] step;

  /** Numbers of each channel, filled up with zeros to whole blocks. */
  private record Scaling(float[] factor, float[] offset) {
    static Scaling of(BatchNormalization normalization) {
      int floats = blocks(normalization.channels()) * BLOCK;
      return new Scaling(
          Arrays.copyOf(normalization.factor(), floats),
          Arrays.copyOf(normalization.offset(), floats));
    }
  }

  private Sources(List<Tensor> parts, @Nullable Scaling scaling) {
    int channels = 0;
    int allBlocks = 0;
    for (Tensor part : parts) {
      if (part.shape().rank() != 4) {
        throw new IllegalArgumentException(
            "conv2d: input is " + part.shape() + ", expected [N, C, H, W]");
      }
      channels += part.shape().extent(1);
      allBlocks += blocks(part.shape().extent(1));
    }
    this.parts = parts;
    this.shape = parts.getFirst().shape().with(1, channels);
    this.scaling = scaling;
    this.data = new float[allBlocks][];
    this.first = new int[data.length];
    this.step = new int[data.length];
    int area = shape.extent(2) * shape.extent(3) * BLOCK;
    int block = 0;
    for (Tensor part : parts) {
      int blocks = blocks(part.shape().extent(1));
      for (int i = 0; i < blocks; i++, block++) {
        data[block] = part.data;
        first[block] = i * area;
        step[block] = blocks * area;
      }
    }
  }

  static Sources of(Tensor x) {
    return new Sources(List.of(x), null);
  }

  /**
   * @param parts of equal extents but for their channels
   * @param before null, or what is computed of all channels first, and then a ReLU
   * @throws IllegalArgumentException if the extents differ, or the normalization is of another
   *     number of channels
   */
  static Sources of(List<Tensor> parts, @Nullable BatchNormalization before) {
    var sources = new Sources(parts, before == null ? null : Scaling.of(before));
    Shape first = parts.getFirst().shape();
    for (Tensor part : parts.subList(1, parts.size())) {
      if (!part.shape().equals(first.with(1, part.shape().extent(1)))) {
        throw new IllegalArgumentException(
            "conv2d: parts of shapes %s and %s are not joined".formatted(first, part.shape()));
      }
    }
    if (before != null && before.channels() != sources.shape.extent(1)) {
      throw new IllegalArgumentException(
          "conv2d: a batch normalization of %d channels is before an input of %d"
              .formatted(before.channels(), sources.shape.extent(1)));
    }
    return sources;
  }

  /** Returns the one tensor this is. */
  Tensor only() {
    if (scaling != null || parts.size() != 1) throw new IllegalStateException("several sources");
    return parts.getFirst();
  }

  /** Returns the shape of all parts together. */
  Shape shape() {
    return shape;
  }

  /** Copies {@code count} pixels of a block, from the given one on, every {@code xStep} floats. */
  void copy(
      Kernels kernels,
      int sample,
      int block,
      int pixel,
      int xStep,
      float[] y,
      int yAt,
      int yStep,
      int count) {
    int from = first[block] + sample * step[block] + pixel * BLOCK;
    if (scaling == null) {
      kernels.copyPixels(data[block], from, xStep, y, yAt, yStep, count);
    } else {
      kernels.scalePixels(
          data[block],
          from,
          xStep,
          scaling.factor,
          scaling.offset,
          block * BLOCK,
          y,
          yAt,
          yStep,
          count);
    }
  }
}
