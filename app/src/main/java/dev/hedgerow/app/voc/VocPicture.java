package dev.hedgerow.app.voc;

import java.nio.file.Path;
import java.util.List;

/**
 * What is annotated about a picture.
 *
 * @param name of the picture in its data set, {@code 000001}
 * @param file the picture
 * @param height number of rows
 * @param width number of columns
 */
public record VocPicture(String name, Path file, int height, int width, List<VocObject> objects) {
  public VocPicture {
    objects = List.copyOf(objects);
  }
}
