package dev.hedgerow.test;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds reference data: in the repository, or in the shared folder beside the checkout. */
final class Shared {
  private static final Path ROOT = Path.of(System.getProperty("hedgerow.root", ".."));

  private Shared() {}

  /** Returns the root of the checkout. */
  static Path root() {
    return ROOT;
  }

  /** Returns a file of the shared folder; where the folder is absent the test is skipped. */
  static Path file(String name) {
    Path file = ROOT.resolve("../shared").resolve(name).normalize();
    Assumptions.assumeTrue(Files.exists(file), "shared/" + name + " is absent");
    return file;
  }

  /** Returns a reference file kept in the repository, or else one of the shared folder. */
  static Path golden(String name) {
    Path kept = ROOT.resolve("test/src/test/resources/golden").resolve(name);
    return Files.exists(kept) ? kept : file("golden/" + name);
  }
}
