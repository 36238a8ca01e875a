package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Maps side by side: a row for each class of an image, with the picture in the first column and a
 * column for each method, and the colour scale below. Of many methods, some follow below the
 * others, in bands.
 */
final class Grid {
  /**
   * The longest side of a picture, in pixels, where there is one image, and where there are many.
   */
  private static final int LARGE = 224;

  private static final int SMALL = 128;

  /** The narrowest column: of the pictures of a tower, names must still be readable. */
  private static final int NARROWEST = 96;

  /** The most methods beside one another: as many as fit a page and still can be read. */
  private static final int WIDEST = 10;

  private static final int GAP = 8;
  private static final int LABELS = 150;

  /** The longest a colour scale is drawn, in pixels: one a colour. */
  private static final int BAR = 256;

  private static final int BAR_HEIGHT = 12;
  private static final Color TEXT = new Color(0x222222);
  private static final Color FAINT = new Color(0x777777);
  private static final Color NO_MAP = new Color(0xeeeeee);

  private static final Lettering BOLD = new Lettering(14, true, TEXT);
  private static final Lettering PLAIN = new Lettering(14, false, TEXT);
  private static final Lettering FINE = new Lettering(12, false, FAINT);

  private final Engine engine;
  private final Drawing drawing;
  private final List<Pass> passes;
  private final int columns;
  private final int side;
  private final int column;
  private final boolean lettered = Lettering.isAvailable();

  /**
   * @param passes the methods
   * @param side the longest side of a picture, in pixels
   * @param column the width of a column, in pixels
   */
  private Grid(Engine engine, Drawing drawing, List<Pass> passes, int side, int column) {
    this.engine = engine;
    this.drawing = drawing;
    this.passes = passes;
    this.columns = Math.ceilDiv(passes.size(), Math.ceilDiv(passes.size(), WIDEST));
    this.side = side;
    this.column = column;
  }

  /** Returns a grid whose columns are wide enough for the pictures of any image. */
  static Grid ofMany(Engine engine, Drawing drawing, Plan plan) {
    return new Grid(engine, drawing, plan.passes(), SMALL, SMALL);
  }

  /** Returns the grid of one image as a picture. */
  static BufferedImage of(Engine engine, Drawing drawing, Explanation explanation, String stem) {
    int column = Math.max(cell(explanation.picture(), LARGE).width(), NARROWEST);
    var grid = new Grid(engine, drawing, explanation.plan().passes(), LARGE, column);
    Attributor first = explanation.plan().passes().getFirst().method();
    List<Heatmap> maps = explanation.maps(first);
    boolean alone = maps.size() == explanation.maps().size();
    return grid.sheet(List.of(grid.rows(explanation, stem)), alone ? maps : List.of());
  }

  private static Size cell(Picture picture, int side) {
    double scale = (double) side / Math.max(picture.height(), picture.width());
    return new Size(
        (int) Math.max(1, Math.rint(scale * picture.height())),
        (int) Math.max(1, Math.rint(scale * picture.width())));
  }

  private int left(int columnIndex) {
    return LABELS + 2 * GAP + columnIndex * (column + GAP);
  }

  private int width() {
    return left(columns + 1);
  }

  /** Returns the number of bands. */
  private int bands() {
    return Math.ceilDiv(passes.size(), columns);
  }

  /** Returns what a list with an element for each method has for those of a band. */
  private <T> List<T> band(int band, List<T> ofMethods) {
    return ofMethods.subList(band * columns, Math.min((band + 1) * columns, passes.size()));
  }

  /**
   * Returns the rows of an image in every band, without what is above and below them.
   *
   * @param stem what the image is called
   */
  List<BufferedImage> rows(Explanation explanation, String stem) {
    List<BufferedImage> rows = new ArrayList<>();
    for (int band = 0; band < bands(); band++) rows.add(rows(explanation, stem, band));
    return rows;
  }

  private BufferedImage rows(Explanation explanation, String stem, int band) {
    Size cell = cell(explanation.picture(), side);
    int targets = explanation.results().size() / passes.size();
    List<List<String>> names = new ArrayList<>();
    int height = cell.height();
    for (int row = 0; row < targets; row++) {
      Explanation.Result first = explanation.results().get(row * passes.size());
      List<String> lines = names(explanation.score(first.target()));
      names.add(lines);
      height = Math.max(height, lettered ? (lines.size() + 2) * PLAIN.lineHeight() : 0);
    }
    BufferedImage rows = blank(width(), targets * (height + GAP));
    Graphics2D graphics = rows.createGraphics();
    BufferedImage picture = picture(explanation.picture(), cell);
    for (int row = 0; row < targets; row++) {
      int top = row * (height + GAP);
      List<Explanation.Result> results =
          band(band, explanation.results().subList(row * passes.size(), (row + 1) * passes.size()));
      label(
          graphics,
          row == 0 ? stem : "",
          names.get(row),
          explanation.score(results.getFirst().target()),
          top);
      graphics.drawImage(picture, left(0) + (column - cell.width()) / 2, top, null);
      for (int i = 0; i < results.size(); i++) {
        draw(graphics, results.get(i), explanation, cell, left(i + 1), top, height);
      }
    }
    graphics.dispose();
    return rows;
  }

  private List<String> names(Explanation.Score score) {
    return lettered
        ? BOLD.wrap(score.name().name(), LABELS, side / BOLD.lineHeight() - 2)
        : List.of();
  }

  private void label(
      Graphics2D graphics, String stem, List<String> names, Explanation.Score score, int top) {
    if (!lettered) return;
    int y = top;
    BOLD.draw(graphics, names, GAP, y, 0);
    y += names.size() * BOLD.lineHeight();
    String probability = String.format(Locale.ROOT, "p = %.4f", score.probability());
    PLAIN.draw(graphics, List.of(probability), GAP, y, 0);
    y += PLAIN.lineHeight();
    if (!stem.isEmpty()) FINE.draw(graphics, FINE.wrap(stem, LABELS, 1), GAP, y, 0);
  }

  private void draw(
      Graphics2D graphics,
      Explanation.Result result,
      Explanation explanation,
      Size cell,
      int left,
      int top,
      int height) {
    switch (result) {
      case Explanation.Failed failed ->
          box(graphics, "failed", Messages.reason(failed.error()), left, top, height);
      case Explanation.Map map when map.isEmpty() ->
          box(graphics, "empty", map.attribution().warnings().getFirst(), left, top, height);
      case Explanation.Map map -> {
        Heatmap heatmap = map.heatmap();
        List<Heatmap> all = explanation.maps(map.pass().method());
        int[] colours = heatmap.colours(drawing.colours(), drawing.scale().end(heatmap, all));
        BufferedImage image = scaled(colours, heatmap.height(), heatmap.width(), cell);
        graphics.drawImage(image, left + (column - cell.width()) / 2, top, null);
      }
    }
  }

  /** Says in words that there is no map to see. */
  private void box(Graphics2D graphics, String word, String reason, int left, int top, int height) {
    graphics.setColor(NO_MAP);
    graphics.fillRect(left, top, column, height);
    if (!lettered) return;
    double centre = left + column / 2.0;
    PLAIN.draw(graphics, List.of(word), centre, top + GAP, 0.5);
    int y = top + GAP + PLAIN.lineHeight();
    int room = (top + height - y) / FINE.lineHeight();
    if (room > 0) {
      FINE.draw(graphics, FINE.wrap(reason, column - 2 * GAP, room), centre, y, 0.5);
    }
  }

  /**
   * Returns the rows of images below one another, in every band with the names of the methods above
   * them, and the scale below.
   *
   * @param images the rows of each, as {@link #rows} returns them
   * @param maps all, if they are of one image and method; else none
   */
  BufferedImage sheet(List<List<BufferedImage>> images, List<Heatmap> maps) {
    List<BufferedImage> parts = new ArrayList<>();
    for (int band = 0; band < bands(); band++) {
      parts.add(header(band(band, passes)));
      for (List<BufferedImage> rows : images) parts.add(rows.get(band));
    }
    parts.add(legend(maps));
    int height = parts.stream().mapToInt(BufferedImage::getHeight).sum();
    BufferedImage sheet = blank(width(), height);
    Graphics2D graphics = sheet.createGraphics();
    int y = 0;
    for (BufferedImage part : parts) {
      graphics.drawImage(part, 0, y, null);
      y += part.getHeight();
    }
    graphics.dispose();
    return sheet;
  }

  /** Returns the names of the methods of a band. */
  private BufferedImage header(List<Pass> band) {
    List<List<String>> names = new ArrayList<>();
    int lines = 0;
    for (Pass pass : band) {
      List<String> wrapped =
          lettered ? BOLD.wrap(pass.label(), column, Integer.MAX_VALUE) : List.of();
      names.add(wrapped);
      lines = Math.max(lines, wrapped.size());
    }
    BufferedImage header = blank(width(), 2 * GAP + (lettered ? lines * BOLD.lineHeight() : 0));
    Graphics2D graphics = header.createGraphics();
    for (int i = 0; i < names.size(); i++) {
      List<String> name = names.get(i);
      if (name.isEmpty()) continue;
      int top = header.getHeight() - GAP - name.size() * BOLD.lineHeight();
      BOLD.draw(graphics, name, left(i + 1) + column / 2.0, top, 0.5);
    }
    graphics.dispose();
    return header;
  }

  private BufferedImage legend(List<Heatmap> maps) {
    int left = left(0);
    List<String> meaning =
        lettered
            ? FINE.wrap(drawing.scale().meaning(), width() - left - GAP, Integer.MAX_VALUE)
            : List.of();
    int lines = lettered ? 1 + meaning.size() : 0;
    BufferedImage legend =
        blank(width(), BAR_HEIGHT + 2 * GAP + (lettered ? lines * FINE.lineHeight() : 0));
    Graphics2D graphics = legend.createGraphics();
    int length = Math.min(BAR, width() - left - GAP);
    for (int i = 0; i < length; i++) {
      graphics.setColor(new Color(drawing.colours().colour(i * BAR / length)));
      graphics.fillRect(left + i, GAP, 1, BAR_HEIGHT);
    }
    if (lettered) {
      int y = GAP + BAR_HEIGHT;
      String end = drawing.scale().legend(maps);
      FINE.draw(graphics, List.of("−" + end), left, y, 0);
      FINE.draw(graphics, List.of("0"), left + length / 2.0, y, 0.5);
      FINE.draw(graphics, List.of("+" + end), left + length, y, 1);
      FINE.draw(graphics, meaning, left, y + FINE.lineHeight(), 0);
    }
    graphics.dispose();
    return legend;
  }

  private BufferedImage picture(Picture picture, Size size) {
    Picture small = picture.within(engine, side);
    return scaled(small.packed(), small.height(), small.width(), size);
  }

  /** Returns a picture of packed RGB at another size. */
  private BufferedImage scaled(int[] packed, int height, int width, Size size) {
    if (height == size.height() && width == size.width()) return Png.image(height, width, packed);
    int area = packed.length;
    float[] levels = new float[3 * area];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < area; i++) levels[c * area + i] = packed[i] >> (16 - 8 * c) & 255;
    }
    Tensor pixels = Tensor.of(Shape.of(3, height, width), levels);
    Tensor resized = Resize.pillowBilinear(engine, pixels, size.height(), size.width());
    float[] mixed = resized.toArray();
    int[] small = new int[mixed.length / 3];
    for (int i = 0; i < mixed.length; i++) {
      small[i % small.length] |= (int) mixed[i] << (16 - 8 * (i / small.length));
    }
    return Png.image(size.height(), size.width(), small);
  }

  private static BufferedImage blank(int width, int height) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    return image;
  }
}
