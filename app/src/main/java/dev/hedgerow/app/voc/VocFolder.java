package dev.hedgerow.app.voc;

import dev.hedgerow.attribution.metrics.Region;
import dev.hedgerow.weights.FormatException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;

/**
 * A data set in Pascal VOC's layout: {@code ImageSets/Main/SET.txt} names pictures, {@code
 * JPEGImages/NAME.jpg} holds one, {@code Annotations/NAME.xml} its objects, and {@code
 * SegmentationClass/NAME.png}, of some data sets or pictures only, its classes pixel by pixel.
 *
 * <p>Errors are {@link FormatException}s that name the file, or say that it cannot be read.
 */
public final class VocFolder {
  private final Path folder;

  /** Names a data set; files are read when they are asked for. */
  public VocFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Returns the names of the pictures of a set, in its order.
   *
   * @param set {@code test}
   * @throws IOException if it cannot be read, is empty, or names something outside the folder
   */
  public List<String> names(String set) throws IOException {
    Path file = folder.resolve("ImageSets", "Main", set + ".txt");
    List<String> names = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String name = line.strip();
        if (name.isEmpty()) continue;
        if (!name.matches("[\\w.-]+") || name.startsWith(".")) {
          throw new FormatException(
              file, "\"" + name + "\"", "line " + (names.size() + 1), "a picture's name");
        }
        names.add(name);
      }
    } catch (CharacterCodingException wrong) {
      throw new FormatException(file, "no text in UTF-8", "", "one picture's name a line");
    }
    if (names.isEmpty()) throw new FormatException(file, "empty", "", "one picture's name a line");
    return names;
  }

  /**
   * Returns what is annotated about a picture.
   *
   * @throws IOException if its file cannot be read or is no annotation
   */
  public VocPicture picture(String name) throws IOException {
    return VocXml.read(annotation(name), name, folder.resolve("JPEGImages", name + ".jpg"));
  }

  /** Returns the file of a picture's annotation. */
  public Path annotation(String name) {
    return folder.resolve("Annotations", name + ".xml");
  }

  /**
   * Returns the pixels of each class, as they are segmented. The border between objects, number 255
   * in the file, belongs to none.
   *
   * @param classes how many there are; region k is that of number k + 1
   * @throws IOException if the picture's file cannot be read, is no picture of numbered colours, or
   *     has another size
   */
  public List<Region> segmentation(VocPicture picture, int classes) throws IOException {
    Path file = folder.resolve("SegmentationClass", picture.name() + ".png");
    int height = picture.height();
    int width = picture.width();
    Raster numbers = read(file, height, width).getRaster();
    List<Region> regions = new ArrayList<>();
    for (int k = 1; k <= classes; k++) {
      boolean[] inside = new boolean[height * width];
      for (int i = 0; i < inside.length; i++) {
        inside[i] = numbers.getSample(i % width, i / width, 0) == k;
      }
      regions.add(Region.of(height, width, inside));
    }
    return regions;
  }

  private static BufferedImage read(Path file, int height, int width) throws IOException {
    BufferedImage image = null;
    try (InputStream stream = Files.newInputStream(file)) {
      image = ImageIO.read(stream);
    } catch (IIOException | IndexOutOfBoundsException | IllegalArgumentException broken) {
      // The decoder's ways to say so; said below in ours.
    }
    String expected = "a PNG of %d x %d numbered colours".formatted(height, width);
    if (image == null) throw new FormatException(file, "no picture", "", expected);
    boolean numbered = image.getColorModel() instanceof IndexColorModel;
    if (numbered && image.getHeight() == height && image.getWidth() == width) return image;
    String found =
        "%d x %d%s"
            .formatted(image.getHeight(), image.getWidth(), numbered ? "" : " of true colour");
    throw new FormatException(file, found, "", expected);
  }
}
