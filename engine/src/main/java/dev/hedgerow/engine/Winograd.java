package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Winograd's F(4×4, 3×3): a convolution of 3×3 taps at stride 1 with a quarter of the
 * multiplications, {@code Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A} for tiles Y of 4×4 outputs that read tiles
 * d of 6×6 inputs. Summed over the channels, the product in brackets is 36 products of matrices:
 *
 * <pre>
 * d[row][pixel][channel]        what a row of tiles reads, with zeros outside images, is copied
 * V[36] of rows of channels     and transformed, for a batch of tiles
 * U[36][block][channel][output] weights of 32 outputs are transformed from what the direct kernel
 *                               reads
 * M[36][block][tile][output]    the products, one after the other
 * Y[row][pixel][output]         are transformed to a row of tiles, which is copied to the output, or
 *                               the largest value of each 2×2 of it
 * </pre>
 *
 * Where images are large and channels few ({@link #runByTiles}), U is made first, and a task does
 * the rest for some tiles, so that their V and M come and go within a core's caches. Where channels
 * are many ({@link #runByOutputs}), U takes longer to read than to make. V of a batch is in the
 * last-level cache then, and a task is 32 outputs of its tiles: it makes the part of U for 6
 * products and {@value #WEIGHT_BLOCKS} blocks of channels, in L2, when it comes to them, and adds
 * the products of further channels to M.
 *
 * <p>To read V that another core has made, and to make it where another core has read, takes longer
 * than to transform it twice, unless threads are many. So each thread has a batch of its own: other
 * tiles than the others', or the same for other outputs.
 *
 * <p>Large images and outputs do not fit caches, so they are read and written row by row.
 *
 * <p>A product's {@link Rows} are those of a batch's tiles. Rounding errors are relative to the
 * largest value of a tile, or the bias. Aᵀ and A add the product in row and column 1 to each output
 * once, so it starts from the bias: an output all of whose tile's inputs are zero is exactly that.
 */
final class Winograd {
  /** Tiles of a task that does all for them. */
  private static final int TASK_TILES = 28;

  /** Most pairs of an input and an output channel that are few: U has 2.4 MB. */
  private static final int FEW_PAIRS = 128 * 128;

  /** Least tiles of an image for each output with which U is made first. */
  private static final int TILES_PER_OUTPUT = 3;

  /**
   * Floats of V of a batch, about, with what lies between its rows: some MiB of a last level for
   * each thread.
   */
  private static final int BATCH_FLOATS = 1_000_000;

  /** Tiles that a batch may have however long their rows are: weights are transformed for each. */
  private static final int BATCH_TILES = 28;

  /**
   * Tasks of all tiles, or of a batch that threads share, at least, if they have {@link
   * #LEAST_TILES}.
   */
  private static final int TASKS = 4;

  /**
   * Least tiles of such a task, about, so that the weights' transform, which costs as much as two,
   * is less than a third of it.
   */
  private static final int LEAST_TILES = 8;

  /** Least tiles for each thread with which threads share tiles alike, where weights are few. */
  private static final int OWN_TILES = 24;

  /**
   * Least units of a thread that makes V of its own while others make the same: that takes as long
   * as some 20 outputs. Measured with two threads.
   */
  private static final int OWN_UNITS = 3;

  /** Blocks of channels, of all its tiles, of a task that transforms inputs, about. */
  private static final int TRANSFORMED_BLOCKS = 64;

  /**
   * Blocks of channels whose weights are transformed at a time: they are read once for each 6
   * products, and remain in L2 meanwhile.
   */
  private static final int WEIGHT_BLOCKS = 8;

  /** Products are numbered by the rows of a tile's 6×6 values. */
  private static final int SIDE = 6;

  private static final int PRODUCTS = SIDE * SIDE;

  /** The product that starts from the bias, in row and column 1. */
  private static final int BIASED = SIDE + 1;

  /** Floats that the transform of a block of a tile works in. */
  private static final int SCRATCH = PRODUCTS * BLOCK;

  /** What the other products start from. */
  private static final float[] ZEROS = new float[2 * BLOCK];

  private final Engine engine;
  private final Kernels kernels;
  private final float[][] weights;
  private final WeightView view;
  private final Tensor input;
  private final Tensor output;

  /** Rows and columns of the output that a tile gives: 4, or 2 if it is pooled. */
  private final int side;

  private final int top;
  private final int left;

  /** Number, among the packed taps, of the tap at each of the 3×3 positions. */
  private final int[] positions;

  private final Epilogue epilogue;

  /** Outputs that read zeros or what others read; null if there are none, or it is not asked. */
  private final @Nullable EqualWindows equal;

  private final int sources;
  private final int tilesX;
  private final int tilesY;
  private final int tiles;

  private Winograd(
      Engine engine,
      float[][] weights,
      WeightView view,
      Tensor input,
      Shape target,
      Tensor output,
      int top,
      int left,
      int[] positions,
      Epilogue epilogue,
      boolean repeats) {
    this.engine = engine;
    this.kernels = engine.kernels();
    this.weights = weights;
    this.view = view;
    this.input = input;
    this.output = output;
    this.side = output.shape().extent(2) < target.extent(2) ? 2 : 4;
    this.top = top;
    this.left = left;
    this.positions = positions;
    this.epilogue = epilogue;
    boolean stored = side == 4 && epilogue.add() == null;
    this.equal = repeats && stored ? EqualWindows.of(engine, input, target, top, left) : null;
    this.sources = input.shape().extent(1);
    this.tilesX = Math.ceilDiv(target.extent(3), 4);
    this.tilesY = Math.ceilDiv(target.extent(2), 4);
    this.tiles = target.extent(0) * tilesY * tilesX;
  }

  /**
   * Whether this pays for a convolution with 3×3 taps at stride 1: the transforms cost as much as
   * some 20 channels of either side, or 16 inputs where U is made first, a task's transformed
   * weights as much as 2 tiles, and tiles that overhang the image compute what nobody reads. The
   * batch does not count: what becomes of an image does not depend on its company.
   */
  static boolean pays(int sources, int targets, Shape target) {
    int tiles = Math.ceilDiv(target.extent(2), 4) * Math.ceilDiv(target.extent(3), 4);
    int leastSources = weightsFirst(sources, targets, tiles) ? 16 : 32;
    return sources >= leastSources && targets >= 32 && tiles >= 9;
  }

  /**
   * Whether U is made first. Each task then reads all of it from the last-level cache, for few
   * tiles, instead of making 32 outputs' of it for many: this pays if it is small, and the weights
   * that are transformed once are few for the tiles. The batch does not count.
   */
  private static boolean weightsFirst(int sources, int targets, int tiles) {
    return tiles >= TILES_PER_OUTPUT * targets && areFew(sources, targets);
  }

  private static boolean areFew(int sources, int targets) {
    return sources * targets <= FEW_PAIRS;
  }

  /**
   * Convolves.
   *
   * @param sweep of 3×3 taps, in any order
   * @param weights for each 32 outputs {@code [output block][input block][tap][channel][output]},
   *     from {@link Kernels#ORIGIN} on
   * @param view what is to be shown of them yet; PLAIN where they are packed for their view
   * @param target shape of what the sweep computes
   * @param output written to: of that shape, or of half its height and width, rounded down, for the
   *     largest of each 2×2; then the epilogue adds nothing
   * @param repeats whether outputs that read the same, near each other, are to be the same to the
   *     last bit, if nothing is added to them and they are not pooled
   */
  static void run(
      Engine engine,
      Sweep sweep,
      float[][] weights,
      WeightView view,
      Tensor input,
      Shape target,
      Tensor output,
      Epilogue epilogue,
      boolean repeats) {
    int top = sweep.top();
    int left = sweep.left();
    int[] positions = new int[9];
    for (int tap = 0; tap < 9; tap++) {
      positions[(sweep.tapY()[tap] + top) * 3 + sweep.tapX()[tap] + left] = tap;
    }
    new Winograd(
            engine, weights, view, input, target, output, top, left, positions, epilogue, repeats)
        .run();
  }

  private void run() {
    if (weightsFirst(sources, output.shape().extent(1), tilesX * tilesY)) {
      runByTiles();
    } else {
      runByOutputs();
    }
    if (equal == null) return;
    equal.repeat(output);
    equal.release();
  }

  /** Transforms all weights, then does all else for a few tiles a task. */
  private void runByTiles() {
    int uStep = uStep(sources);
    float[] u = engine.scratch().take(weights.length * PRODUCTS * uStep);
    engine.forEach(
        weights.length * SIDE,
        task -> {
          int unit = task / SIDE;
          int at = ORIGIN + task * SIDE * uStep;
          var shown = new Shown(unit, 0, blocks(sources));
          shown.transform(task % SIDE, u, at, uStep);
          shown.release();
        });
    int tasks = Math.ceilDiv(tiles, TASK_TILES);
    engine.forEach(
        tasks,
        task -> {
          var batch = new Batch(task, tasks);
          batch.transform();
          for (int unit = 0; unit < weights.length; unit++) {
            var products = new Products(unit, batch.begin, batch.end);
            for (int row = 0; row < SIDE; row++) {
              int at = ORIGIN + (unit * SIDE + row) * SIDE * uStep;
              products.multiply(row, batch, 0, blocks(sources), u, at, uStep);
            }
            products.store();
          }
          engine.scratch().give(batch.v);
        });
    engine.scratch().give(u);
  }

  /**
   * Computes 32 outputs of a batch of tiles a task, from V of its thread's own. Where threads are
   * so many that several would transform the same for few outputs each, they share it.
   */
  private void runByOutputs() {
    int threads = engine.threads();
    long tileFloats = PRODUCTS * Rows.ofBlocks(1, sources, 1).floats();
    int most = Math.max(BATCH_TILES, (int) (BATCH_FLOATS / tileFloats));
    int least = Math.ceilDiv(tiles, most);
    int enough = Math.max(least, parts(tiles));
    boolean few = areFew(sources, output.shape().extent(1));
    // Weights that are few are transformed once more for each thread, which then reads mostly what
    // it wrote itself, here and in the next operation.
    int batches = few && tiles >= OWN_TILES * threads ? engine.shared(enough) : enough;
    if (batches >= threads || batches * weights.length >= OWN_UNITS * threads) {
      engine.forEach(batches * weights.length, () -> new OwnInputs(batches));
    } else {
      for (int i = 0; i < least; i++) runShared(new Batch(i, least));
    }
  }

  /**
   * Returns into how many parts tiles are cut to make {@value #TASKS} tasks, if there are enough.
   */
  private int parts(int tiles) {
    return Math.clamp(tiles / LEAST_TILES, 1, Math.ceilDiv(TASKS, weights.length));
  }

  /** Transforms a batch, then computes 32 outputs of a part of it a task. */
  private void runShared(Batch batch) {
    int perTask = Math.max(1, TRANSFORMED_BLOCKS / Math.min(tilesX, batch.tiles()));
    int groups = Math.ceilDiv(blocks(sources), perTask);
    engine.forEach(
        (batch.endRow() - batch.firstRow()) * groups,
        task -> {
          int block = task % groups * perTask;
          int endBlock = Math.min(blocks(sources), block + perTask);
          batch.transform(batch.firstRow() + task / groups, block, endBlock);
        });
    int parts = parts(batch.tiles());
    engine.forEach(
        weights.length * parts,
        task -> {
          int unit = task % weights.length;
          int part = task / weights.length;
          int begin = batch.begin + batch.tiles() * part / parts;
          int end = batch.begin + batch.tiles() * (part + 1) / parts;
          computeOutputs(unit, batch, begin, end);
        });
    engine.scratch().give(batch.v);
  }

  /**
   * Computes 32 outputs of a batch a task. A thread transforms the batch for the first; one that
   * helps out with a task of another's batch does so too.
   */
  private final class OwnInputs implements Engine.Worker {
    private final int batches;
    private @Nullable Batch batch;

    OwnInputs(int batches) {
      this.batches = batches;
    }

    @Override
    public void run(int task) {
      Batch of = batch(task / weights.length);
      computeOutputs(task % weights.length, of, of.begin, of.end);
    }

    private Batch batch(int number) {
      if (batch != null && batch.number == number) return batch;
      end();
      var next = new Batch(number, batches);
      next.transform();
      batch = next;
      return next;
    }

    @Override
    public void end() {
      if (batch != null) engine.scratch().give(batch.v);
      batch = null;
    }
  }

  /** Computes the outputs of a unit for the tiles from begin to end. */
  private void computeOutputs(int unit, Batch batch, int begin, int end) {
    int uStep = uStep(Math.min(sources, WEIGHT_BLOCKS * BLOCK));
    float[] u = engine.scratch().take(SIDE * uStep);
    var products = new Products(unit, begin, end);
    for (int block = 0, next; block < blocks(sources); block = next) {
      next = Math.min(blocks(sources), block + WEIGHT_BLOCKS);
      var shown = new Shown(unit, block, next);
      u[0] = shown.read(); // U is written after it
      for (int row = 0; row < SIDE; row++) {
        shown.transform(row, u, ORIGIN, uStep);
        products.multiply(row, batch, block, next, u, ORIGIN, uStep);
      }
      shown.release();
    }
    products.store();
    engine.scratch().give(u);
  }

  /** V of the tiles from begin to end. */
  private final class Batch {
    final int number;
    final int begin;
    final int end;
    final Rows rows;
    final int step;
    final float[] v;

    /** Takes the given one of so many batches of all tiles. */
    Batch(int number, int batches) {
      this.number = number;
      begin = (int) ((long) tiles * number / batches);
      end = (int) ((long) tiles * (number + 1) / batches);
      rows = Rows.ofBlocks(end - begin, sources, 1);
      step = odd(Math.toIntExact(rows.floats()));
      v = engine.scratch().take(PRODUCTS * step);
    }

    int tiles() {
      return end - begin;
    }

    int firstRow() {
      return begin / tilesX;
    }

    int endRow() {
      return Math.ceilDiv(end, tilesX);
    }

    /** Transforms all of it. */
    void transform() {
      for (int row = firstRow(); row < endRow(); row++) transform(row, 0, blocks(sources));
    }

    /** Transforms some blocks of those tiles that are in a row of tiles. */
    void transform(int tileRow, int block, int endBlock) {
      int first = Math.max(begin, tileRow * tilesX);
      int next = Math.min(end, (tileRow + 1) * tilesX);
      int pixels = 4 * (next - first) + 2;
      float[] scratch = engine.scratch().take(SCRATCH);
      float[] d = engine.scratch().take(SIDE * pixels * BLOCK);
      for (; block < endBlock; block++) {
        copyInputs(first, block, pixels, d);
        for (int tile = first; tile < next; tile++) {
          int at = ORIGIN + 4 * (tile - first) * BLOCK;
          int row = ORIGIN + rows.at(block, tile - begin);
          kernels.winogradInput(d, at, pixels * BLOCK, scratch, v, row, step);
        }
      }
      engine.scratch().give(d);
      engine.scratch().give(scratch);
    }
  }

  /** Copies 6 rows of pixels of a block from where a tile begins on, zeros outside the image. */
  private void copyInputs(int tile, int block, int pixels, float[] d) {
    int height = input.shape().extent(2);
    int width = input.shape().extent(3);
    int y = tile / tilesX % tilesY * 4 - top;
    int x = tile % tilesX * 4 - left;
    int plane = (tile / tilesX / tilesY * blocks(sources) + block) * height * width;
    int first = Math.clamp(-x, 0, pixels);
    int end = Math.clamp(width - x, first, pixels);
    for (int r = 0; r < SIDE; r++) {
      int row = ORIGIN + r * pixels * BLOCK;
      boolean inside = first < end && y + r >= 0 && y + r < height;
      int begin = inside ? first : pixels;
      Arrays.fill(d, row, row + begin * BLOCK, 0f);
      if (!inside) continue;
      int at = (plane + (y + r) * width + x + first) * BLOCK;
      System.arraycopy(input.data, at, d, row + first * BLOCK, (end - first) * BLOCK);
      Arrays.fill(d, row + end * BLOCK, row + pixels * BLOCK, 0f);
    }
  }

  /** What the view shows of a unit's weights for the channels of some blocks. */
  private final class Shown {
    final int outputs;
    final int terms;
    final float[] w;
    final int at;

    /** Distance between the weights of the two blocks of outputs. */
    final int step;

    Shown(int unit, int block, int endBlock) {
      outputs = outputs(unit);
      terms = Math.min(sources, endBlock * BLOCK) - block * BLOCK;
      int from = ORIGIN + 9 * block * BLOCK * BLOCK;
      int whole = 9 * sources * BLOCK;
      if (view == WeightView.PLAIN) {
        w = weights[unit];
        at = from;
        step = whole;
        return;
      }
      at = ORIGIN;
      step = 9 * terms * BLOCK;
      w = engine.scratch().take(outputs * step);
      for (int i = 0; i < outputs; i++) {
        view.show(weights[unit], from + i * whole, w, at + i * step, step);
      }
    }

    /** Computes a row of U. */
    void transform(int row, float[] u, int uAt, int uStep) {
      int[] taps = new int[9];
      for (int term = 0; term < terms; term += BLOCK) {
        int channels = Math.min(BLOCK, terms - term);
        for (int i = 0; i < 9; i++) taps[i] = positions[i] * channels * BLOCK;
        for (int i = 0; i < outputs; i++) {
          int from = at + i * step + 9 * term * BLOCK;
          int to = uAt + (i * terms + term) * BLOCK;
          kernels.winogradWeights(w, from, taps, channels, row, u, to, uStep);
        }
      }
    }

    /**
     * Reads a float of each cache line in order. Rows of U read taps in another order, which takes
     * longer from memory. A copy has been read so.
     *
     * @return their sum, which nobody needs, but which has to be kept for them to be read
     */
    float read() {
      if (view != WeightView.PLAIN) return 0;
      float sum = 0;
      for (int i = 0; i < outputs; i++) {
        int from = at + i * step;
        int end = from + 9 * terms * BLOCK;
        for (int line = from; line < end; line += BLOCK) sum += w[line];
      }
      return sum;
    }

    /** Gives a copy back. */
    void release() {
      if (view != WeightView.PLAIN) engine.scratch().give(w);
    }
  }

  /** M of a unit for the tiles from begin to end. */
  private final class Products {
    final int unit;
    final int begin;
    final int end;
    final int step;
    final float[] m;

    Products(int unit, int begin, int end) {
      this.unit = unit;
      this.begin = begin;
      this.end = end;
      this.step = odd(outputs(unit) * (end - begin) * BLOCK);
      this.m = engine.scratch().take(PRODUCTS * step);
    }

    /** Adds the products of some blocks of the batch with a row of U, which has these alone. */
    void multiply(int row, Batch batch, int block, int endBlock, float[] u, int uAt, int uStep) {
      for (int i = 0; i < SIDE; i++) {
        int product = row * SIDE + i;
        boolean biased = product == BIASED;
        float[] start = biased ? epilogue.start() : ZEROS;
        batch.rows.multiply(
            kernels,
            batch.v,
            ORIGIN + product * batch.step,
            block,
            endBlock,
            begin - batch.begin,
            end - begin,
            u,
            uAt + i * uStep,
            block == 0 ? start : null,
            biased ? 2 * unit * BLOCK : 0,
            m,
            ORIGIN + product * step,
            (end - begin) * BLOCK,
            outputs(unit),
            null);
      }
    }

    /** Stores the tiles and gives M back. */
    void store() {
      float[] scratch = engine.scratch().take(SCRATCH);
      float[] pixels = engine.scratch().take(4 * 4 * Math.min(tilesX, end - begin) * BLOCK);
      int at = ORIGIN;
      for (int block = 2 * unit; block < 2 * unit + outputs(unit); block++) {
        for (int tile = begin, next; tile < end; tile = next) {
          next = Math.min(end, (tile / tilesX + 1) * tilesX);
          int row = 4 * (next - tile) * BLOCK;
          for (int i = 0; i < row; i += 4 * BLOCK, at += BLOCK) {
            kernels.winogradOutput(m, at, step, scratch, pixels, ORIGIN + i, row);
          }
          if (equal != null) startZeros(equal, block, tile, pixels, row);
          store(block, tile, pixels, row);
        }
      }
      engine.scratch().give(pixels);
      engine.scratch().give(scratch);
      engine.scratch().give(m);
    }

    /** Stores what sums start from for those of zeros alone, in 4 rows of pixels. */
    private void startZeros(EqualWindows equal, int block, int tile, float[] pixels, int row) {
      int y = tile / tilesX % tilesY * 4;
      int x = tile % tilesX * 4;
      int sample = tile / tilesX / tilesY;
      int at = ORIGIN;
      for (int r = 0; r < 4; r++) {
        for (int i = 0; i < row / BLOCK; i++, at += BLOCK) {
          if (!equal.isZero(sample, y + r, x + i)) continue;
          System.arraycopy(epilogue.start(), block * BLOCK, pixels, at, BLOCK);
        }
      }
    }

    /** Finishes 4 rows of pixels from where a tile begins on, or the largest of each 2×2. */
    private void store(int block, int tile, float[] pixels, int row) {
      int height = output.shape().extent(2);
      int width = output.shape().extent(3);
      int y = tile / tilesX % tilesY * side;
      int x = tile % tilesX * side;
      int plane = tile / tilesX / tilesY * blocks(output.shape().extent(1)) + block;
      int count = Math.min(row / (4 * BLOCK) * side, width - x);
      for (int r = 0; r < Math.min(side, height - y); r++) {
        int to = ((plane * height + y + r) * width + x) * BLOCK;
        if (side == 4) {
          epilogue.finish(kernels, pixels, ORIGIN + r * row, output.data, to, count * BLOCK);
        } else {
          int from = ORIGIN + 2 * r * row;
          kernels.windowMaxima(pixels, from, 2 * BLOCK, 2, row, 2, BLOCK, output.data, to, count);
          epilogue.finishInPlace(kernels, output.data, to, count * BLOCK);
        }
      }
    }
  }

  /** Returns how many blocks of outputs a unit has. */
  private int outputs(int unit) {
    return Packing.targetBlocks(unit, output.shape().extent(1));
  }

  /** Returns the distance between products of U with so many channels. */
  private static int uStep(int channels) {
    return odd(2 * channels * BLOCK);
  }

  /** Rounds up to an odd number of cache lines, so that the 36 matrices share no cache sets. */
  private static int odd(int floats) {
    return (floats / BLOCK | 1) * BLOCK;
  }
}
