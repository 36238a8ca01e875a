package dev.hedgerow.app.shapes;

import java.awt.Shape;
import java.awt.geom.Area;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.Locale;

/** The classes of the drawn world, in the order of the networks' logits. */
public enum ShapeClass {
  CIRCLE {
    @Override
    Shape outline() {
      return disc(0, 0, 0.5);
    }
  },
  RING {
    @Override
    Shape outline() {
      return minus(disc(0, 0, 0.5), disc(0, 0, 0.3));
    }
  },
  TRIANGLE {
    @Override
    Shape outline() {
      return star(3, 0.5, 0.25);
    }
  },
  SQUARE {
    @Override
    Shape outline() {
      return new Rectangle2D.Double(-0.4, -0.4, 0.8, 0.8);
    }
  },
  STAR {
    @Override
    Shape outline() {
      return star(5, 0.5, 0.2);
    }
  },
  CROSS {
    @Override
    Shape outline() {
      var area = new Area(new Rectangle2D.Double(-0.5, -0.15, 1, 0.3));
      area.add(new Area(new Rectangle2D.Double(-0.15, -0.5, 0.3, 1)));
      return area;
    }
  },
  CRESCENT {
    @Override
    Shape outline() {
      return minus(disc(0, 0, 0.5), disc(0.24, 0, 0.4));
    }
  },
  ARROW {
    @Override
    Shape outline() {
      return polygon(
          -0.5, -0.12, 0.05, -0.12, 0.05, -0.35, 0.5, 0, 0.05, 0.35, 0.05, 0.12, -0.5, 0.12);
    }
  },
  HEART {
    @Override
    Shape outline() {
      var path = new Path2D.Double();
      path.moveTo(0, 0.48);
      path.curveTo(-0.15, 0.28, -0.5, 0.12, -0.5, -0.17);
      path.curveTo(-0.5, -0.5, -0.1, -0.52, 0, -0.2);
      path.curveTo(0.1, -0.52, 0.5, -0.5, 0.5, -0.17);
      path.curveTo(0.5, 0.12, 0.15, 0.28, 0, 0.48);
      path.closePath();
      return path;
    }
  },
  HEXAGON {
    @Override
    Shape outline() {
      return star(6, 0.5, 0.5 * StrictMath.cos(StrictMath.PI / 6));
    }
  };

  private static final List<ShapeClass> ALL = List.of(values());

  /** Returns all classes, in the order of the networks' logits. */
  public static List<ShapeClass> all() {
    return ALL;
  }

  /** Returns the number of the class's logit. */
  public int index() {
    return ALL.indexOf(this);
  }

  /** Returns the outline, centred, of a diameter of about 1; y points down. */
  abstract Shape outline();

  /** Returns the name in lower case, as files and the command line have it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns all labels, in the order of the logits. */
  public static List<String> labels() {
    return ALL.stream().map(ShapeClass::label).toList();
  }

  private static Shape disc(double x, double y, double radius) {
    return new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius);
  }

  private static Shape minus(Shape whole, Shape hole) {
    var area = new Area(whole);
    area.subtract(new Area(hole));
    return area;
  }

  private static Shape star(int points, double outer, double inner) {
    double[] corners = new double[4 * points];
    for (int i = 0; i < 2 * points; i++) {
      double angle = StrictMath.PI * i / points - StrictMath.PI / 2;
      double radius = i % 2 == 0 ? outer : inner;
      corners[2 * i] = radius * StrictMath.cos(angle);
      corners[2 * i + 1] = radius * StrictMath.sin(angle);
    }
    return polygon(corners);
  }

  private static Shape polygon(double... corners) {
    var path = new Path2D.Double();
    path.moveTo(corners[0], corners[1]);
    for (int i = 2; i < corners.length; i += 2) path.lineTo(corners[i], corners[i + 1]);
    path.closePath();
    return path;
  }
}
