package dev.hedgerow.app.shapes;

import java.awt.image.BufferedImage;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A picture of the drawn world with its truth.
 *
 * @param picture RGB; not to be modified
 * @param objects what is to be seen, from back to front
 */
public record Scene(BufferedImage picture, List<DrawnObject> objects) {
  public Scene {
    objects = List.copyOf(objects);
  }

  /** Returns the classes of the objects, difficult ones included. */
  public Set<ShapeClass> classes() {
    var classes = EnumSet.noneOf(ShapeClass.class);
    for (DrawnObject object : objects) classes.add(object.kind());
    return classes;
  }
}
