package dev.hedgerow.app.shapes;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A picture that is painted on. Java2D says how far a shape covers each pixel, colours are mixed
 * here, in whole numbers, so that a picture is the same on every platform.
 */
final class Canvas {
  /** Covered wholly, or painted without a trace of what was there. */
  static final int OPAQUE = 255;

  private final int side;
  private final BufferedImage picture;
  private final int[] pixels;
  private final BufferedImage stencil;
  private final int[] coverage;
  private final Graphics2D pen;

  Canvas(int side) {
    this.side = side;
    this.picture = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    this.pixels = ((DataBufferInt) picture.getRaster().getDataBuffer()).getData();
    this.stencil = new BufferedImage(side, side, BufferedImage.TYPE_INT_ARGB);
    this.coverage = ((DataBufferInt) stencil.getRaster().getDataBuffer()).getData();
    this.pen = stencil.createGraphics();
    pen.setColor(Color.WHITE);
    pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    pen.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
  }

  /** Returns how much of each pixel a shape covers, 0..255, in row order. */
  int[] cover(Shape shape) {
    Arrays.fill(coverage, 0);
    pen.fill(shape);
    int[] cover = new int[coverage.length];
    for (int i = 0; i < cover.length; i++) cover[i] = coverage[i] >>> 24;
    return cover;
  }

  /** Returns the pixels that a shape covers by more than half, numbered in row order. */
  BitSet mask(Shape shape) {
    int[] cover = cover(shape);
    var mask = new BitSet(cover.length);
    for (int i = 0; i < cover.length; i++) mask.set(i, cover[i] > OPAQUE / 2);
    return mask;
  }

  /** Paints every pixel. */
  void paint(Fill fill) {
    for (int i = 0; i < pixels.length; i++) pixels[i] = fill.at(i % side, i / side);
  }

  /**
   * Paints where {@code cover} says.
   *
   * @param opacity 0..255 where it says 255
   */
  void paint(int[] cover, Fill fill, int opacity) {
    for (int i = 0; i < pixels.length; i++) {
      if (cover[i] == 0) continue;
      int share = cover[i] * opacity / OPAQUE;
      pixels[i] = Fill.mix(pixels[i], fill.at(i % side, i / side), share);
    }
  }

  /** Paints a shape. */
  void paint(Shape shape, Fill fill) {
    paint(cover(shape), fill, OPAQUE);
  }

  /** Returns the mean colour where {@code cover} is more than half. */
  int mean(int[] cover) {
    long red = 0;
    long green = 0;
    long blue = 0;
    int count = 0;
    for (int i = 0; i < pixels.length; i++) {
      if (cover[i] <= OPAQUE / 2) continue;
      red += pixels[i] >> 16 & 0xff;
      green += pixels[i] >> 8 & 0xff;
      blue += pixels[i] & 0xff;
      count++;
    }
    if (count == 0) return 0;
    return (int) (red / count << 16 | green / count << 8 | blue / count);
  }

  /** Returns the picture; nothing is to be painted afterwards. */
  BufferedImage finish() {
    pen.dispose();
    return picture;
  }
}
