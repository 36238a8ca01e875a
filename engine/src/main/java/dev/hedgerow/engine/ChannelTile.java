package dev.hedgerow.engine;

import java.util.Arrays;

/**
 * One number a channel, repeated over a run of pixels as the pixels are stored, so that combining
 * it with an image is a plain loop over two arrays.
 */
final class ChannelTile {
  private static final int BLOCK = Tensor.BLOCK;

  /** Floats of a tile of 64 pixels. */
  static final int FLOATS = 64 * BLOCK;

  private ChannelTile() {}

  /** What is done with the plane of one block of channels. */
  @FunctionalInterface
  interface Body {
    /**
     * @param plane number of the plane: {@code n · blocks + block}
     * @param block number of the block in its sample
     * @param from offset of the plane in the tensor's storage
     * @param to offset of its end
     */
    void run(int plane, int block, int from, int to);
  }

  /** Runs {@code body} for each channel block of each sample of a tensor of rank 4. */
  static void forEach(Engine engine, Shape shape, Body body) {
    int blocks = Tensor.blocks(shape.extent(1));
    int length = shape.extent(2) * shape.extent(3) * BLOCK;
    if (length == 0) return;
    engine.forEach(
        shape.extent(0) * blocks,
        plane -> body.run(plane, plane % blocks, plane * length, (plane + 1) * length));
  }

  /**
   * Returns a block of values, up to 16 from {@code at} on and zeros after them, over and over: as
   * often as {@code length} floats hold it, {@value #FLOATS} at most. To be given back to the
   * engine.
   */
  static float[] of(Engine engine, float[] values, int at, int length) {
    int lanes = Math.min(BLOCK, values.length - at);
    float[] tile = engine.scratch().take(FLOATS);
    for (int i = 0; i < Math.min(length, FLOATS); i += BLOCK) {
      System.arraycopy(values, at, tile, i, lanes);
      Arrays.fill(tile, i + lanes, i + BLOCK, 0f);
    }
    return tile;
  }

  /** What is done with a run of pixels. */
  @FunctionalInterface
  interface Piece {
    /**
     * @param piece consecutive floats of a plane, as they lie under a tile; written to
     * @param count how many there are
     */
    void run(float[] piece, int count);
  }

  /**
   * Maps a plane of x to y in pieces of a tile's length. A piece is a copy, so that it and the tile
   * have the same indices: with different ones a loop is not compiled to vector instructions.
   */
  static void map(Engine engine, float[] x, float[] y, int from, int to, Piece body) {
    float[] piece = engine.scratch().take(FLOATS);
    for (int at = from; at < to; at += FLOATS) {
      int count = Math.min(FLOATS, to - at);
      System.arraycopy(x, at, piece, 0, count);
      body.run(piece, count);
      System.arraycopy(piece, 0, y, at, count);
    }
    engine.scratch().give(piece);
  }
}
