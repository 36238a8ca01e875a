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
}
