package dev.hedgerow.app.shapes;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.util.Set;
import java.util.stream.Collectors;

/** The truth of a picture as Pascal VOC writes it. Class numbers start at 1; 0 is the ground. */
public final class VocAnnotation {
  private static final int COLOURS = 256;

  private VocAnnotation() {}

  /**
   * Returns the XML of a picture: its objects with their boxes, whose corners are pixels counted
   * from 1, both inside.
   *
   * @param file the picture's name, {@code 000001.jpg}
   */
  public static String xml(String file, Scene scene) {
    BufferedImage picture = scene.picture();
    var xml = new StringBuilder();
    xml.append("<annotation>\n")
        .append("  <folder>VOC</folder>\n")
        .append("  <filename>%s</filename>\n".formatted(file))
        .append(
            "  <size><width>%d</width><height>%d</height><depth>3</depth></size>\n"
                .formatted(picture.getWidth(), picture.getHeight()))
        .append("  <segmented>1</segmented>\n");
    for (DrawnObject object : scene.objects()) {
      Rectangle box = object.box();
      xml.append(
          """
            <object>
              <name>%s</name>
              <pose>Unspecified</pose>
              <truncated>0</truncated>
              <difficult>%d</difficult>
              <bndbox><xmin>%d</xmin><ymin>%d</ymin><xmax>%d</xmax><ymax>%d</ymax></bndbox>
            </object>
          """
              .formatted(
                  object.kind().label(),
                  object.difficult() ? 1 : 0,
                  box.x + 1,
                  box.y + 1,
                  box.x + box.width,
                  box.y + box.height));
    }
    return xml.append("</annotation>\n").toString();
  }

  /** Returns the picture of class numbers, in VOC's colours. */
  public static BufferedImage segmentation(Scene scene) {
    int width = scene.picture().getWidth();
    int height = scene.picture().getHeight();
    var image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, palette());
    for (DrawnObject object : scene.objects()) {
      int number = object.kind().index() + 1;
      object.mask().stream()
          .forEach(i -> image.getRaster().setSample(i % width, i / width, 0, number));
    }
    return image;
  }

  /**
   * Returns what an image set says of a picture: 1 with the class, −1 without it, 0 where all its
   * objects of the class are difficult.
   */
  public static int label(Scene scene, ShapeClass kind) {
    Set<Boolean> found =
        scene.objects().stream()
            .filter(object -> object.kind() == kind)
            .map(DrawnObject::difficult)
            .collect(Collectors.toSet());
    if (found.isEmpty()) return -1;
    return found.contains(false) ? 1 : 0;
  }

  /** The colour of number i has the bits of i spread over the high bits of its channels. */
  private static IndexColorModel palette() {
    byte[][] channels = new byte[3][COLOURS];
    for (int i = 0; i < COLOURS; i++) {
      for (int bit = 0; bit < 8; bit++) {
        channels[bit % 3][i] |= (byte) ((i >> bit & 1) << 7 - bit / 3);
      }
    }
    return new IndexColorModel(8, COLOURS, channels[0], channels[1], channels[2]);
  }
}
