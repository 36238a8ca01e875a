package dev.hedgerow.app;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** The grids of several images as one picture. */
final class Sheet {
  private static final String NAME = "grid.png";

  private final Grid grid;
  private final List<List<BufferedImage>> images = new ArrayList<>();
  private long pixels;

  Sheet(Grid grid) {
    this.grid = grid;
  }

  /** Adds an image, while there is room for it. */
  void add(Explanation explanation, String stem) {
    if (explanation.results().isEmpty() || pixels > PictureFile.LARGEST) return;
    List<BufferedImage> rows = grid.rows(explanation, stem);
    for (BufferedImage row : rows) pixels += (long) row.getWidth() * row.getHeight();
    images.add(rows);
  }

  /**
   * Writes {@code grid.png}, unless nothing was added.
   *
   * @return its name, or an empty text if nothing was written
   * @throws Failure if it would be too large, or cannot be written
   */
  String write(OutputFolder folder) throws Failure {
    if (images.isEmpty()) return "";
    if (pixels > PictureFile.LARGEST) {
      throw new Failure(
          "%s: more than %d megapixels: name fewer images, methods or classes"
              .formatted(folder.path(NAME), PictureFile.LARGEST / 1_000_000));
    }
    folder.write(NAME, Png.encode(grid.sheet(images, List.of())));
    return NAME;
  }
}
