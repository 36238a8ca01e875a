package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * {@link #convolve}: sums are started in y, then register tiles add all terms to theirs, one term
 * after the other. {@link Tiles512}, {@link Tiles256} and {@link Tiles128} draw them. With 512 bits
 * a vector is a block of outputs, with 256 half of one, with 128 a quarter.
 *
 * <p>With 512 bits tiles also ask for the weights ahead, by stores of no lane: these change
 * nothing, but their lines are fetched, and unlike loads they are finished before their lines have
 * come.
 */
interface Convolve extends Kernels {
  @Override
  default int tile() {
    return LANES == 16 ? Tiles512.BEST : LANES == 8 ? Tiles256.BEST : Tiles128.BEST;
  }

  @Override
  default void convolve(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wBlock,
      float @Nullable [] start,
      int startAt,
      float[] y,
      int yAt,
      int yBlock,
      int outputBlocks,
      int columns,
      float @Nullable [] ahead,
      int aheadAt) {
    // An odd term goes first, where sums are started, if tiles take two.
    int odd = LANES == 16 ? terms % Tiles512.TERMS : 0;
    for (int lane = 0; lane < outputBlocks * BLOCK; lane += LANES) {
      int to = yAt + lane / BLOCK * yBlock + lane % BLOCK;
      if (odd > 0) {
        int weight = wAt + lane / BLOCK * wBlock + lane % BLOCK;
        firstTerm(x, xAt, w, weight, start, startAt + lane, y, to, columns);
      } else if (start != null) {
        FloatVector first = FloatVector.fromArray(S, start, startAt + lane);
        for (int column = 0; column < columns; column++) first.intoArray(y, to + column * BLOCK);
      }
    }
    if (terms == odd) return;
    xAt += odd;
    wAt += odd * BLOCK;
    aheadAt += odd * BLOCK;
    terms -= odd;
    if (LANES == 16) {
      Tiles512.run(
          x, xAt, terms, w, wAt, wBlock, y, yAt, yBlock, outputBlocks, columns, ahead, aheadAt);
    } else if (LANES == 8) {
      Tiles256.run(x, xAt, terms, w, wAt, wBlock, y, yAt, yBlock, outputBlocks, columns);
    } else {
      Tiles128.run(x, xAt, terms, w, wAt, wBlock, y, yAt, yBlock, outputBlocks, columns);
    }
  }

  /**
   * Starts the sums of a vector of outputs, or goes on with y's if start is null, with one term.
   */
  private static void firstTerm(
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      float @Nullable [] start,
      int startAt,
      float[] y,
      int yAt,
      int columns) {
    FloatVector weight = FloatVector.fromArray(S, w, wAt);
    float[] from = start == null ? y : start;
    int fromAt = start == null ? yAt : startAt;
    int fromStep = start == null ? BLOCK : 0;
    for (int column = 0; column < columns; column++) {
      FloatVector sum = FloatVector.fromArray(S, from, fromAt + column * fromStep);
      sum = FloatVector.broadcast(S, x[xAt + column * ROW]).fma(weight, sum);
      sum.intoArray(y, yAt + column * BLOCK);
    }
  }
}
