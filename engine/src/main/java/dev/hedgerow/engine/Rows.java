package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ROW;
import static dev.hedgerow.engine.kernel.Kernels.ROW_TERMS;

import dev.hedgerow.engine.kernel.Kernels;
import org.jspecify.annotations.Nullable;

/**
 * Where the terms of a product are: a row for each pixel, all that its sums read, in panels of up
 * to {@value Kernels#ROW_TERMS} terms of all pixels:
 *
 * <pre>
 * rows[panel][pixel][{@value Kernels#ROW}]
 * </pre>
 *
 * A row consists of pieces, which are copied whole. All panels but the last hold equally many: as
 * many pieces of the full length as fit.
 *
 * @param pixels number of rows
 * @param pieces of a row
 * @param length terms of a piece, at most {@value Kernels#ROW_TERMS}
 * @param shorter how many of the last pieces have {@code rest} terms
 * @param rest at most {@code length}
 */
record Rows(int pixels, int pieces, int length, int shorter, int rest) {
  /** Returns rows of {@code [block][tap]} with a piece for each, the channels of the block. */
  static Rows ofBlocks(int pixels, int channels, int taps) {
    int blocks = blocks(channels);
    return new Rows(pixels, blocks * taps, BLOCK, taps, channels - (blocks - 1) * BLOCK);
  }

  /** Returns how many floats the panels take; a copy of a whole block may end beyond a row. */
  long floats() {
    return (long) Math.ceilDiv(pieces, piecesOfPanel()) * pixels * ROW;
  }

  /** Returns where a piece of a pixel is. */
  int at(int piece, int pixel) {
    int panel = piece / piecesOfPanel();
    int first = panel * piecesOfPanel();
    return (panel * pixels + pixel) * ROW + terms(first, piece);
  }

  /** Returns how many terms some of the pieces of a row have. */
  int terms(int fromPiece, int toPiece) {
    return before(toPiece) - before(fromPiece);
  }

  private int before(int piece) {
    int missing = Math.max(0, piece - (pieces - shorter));
    return piece * length - missing * (length - rest);
  }

  private int piecesOfPanel() {
    return ROW_TERMS / length;
  }

  /**
   * Multiplies some pieces of the rows of some pixels with the weights of one or two blocks of
   * outputs, panel by panel: {@link Kernels#convolve}, where columns are pixels.
   *
   * @param at where the rows begin in {@code rows}
   * @param w {@code [output block][term][output]} from {@code wAt} on, of these pieces alone
   * @param start what sums start from; null for what y holds
   * @param y {@code [output block][pixel][output]} from {@code yAt} on; of one block to the next it
   *     is {@code yBlock}
   * @param next weights, as many from {@code wAt} on, that the calling thread multiplies after
   *     these. With each panel of w it asks for the one after, with the last for next's first. Null
   *     to ask for none
   */
  void multiply(
      Kernels kernels,
      float[] rows,
      int at,
      int fromPiece,
      int toPiece,
      int pixel,
      int count,
      float[] w,
      int wAt,
      float @Nullable [] start,
      int startAt,
      float[] y,
      int yAt,
      int yBlock,
      int outputBlocks,
      float @Nullable [] next) {
    int all = terms(fromPiece, toPiece);
    int wBlock = all * BLOCK;
    for (int piece = fromPiece, end; piece < toPiece; piece = end) {
      end = Math.min(toPiece, (piece / piecesOfPanel() + 1) * piecesOfPanel());
      boolean last = end == toPiece;
      // As many terms as this panel's: those before the next one's too, if it has fewer.
      int after = last ? 0 : Math.min(terms(fromPiece, end), all - terms(piece, end));
      kernels.convolve(
          rows,
          at + at(piece, pixel),
          terms(piece, end),
          w,
          wAt + terms(fromPiece, piece) * BLOCK,
          wBlock,
          piece == fromPiece ? start : null,
          startAt,
          y,
          yAt,
          yBlock,
          outputBlocks,
          count,
          next == null || last ? next : w,
          wAt + after * BLOCK);
    }
  }
}
