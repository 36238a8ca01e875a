package dev.hedgerow.nn;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The 1,000 classes of ImageNet (ILSVRC 2012) with their WordNet ids. */
public final class ImageNetClasses {
  private static final String RESOURCE = "imagenet-classes.txt";

  private ImageNetClasses() {}

  /** Returns the classes in the order of the logits. */
  public static ClassNames names() {
    return Loaded.NAMES;
  }

  /** Read when first asked for. */
  private static final class Loaded {
    static final ClassNames NAMES = read();

    private static ClassNames read() {
      try (InputStream file =
              Objects.requireNonNull(
                  ImageNetClasses.class.getResourceAsStream(RESOURCE), RESOURCE);
          var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
        return ClassNames.parse(lines.lines().toList());
      } catch (IOException e) {
        throw new UncheckedIOException(RESOURCE, e);
      }
    }
  }
}
