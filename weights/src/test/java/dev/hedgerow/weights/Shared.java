package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** The folder of trained networks and reference numbers beside the project, where there is one. */
final class Shared {
  private Shared() {}

  /** Returns a file of that folder; the test is skipped if it is not there. */
  static Path file(String name) {
    Path file =
        Path.of(System.getProperty("hedgerow.root", "..")).resolve("../shared").resolve(name);
    assumeTrue(Files.exists(file), () -> "skipped: there is no " + file.normalize());
    return file;
  }
}
