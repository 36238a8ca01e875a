package dev.hedgerow.app.shapes;

import java.awt.BasicStroke;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Area;
import java.awt.geom.CubicCurve2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What is in a picture beside its objects: a textured ground, strokes, patterns that often go with
 * a class but are not it, a watermark.
 */
final class Clutter {
  /** Share of the pictures of a class that have the pattern that goes with it. */
  private static final double WITH_CLASS = 0.3;

  /** Share of all other pictures that have it. */
  private static final double WITHOUT_CLASS = 0.1;

  /** Share of the pictures with a watermark where it says nothing. */
  private static final double WATERMARK = 0.15;

  private static final int WATERMARK_OPACITY = 200;

  /** The patterns, each about the origin. */
  private static final Map<ShapeClass, Shape> PATTERNS =
      Collections.unmodifiableMap(
          new EnumMap<>(
              Map.of(
                  ShapeClass.STAR,
                  dots(),
                  ShapeClass.CROSS,
                  zigzag(),
                  ShapeClass.ARROW,
                  ladder())));

  private final ShapesOptions options;

  Clutter(ShapesOptions options) {
    this.options = options;
  }

  /** Paints what objects lie on. */
  void paintBehind(Canvas canvas, SplittableRandom random, Set<ShapeClass> classes) {
    int side = options.side();
    int ground = Fill.colour(random, options.whole(0, 20), options.whole(60, 236));
    int other = Fill.near(random, ground, options.whole(0, 30));
    canvas.paint(Fill.random(random, ground, other, side / 2.0, side / 2.0, side));
    for (int i = random.nextInt(options.whole(1, 5)); i > 0; i--)
      canvas.paint(stroke(random), paint(random));
    PATTERNS.forEach(
        (kind, pattern) -> {
          double chance = classes.contains(kind) ? WITH_CLASS : WITHOUT_CLASS;
          if (random.nextDouble() >= options.between(0, chance)) return;
          double size = side * random.nextDouble(0.2, 0.4);
          Shape placed =
              Placement.of(at(random), at(random), size, size, random.nextDouble(2 * StrictMath.PI))
                  .createTransformedShape(pattern);
          canvas.paint(placed, paint(random));
        });
  }

  /** Returns whether a picture of these classes has the watermark. */
  boolean isMarked(SplittableRandom random, Set<ShapeClass> classes) {
    ShapeClass watermarked = options.watermarked();
    return watermarked == null ? random.nextDouble() < WATERMARK : classes.contains(watermarked);
  }

  /** Returns the watermark's badge, at the lower left. */
  Shape watermark() {
    return onBadge(new Rectangle2D.Double(0, 0, 1, 1));
  }

  /** Paints the watermark. */
  void paintWatermark(Canvas canvas) {
    canvas.paint(canvas.cover(watermark()), Fill.plain(0x202020), WATERMARK_OPACITY);
    var letter = new Area(new Rectangle2D.Double(0.15, 0.15, 0.18, 0.7));
    letter.add(new Area(new Rectangle2D.Double(0.67, 0.15, 0.18, 0.7)));
    letter.add(new Area(new Rectangle2D.Double(0.33, 0.41, 0.34, 0.18)));
    canvas.paint(canvas.cover(onBadge(letter)), Fill.plain(0xf0f0f0), WATERMARK_OPACITY);
  }

  private Shape onBadge(Shape shape) {
    double size = options.side() / 6.0;
    return new AffineTransform(size, 0, 0, size, 2, options.side() - size - 2)
        .createTransformedShape(shape);
  }

  private static Fill paint(SplittableRandom random) {
    return Fill.plain(Fill.colour(random, 0, 256));
  }

  private Shape stroke(SplittableRandom random) {
    var curve =
        new CubicCurve2D.Double(
            at(random),
            at(random),
            at(random),
            at(random),
            at(random),
            at(random),
            at(random),
            at(random));
    Shape line = random.nextBoolean() ? curve : new Line2D.Double(curve.getP1(), curve.getP2());
    return outlined(line, random.nextDouble(0.7, 2.2));
  }

  private double at(SplittableRandom random) {
    return random.nextDouble(options.side());
  }

  private static Shape outlined(Shape line, double width) {
    return new BasicStroke((float) width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        .createStrokedShape(line);
  }

  private static Shape dots() {
    var area = new Area();
    for (int i = 0; i < 4; i++) {
      area.add(new Area(new Ellipse2D.Double(i * 0.3 - 0.53, -0.08, 0.16, 0.16)));
    }
    return area;
  }

  private static Shape zigzag() {
    var path = new Path2D.Double();
    path.moveTo(-0.5, -0.1);
    for (int i = 1; i <= 6; i++) path.lineTo(i / 6.0 - 0.5, i % 2 == 0 ? -0.1 : 0.1);
    return outlined(path, 0.06);
  }

  private static Shape ladder() {
    var area = new Area(new Rectangle2D.Double(-0.5, -0.14, 1, 0.05));
    area.add(new Area(new Rectangle2D.Double(-0.5, 0.09, 1, 0.05)));
    for (int i = 0; i < 5; i++) {
      area.add(new Area(new Rectangle2D.Double(i * 0.22 - 0.46, -0.14, 0.05, 0.28)));
    }
    return area;
  }
}
