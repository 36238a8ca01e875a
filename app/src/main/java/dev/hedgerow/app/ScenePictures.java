package dev.hedgerow.app;

import dev.hedgerow.app.score.Truth;
import dev.hedgerow.app.shapes.DrawnObject;
import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.attribution.metrics.Region;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.BitSet;
import java.util.List;

/** Drawn pictures as networks and scores want them. */
final class ScenePictures {
  private ScenePictures() {}

  /** Returns a picture as a network reads it, {@code [1, 3, h, w]}. */
  static Tensor input(Engine engine, BufferedImage picture, Model model) {
    int height = picture.getHeight();
    int width = picture.getWidth();
    int area = height * width;
    int[] packed = picture.getRGB(0, 0, width, height, null, 0, width);
    float[] levels = new float[3 * area];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < area; i++) levels[c * area + i] = packed[i] >> 16 - 8 * c & 255;
    }
    return model.preprocessing().apply(engine, Tensor.of(Shape.of(3, height, width), levels));
  }

  /** Returns where the classes that count are. */
  static List<Truth> truths(Scene scene) {
    int height = scene.picture().getHeight();
    int width = scene.picture().getWidth();
    List<Truth.Annotated> objects =
        scene.objects().stream()
            .map(
                object ->
                    new Truth.Annotated(
                        object.kind().index(), box(object.box()), object.difficult()))
            .toList();
    return Truth.of(height, width, objects, target -> region(scene, ShapeClass.all().get(target)));
  }

  /** Returns the visible pixels of a class. */
  static Region region(Scene scene, ShapeClass kind) {
    var mask = new BitSet();
    for (DrawnObject object : scene.objects()) {
      if (object.kind() == kind) mask.or(object.mask());
    }
    boolean[] inside = new boolean[scene.picture().getHeight() * scene.picture().getWidth()];
    mask.stream().forEach(i -> inside[i] = true);
    return Region.of(scene.picture().getHeight(), scene.picture().getWidth(), inside);
  }

  private static Box box(Rectangle box) {
    return new Box(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1);
  }
}
