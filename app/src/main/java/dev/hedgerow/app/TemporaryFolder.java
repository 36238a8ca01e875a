package dev.hedgerow.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder that is gone, with all in it, after {@link #close}, or when the program is stopped. */
final class TemporaryFolder implements AutoCloseable {
  private final Path path;
  private final Thread removal;

  private TemporaryFolder(Path path) {
    this.path = path;
    this.removal = new Thread(this::removeQuietly);
  }

  static TemporaryFolder make() throws IOException {
    var made = new TemporaryFolder(Files.createTempDirectory("hedgerow-"));
    try {
      Runtime.getRuntime().addShutdownHook(made.removal);
    } catch (IllegalStateException stopping) {
      Files.delete(made.path);
      throw new IOException("the program is being stopped", stopping);
    }
    return made;
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException stopping) {
      return; // It is being removed.
    }
    remove();
  }

  private void removeQuietly() {
    try {
      remove();
    } catch (IOException stays) {
      // Nobody is left to hear of it.
    }
  }

  private void remove() throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(path)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) Files.delete(file);
  }
}
