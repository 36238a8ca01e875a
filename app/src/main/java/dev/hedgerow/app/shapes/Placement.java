package dev.hedgerow.app.shapes;

import java.awt.geom.AffineTransform;

/** Where an outline about the origin goes. */
final class Placement {
  private Placement() {}

  /**
   * Returns the transform that scales, then turns, then moves.
   *
   * @param angle in radians
   */
  static AffineTransform of(double x, double y, double width, double height, double angle) {
    // Math.sin may differ between platforms in the last bit, and AffineTransform uses it.
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    return new AffineTransform(width * cos, width * sin, -height * sin, height * cos, x, y);
  }
}
