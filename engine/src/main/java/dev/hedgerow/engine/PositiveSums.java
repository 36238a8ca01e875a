package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes the sums {@code |w|*x} for x ≥ 0, as Winograd's algorithm leaves them, fit to be divided
 * by. Its errors are relative to what the terms of a tile may be at most, {@code max x · Σ|w|} over
 * the 6×6 pixels that the tile reads, also where few of them meet: then all sums of the tile are
 * small. Where a sum is small against that, or against the largest of its channel in the tile, the
 * pixel is computed anew as the direct kernel does; sums without a term are exactly 0 then.
 */
final class PositiveSums {
  /** Sums of less than this share of their tile's largest are not trusted. */
  private static final float TRUSTED = 1f / 64;

  /**
   * Sums of less than this share of what they may be at most are not trusted either. Rounding
   * leaves some 2⁻²⁹ of that, so that those trusted are right to 2⁻¹³.
   */
  private static final float TRUSTED_OF_BOUND = 1f / (1 << 16);

  /** Side of the tiles. */
  private static final int TILE = 4;

  /** Side of what a tile reads. */
  private static final int READ = TILE + 2;

  private final Engine engine;
  private final Sweep sweep;
  private final float[][] weights;
  private final float[] weightSums;
  private final Tensor x;
  private final Tensor z;
  private final int channels;
  private final int height;
  private final int width;
  private final float[] zeros;
  private final int tilesY;
  private final int tilesX;

  /** The largest value that each tile of each sample reads. */
  private final float[] largestRead;

  PositiveSums(
      Engine engine, Sweep sweep, float[][] weights, float[] weightSums, Tensor x, Tensor z) {
    this.engine = engine;
    this.sweep = sweep;
    this.weights = weights;
    this.weightSums = weightSums;
    this.x = x;
    this.z = z;
    this.channels = x.shape().extent(1);
    this.height = z.shape().extent(2);
    this.width = z.shape().extent(3);
    this.zeros = new float[2 * BLOCK];
    this.tilesY = Math.ceilDiv(height, TILE);
    this.tilesX = Math.ceilDiv(width, TILE);
    this.largestRead = new float[z.shape().extent(0) * tilesY * tilesX];
  }

  /**
   * Computes anew what is not to be trusted.
   *
   * @param sweep of 3×3 taps at stride 1
   * @param weights w, for each 32 outputs {@code [output block][input
   *     block][tap][channel][output]}, from {@code ORIGIN} on
   * @param weightSums {@code Σ|w|} of each output, filled up to whole blocks
   * @param x {@code [N, C, H, W]}, nowhere negative; not modified
   * @param z {@code [N, O, H', W']}, by Winograd's algorithm; written to
   */
  static void mend(
      Engine engine, Sweep sweep, float[][] weights, float[] weightSums, Tensor x, Tensor z) {
    var sums = new PositiveSums(engine, sweep, weights, weightSums, x, z);
    int units = weights.length;
    sums.read();
    engine.forEach(z.shape().extent(0) * units, task -> sums.mend(task / units, task % units));
  }

  /**
   * Finds the largest value that each tile reads.
   *
   * @return {@code [sample][row of tiles][tile]}
   */
  float[] read() {
    int rows = z.shape().extent(0) * tilesY;
    engine.forEach(rows, row -> read(row / tilesY, row % tilesY));
    return largestRead;
  }

  private void read(int sample, int tileY) {
    int top = sweep.top();
    int rows = x.shape().extent(2);
    int columns = x.shape().extent(3);
    int fromRow = Math.max(0, tileY * TILE - top);
    int toRow = Math.min(rows, tileY * TILE - top + READ);
    if (fromRow >= toRow) return;
    int inputBlocks = blocks(channels);
    int line = tilesX * BLOCK;
    float[] maxima = engine.scratch().take(inputBlocks * line);
    for (int block = 0; block < inputBlocks; block++) {
      int at = ((sample * inputBlocks + block) * rows + fromRow) * columns * BLOCK;
      readRow(at, toRow - fromRow, columns, maxima, block * line);
    }
    engine.kernels().windowMaxima(maxima, 0, BLOCK, inputBlocks, line, 1, BLOCK, maxima, 0, tilesX);
    for (int tileX = 0; tileX < tilesX; tileX++) {
      float largest = 0;
      for (int lane = 0; lane < BLOCK; lane++) {
        largest = Math.max(largest, maxima[tileX * BLOCK + lane]);
      }
      largestRead[(sample * tilesY + tileY) * tilesX + tileX] = largest;
    }
    engine.scratch().give(maxima);
  }

  /** Stores, lane by lane, the largest values that the tiles of a row read of a block. */
  private void readRow(int at, int rows, int columns, float[] maxima, int to) {
    int left = sweep.left();
    for (int tileX = 0; tileX < tilesX; ) {
      int from = Math.max(0, tileX * TILE - left);
      int width = Math.min(columns, tileX * TILE - left + READ) - from;
      // Of tiles that read as many columns, the next reads 4 pixels further on.
      int count = width < READ ? 1 : (columns - from - READ) / TILE + 1;
      count = Math.min(count, tilesX - tileX);
      if (width <= 0) {
        Arrays.fill(maxima, to + tileX * BLOCK, to + (tileX + 1) * BLOCK, 0f);
      } else {
        engine
            .kernels()
            .windowMaxima(
                x.data,
                at + from * BLOCK,
                TILE * BLOCK,
                rows,
                columns * BLOCK,
                width,
                BLOCK,
                maxima,
                to + tileX * BLOCK,
                count);
      }
      tileX += count;
    }
  }

  /** Mends up to 32 channels of a sample. */
  private void mend(int sample, int unit) {
    int outputBlocks = blocks(z.shape().extent(1));
    int outputs = Packing.targetBlocks(unit, z.shape().extent(1));
    int plane = (sample * outputBlocks + 2 * unit) * height * width * BLOCK;
    int rowLength = (blocks(channels) * sweep.tapY().length + 1) * BLOCK;
    float[] row = engine.scratch().take(rowLength);
    float[] least = new float[outputs * BLOCK];
    int firstSum = 2 * unit * BLOCK;
    float @Nullable [] magnitudes = null;
    for (int y = 0; y < height; y += TILE) {
      for (int c = 0; c < width; c += TILE) {
        float read = largestRead[(sample * tilesY + y / TILE) * tilesX + c / TILE];
        if (isTrusted(plane, outputs, y, c, firstSum, read * TRUSTED_OF_BOUND)) continue;
        for (int i = 0; i < least.length; i++) {
          least[i] = weightSums[firstSum + i] * read * TRUSTED_OF_BOUND;
        }
        raiseToLargest(plane, outputs, y, c, least);
        for (int i = y; i < Math.min(height, y + TILE); i++) {
          for (int j = c; j < Math.min(width, c + TILE); j++) {
            int pixel = plane + (i * width + j) * BLOCK;
            if (isTrusted(pixel, outputs, least)) continue;
            gather(sample, i, j, row);
            if (magnitudes == null) magnitudes = magnitudes(unit, outputs);
            multiply(row, magnitudes, pixel, outputs);
          }
        }
      }
    }
    if (magnitudes != null) engine.scratch().give(magnitudes);
    engine.scratch().give(row);
  }

  /** Returns |w| of a unit, from {@code ORIGIN} on; to be given back. */
  private float[] magnitudes(int unit, int outputs) {
    int size = outputs * channels * sweep.tapY().length * BLOCK;
    float[] magnitudes = engine.scratch().take(size);
    WeightView.ABSOLUTE.show(weights[unit], ORIGIN, magnitudes, ORIGIN, size);
    return magnitudes;
  }

  /** Whether all sums of a tile are to be trusted, as most are. */
  private boolean isTrusted(int plane, int outputs, int y, int c, int firstSum, float factor) {
    int rows = Math.min(TILE, height - y);
    int columns = Math.min(TILE, width - c);
    boolean trusted = true;
    for (int block = 0; block < outputs; block++) {
      int at = plane + ((block * height + y) * width + c) * BLOCK;
      trusted &=
          engine
              .kernels()
              .isLevel(
                  z.data,
                  at,
                  rows,
                  width * BLOCK,
                  columns,
                  BLOCK,
                  weightSums,
                  firstSum + block * BLOCK,
                  factor,
                  TRUSTED);
    }
    return trusted;
  }

  /** Raises, for each channel, the least sum that is trusted to a share of the tile's largest. */
  private void raiseToLargest(int plane, int outputs, int y, int c, float[] least) {
    for (int block = 0; block < outputs; block++) {
      for (int i = y; i < Math.min(height, y + TILE); i++) {
        for (int j = c; j < Math.min(width, c + TILE); j++) {
          int pixel = plane + ((block * height + i) * width + j) * BLOCK;
          for (int lane = 0; lane < BLOCK; lane++) {
            int at = block * BLOCK + lane;
            least[at] = Math.max(least[at], Math.abs(z.data[pixel + lane]) * TRUSTED);
          }
        }
      }
    }
  }

  private boolean isTrusted(int pixel, int outputs, float[] least) {
    float worst = 0;
    for (int block = 0; block < outputs; block++) {
      int from = pixel + block * height * width * BLOCK;
      for (int lane = 0; lane < BLOCK; lane++) {
        worst = Math.min(worst, z.data[from + lane] - least[block * BLOCK + lane]);
      }
    }
    return worst >= 0;
  }

  /** Copies what a pixel's window reads: {@code [block][tap][channel]}, zeros outside the image. */
  private void gather(int sample, int y, int c, float[] row) {
    int rows = x.shape().extent(2);
    int columns = x.shape().extent(3);
    int to = 0;
    for (int block = 0; block < blocks(channels); block++) {
      int plane = (sample * blocks(channels) + block) * rows * columns * BLOCK;
      for (int tap = 0; tap < sweep.tapY().length; tap++) {
        int i = y + sweep.tapY()[tap];
        int j = c + sweep.tapX()[tap];
        if (i < 0 || i >= rows || j < 0 || j >= columns) {
          Arrays.fill(row, to, to + BLOCK, 0f);
        } else {
          System.arraycopy(x.data, plane + (i * columns + j) * BLOCK, row, to, BLOCK);
        }
        to += Math.min(BLOCK, channels - block * BLOCK);
      }
    }
  }

  private void multiply(float[] row, float[] magnitudes, int pixel, int outputs) {
    int terms = channels * sweep.tapY().length;
    engine
        .kernels()
        .convolve(
            row,
            0,
            terms,
            magnitudes,
            ORIGIN,
            terms * BLOCK,
            zeros,
            0,
            z.data,
            pixel,
            height * width * BLOCK,
            outputs,
            1,
            null,
            0);
  }
}
