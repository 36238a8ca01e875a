package dev.hedgerow.app;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Preprocessing;
import java.io.IOException;
import java.nio.file.Path;

/** A picture as the program gives it to a network. */
public final class Photograph {
  private Photograph() {}

  /** Reads a picture whole: decoded, resized and preprocessed, {@code [1, 3, H, W]}. */
  public static Tensor read(Engine engine, Path file, Preprocessing preprocessing)
      throws IOException {
    try {
      return preprocessing.apply(engine, PictureFile.read(file, true).pixels());
    } catch (Failure failed) {
      throw new IOException(failed.getMessage(), failed);
    }
  }
}
