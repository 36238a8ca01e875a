package dev.hedgerow.engine;

/**
 * One number a channel, repeated over a run of pixels as the pixels are stored, so that combining
 * it with an image is a plain loop over two arrays.
 */
final class ChannelTile {
  private static final int BLOCK = Tensor.BLOCK;
  private static final int MAX_PIXELS = 64;

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
   * Returns up to 16 values from {@code at} on, filled up to 16 with zeros, as often as {@code
   * length} floats of storage hold them or a limit allows.
   */
  static float[] of(float[] values, int at, int length) {
    int lanes = Math.min(BLOCK, values.length - at);
    float[] tile = new float[Math.min(length, MAX_PIXELS * BLOCK)];
    for (int i = 0; i < tile.length; i += BLOCK) System.arraycopy(values, at, tile, i, lanes);
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
  static void map(float[] x, float[] y, int from, int to, Piece body) {
    float[] piece = new float[Math.min(to - from, MAX_PIXELS * BLOCK)];
    for (int at = from; at < to; at += piece.length) {
      int count = Math.min(piece.length, to - at);
      System.arraycopy(x, at, piece, 0, count);
      body.run(piece, count);
      System.arraycopy(piece, 0, y, at, count);
    }
  }
}
