package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.kernel.Kernels;
import org.junit.jupiter.api.Test;

class RowsTest {
  /** 40 channels and 9 taps: blocks of 16, 16 and 8, pieces of which 16 are a panel. */
  @Test
  void piecesFollowEachOtherInPanels() {
    var rows = Rows.ofBlocks(5, 40, 9);
    assertEquals(2 * 5 * Kernels.ROW, rows.floats());
    assertEquals(360, rows.terms(0, 27));
    assertEquals(8 * 4 + 16 * 2, rows.terms(16, 22));
    assertEquals(3 * Kernels.ROW, rows.at(0, 3));
    assertEquals(3 * Kernels.ROW + 15 * 16, rows.at(15, 3));
    assertEquals((5 + 3) * Kernels.ROW, rows.at(16, 3));
    assertEquals((5 + 3) * Kernels.ROW + 2 * 16 + 3 * 8, rows.at(21, 3));
  }

  @Test
  void largeImagesDoNotOverflow() {
    assertEquals(50L * 160_000 * Kernels.ROW, Rows.ofBlocks(160_000, 512, 25).floats());
  }
}
