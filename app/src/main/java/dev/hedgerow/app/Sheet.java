package dev.hedgerow.app;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** The grids of several images as one picture. */
final class Sheet {
  private static final String NAME = "grid.png";

  private final Grid grid;
  private final List<BufferedImage> rows = new ArrayList<>();
  private long pixels;

  Sheet(Grid grid) {
    this.grid = grid;
  }

  /** Adds an image, while there is room for it. */
  void add(Explanation explanation, String stem) {
    if (explanation.results().isEmpty() || pixels > PictureFile.LARGEST) return;
    BufferedImage row = grid.rows(explanation, stem);
    pixels += (long) row.getWidth() * row.getHeight();
    rows.add(row);
  }

  /**
   * Writes {@code grid.png}, unless nothing was added.
   *
   * @return its name, or an empty text if nothing was written
   * @throws Failure if it would be too large, or cannot be written
   */
  String write(OutputFolder folder) throws Failure {
    if (rows.isEmpty()) return "";
    if (pixels > PictureFile.LARGEST) {
      throw new Failure(
          "%s: more than %d megapixels: name fewer images, methods or classes"
              .formatted(folder.path(NAME), PictureFile.LARGEST / 1_000_000));
    }
    folder.write(NAME, Png.encode(grid.sheet(rows, List.of())));
    return NAME;
  }
}
