package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import dev.hedgerow.engine.Convolution.Sweep;
import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;

/**
 * Winograd's F(4×4, 3×3): a convolution of 3×3 taps at stride 1 with a quarter of the
 * multiplications, {@code Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A} for tiles Y of 4×4 outputs that read tiles
 * d of 6×6 inputs. Summed over the channels, the product in brackets is 36 products of matrices:
 *
 * <pre>
 * V[36] of rows of channels     a batch of tiles is transformed, a few tiles a task; in L3
 * U[6][block][channel][output]  a task transforms the weights of 32 outputs for 6 of the products,
 *                               from the packing that the direct kernel reads; in L2
 * M[36][block][tile][output]    multiplies them with its tiles, and goes on to the next 6; in L2
 * Y                             it transforms M to pixels
 * </pre>
 *
 * A product's {@link Rows} are those of a batch's tiles. Rounding errors are relative to the
 * largest value of a tile. An output all of whose tile's inputs are zero is exactly the bias.
 */
final class Winograd {
  /** Tasks of a batch, at least, if they have {@link #LEAST_TILES}. */
  private static final int TASKS = 4;

  /**
   * Least tiles of such a task, about, so that the weights' transform, which costs as much as two,
   * is less than a third of it.
   */
  private static final int LEAST_TILES = 8;

  /** Tiles that a batch may have however long their rows are: weights are transformed for each. */
  private static final int BATCH_TILES = 28;

  /** Blocks of channels, of any tiles, of a task that transforms inputs. */
  private static final int TRANSFORMED_BLOCKS = 64;

  /**
   * Floats of V, about, with what lies between its rows: what leaves room in a last-level cache of
   * a few MiB a core. A task's M, of at most 102 tiles then, takes half of L2.
   */
  private static final int BATCH_FLOATS = 1_000_000;

  /** Products are numbered by the rows of a tile's 6×6 values. */
  private static final int SIDE = 6;

  private static final int PRODUCTS = SIDE * SIDE;
  private static final int SCRATCH = PRODUCTS * BLOCK;

  private final Engine engine;
  private final Kernels kernels;
  private final Tensor from;
  private final Tensor to;
  private final int top;
  private final int left;

  /** Number, among the packed taps, of the tap at each of the 3×3 positions. */
  private final int[] positions;

  private final Epilogue epilogue;
  private final int sources;
  private final int tilesX;
  private final int tilesPerImage;
  private final int tiles;

  private Winograd(
      Engine engine,
      Tensor from,
      Tensor to,
      int top,
      int left,
      int[] positions,
      Epilogue epilogue) {
    this.engine = engine;
    this.kernels = engine.kernels();
    this.from = from;
    this.to = to;
    this.top = top;
    this.left = left;
    this.positions = positions;
    this.epilogue = epilogue;
    this.sources = from.shape().extent(1);
    this.tilesX = Math.ceilDiv(to.shape().extent(3), 4);
    this.tilesPerImage = Math.ceilDiv(to.shape().extent(2), 4) * tilesX;
    this.tiles = tilesPerImage * to.shape().extent(0);
  }

  /**
   * Whether this pays for a convolution with 3×3 taps at stride 1: the transforms cost as much as
   * some 20 channels of either side, a task's transformed weights as much as 2 tiles, and tiles
   * that overhang the image compute what nobody reads. The batch does not count: what becomes of an
   * image does not depend on its company.
   */
  static boolean pays(int sources, int targets, Shape target) {
    int tiles = Math.ceilDiv(target.extent(2), 4) * Math.ceilDiv(target.extent(3), 4);
    return sources >= 32 && targets >= 32 && tiles >= 9;
  }

  /**
   * Convolves.
   *
   * @param sweep of 3×3 taps, in any order
   * @param weights for each 32 outputs {@code [output block][input block][tap][channel][output]}
   */
  static void run(
      Engine engine, Sweep sweep, float[][] weights, Tensor from, Tensor to, Epilogue epilogue) {
    int top = sweep.top();
    int left = sweep.left();
    int[] positions = new int[9];
    for (int tap = 0; tap < 9; tap++) {
      positions[(sweep.tapY()[tap] + top) * 3 + sweep.tapX()[tap] + left] = tap;
    }
    new Winograd(engine, from, to, top, left, positions, epilogue).run(weights);
  }

  private void run(float[][] weights) {
    long tileFloats = PRODUCTS * Rows.ofBlocks(1, sources, 1).floats();
    int most = Math.max(BATCH_TILES, (int) (BATCH_FLOATS / tileFloats));
    int batches = Math.ceilDiv(tiles, most);
    int batch = Math.ceilDiv(tiles, batches);
    int parts = Math.clamp(batch / LEAST_TILES, 1, Math.ceilDiv(TASKS, weights.length));
    var rows = Rows.ofBlocks(batch, sources, 1);
    int vStep = odd(Math.toIntExact(rows.floats()));
    float[] v = engine.scratch().take(PRODUCTS * vStep);
    for (int i = 0; i < batches; i++) {
      int first = (int) ((long) tiles * i / batches);
      int count = (int) ((long) tiles * (i + 1) / batches) - first;
      int perTask = Math.max(1, TRANSFORMED_BLOCKS / blocks(sources));
      engine.forEach(
          Math.ceilDiv(count, perTask),
          task ->
              transformInputs(
                  v, rows, vStep, first, task * perTask, Math.min(count, (task + 1) * perTask)));
      engine.forEach(
          weights.length * parts,
          task -> {
            int unit = task % weights.length;
            int part = task / weights.length;
            int begin = count * part / parts;
            int end = count * (part + 1) / parts;
            multiply(unit, weights[unit], v, rows, vStep, first, begin, end);
          });
    }
    engine.scratch().give(v);
  }

  /** Transforms the tiles {@code first + begin} to {@code first + end} to rows of V. */
  private void transformInputs(float[] v, Rows rows, int vStep, int first, int begin, int end) {
    float[] scratch = engine.scratch().take(2 * SCRATCH);
    int height = from.shape().extent(2);
    int width = from.shape().extent(3);
    int area = height * width * BLOCK;
    int blocks = blocks(sources);
    for (int i = begin; i < end; i++) {
      int tile = first + i;
      int y = tile % tilesPerImage / tilesX * 4 - top;
      int x = tile % tilesPerImage % tilesX * 4 - left;
      boolean inside = y >= 0 && x >= 0 && y + 6 <= height && x + 6 <= width;
      int plane = tile / tilesPerImage * blocks * area;
      for (int block = 0; block < blocks; block++, plane += area) {
        int at = rows.at(block, i);
        if (inside) {
          int pixel = plane + (y * width + x) * BLOCK;
          kernels.winogradInput(from.data, pixel, width * BLOCK, scratch, v, at, vStep);
        } else {
          copyTile(plane, y, x, scratch);
          kernels.winogradInput(scratch, SCRATCH, 6 * BLOCK, scratch, v, at, vStep);
        }
      }
    }
    engine.scratch().give(scratch);
  }

  /** Copies a tile of which some pixels are outside the input, zeros there. */
  private void copyTile(int plane, int y, int x, float[] patch) {
    int height = from.shape().extent(2);
    int width = from.shape().extent(3);
    Arrays.fill(patch, SCRATCH, 2 * SCRATCH, 0f);
    int firstX = Math.max(0, -x);
    int endX = Math.min(6, width - x);
    if (firstX >= endX) return;
    for (int r = Math.max(0, -y); r < Math.min(6, height - y); r++) {
      System.arraycopy(
          from.data,
          plane + ((y + r) * width + x + firstX) * BLOCK,
          patch,
          SCRATCH + (r * 6 + firstX) * BLOCK,
          (endX - firstX) * BLOCK);
    }
  }

  /** Computes the outputs of a unit for the tiles {@code first + begin} to {@code first + end}. */
  private void multiply(
      int unit, float[] weights, float[] v, Rows rows, int vStep, int first, int begin, int end) {
    int outputs = Math.min(2, blocks(to.shape().extent(1)) - 2 * unit);
    int columns = end - begin;
    int uStep = odd(outputs * sources * BLOCK);
    int mStep = odd(columns * outputs * BLOCK);
    float[] scratch = engine.scratch().take(2 * SCRATCH);
    float[] u = engine.scratch().take(SIDE * uStep);
    float[] m = engine.scratch().take(PRODUCTS * mStep);
    float[] zeros = new float[2 * BLOCK];
    for (int row = 0; row < SIDE; row++) {
      transformWeights(weights, outputs, row, u, uStep);
      for (int i = 0; i < SIDE; i++) {
        int product = row * SIDE + i;
        rows.multiply(
            kernels,
            v,
            product * vStep,
            0,
            blocks(sources),
            begin,
            columns,
            u,
            i * uStep,
            zeros,
            0,
            m,
            product * mStep,
            columns * BLOCK,
            outputs);
      }
    }
    for (int i = 0; i < columns; i++) {
      for (int block = 0; block < outputs; block++) {
        int at = (block * columns + i) * BLOCK;
        store(first + begin + i, 2 * unit + block, m, at, mStep, scratch);
      }
    }
    engine.scratch().give(m);
    engine.scratch().give(u);
    engine.scratch().give(scratch);
  }

  /** Computes a row of U for all channels. */
  private void transformWeights(float[] weights, int outputs, int row, float[] u, int uStep) {
    int[] taps = new int[9];
    for (int block = 0; block < blocks(sources); block++) {
      int channels = Math.min(BLOCK, sources - block * BLOCK);
      for (int i = 0; i < 9; i++) taps[i] = positions[i] * channels * BLOCK;
      for (int output = 0; output < outputs; output++) {
        int at = (output * sources + block * BLOCK) * BLOCK;
        kernels.winogradWeights(weights, 9 * at, taps, channels, row, u, at, uStep);
      }
    }
  }

  /** Stores the pixels of a tile that are inside the output. */
  private void store(int tile, int block, float[] m, int at, int mStep, float[] scratch) {
    int height = to.shape().extent(2);
    int width = to.shape().extent(3);
    int y = tile % tilesPerImage / tilesX * 4;
    int x = tile % tilesPerImage % tilesX * 4;
    int plane = tile / tilesPerImage * blocks(to.shape().extent(1)) + block;
    int pixel = (plane * height * width + y * width + x) * BLOCK;
    boolean inside = y + 4 <= height && x + 4 <= width;
    kernels.winogradOutput(
        m,
        at,
        mStep,
        epilogue.start(),
        block * BLOCK,
        epilogue.add() == null ? epilogue.low() : Float.NEGATIVE_INFINITY,
        scratch,
        inside ? to.data : scratch,
        inside ? pixel : SCRATCH,
        (inside ? width : 4) * BLOCK);
    if (inside && epilogue.add() == null) return;
    int floats = Math.min(4, width - x) * BLOCK;
    for (int r = 0; r < Math.min(4, height - y); r++) {
      int row = pixel + r * width * BLOCK;
      if (!inside) System.arraycopy(scratch, SCRATCH + r * 4 * BLOCK, to.data, row, floats);
      if (epilogue.add() != null) epilogue.finish(to.data, row, floats);
    }
  }

  /** Rounds up to an odd number of cache lines, so that the 36 matrices share no cache sets. */
  private static int odd(int floats) {
    return (floats / BLOCK | 1) * BLOCK;
  }
}
