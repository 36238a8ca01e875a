package dev.hedgerow.app;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.util.ArrayList;
import java.util.List;

/** Text in pictures, wrapped to a width. A system without fonts has none, and takes no room. */
final class Lettering {
  /** What may stand at the end of a line, apart from spaces. */
  private static final String BREAKS = "(?<=[-:_/,])|(?<= )";

  private static final String CUT = "…";
  private static final FontRenderContext CONTEXT = new FontRenderContext(null, true, false);

  private final Font font;
  private final Color colour;

  Lettering(int size, boolean bold, Color colour) {
    this.font = new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, size);
    this.colour = colour;
  }

  /** Returns whether this system can draw text. */
  static boolean isAvailable() {
    try {
      return new Font(Font.SANS_SERIF, Font.PLAIN, 12).getStringBounds("x", CONTEXT).getWidth() > 0;
    } catch (RuntimeException | LinkageError | InternalError none) {
      return false;
    }
  }

  /** Returns the height of a line, in pixels. */
  int lineHeight() {
    return (int) Math.ceil(font.getLineMetrics("Åg", CONTEXT).getHeight());
  }

  /**
   * Returns a text in lines no wider than {@code width} pixels, broken after spaces and hyphens, or
   * else anywhere.
   *
   * @param most lines; the last ends in an ellipsis where there would be more
   */
  List<String> wrap(String text, int width, int most) {
    List<String> lines = new ArrayList<>();
    String line = "";
    for (String piece : Messages.visible(text).split(BREAKS, -1)) {
      if (!line.isEmpty() && !fits(line + piece, width)) {
        lines.add(line.strip());
        line = "";
      }
      line += piece;
      while (!fits(line, width)) {
        int end = longest(line, width);
        lines.add(line.substring(0, end));
        line = line.substring(end);
      }
    }
    if (!line.isBlank()) lines.add(line.strip());
    if (lines.size() <= most) return lines;
    String last = lines.get(most - 1);
    while (!last.isEmpty() && !fits(last + CUT, width)) {
      last = last.substring(0, last.offsetByCodePoints(last.length(), -1));
    }
    lines.set(most - 1, last + CUT);
    return lines.subList(0, most);
  }

  /** Returns how much of a text fits, at least a character of it. */
  private int longest(String text, int width) {
    int end = text.offsetByCodePoints(0, 1);
    while (end < text.length()) {
      int next = text.offsetByCodePoints(end, 1);
      if (!fits(text.substring(0, next), width)) break;
      end = next;
    }
    return end;
  }

  private boolean fits(String text, int width) {
    return text.codePointCount(0, text.length()) == 1 || width(text.strip()) <= width;
  }

  private double width(String text) {
    return text.isEmpty() ? 0 : font.getStringBounds(text, CONTEXT).getWidth();
  }

  /**
   * Draws lines below one another.
   *
   * @param x where they begin, or their centre
   * @param y the top of the first
   * @param align 0 for lines that begin at x, 0.5 for lines centred there, 1 for lines that end
   *     there
   */
  void draw(Graphics2D graphics, List<String> lines, double x, int y, double align) {
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(font);
    graphics.setColor(colour);
    float baseline = y + font.getLineMetrics("Åg", CONTEXT).getAscent();
    for (String line : lines) {
      graphics.drawString(line, (float) (x - align * width(line)), baseline);
      baseline += lineHeight();
    }
  }
}
