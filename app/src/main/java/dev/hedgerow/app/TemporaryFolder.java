package dev.hedgerow.app;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** A folder that is gone, with all in it, after {@link #close}, or when the program is stopped. */
final class TemporaryFolder implements AutoCloseable {
  /** How often what is left is gone through. */
  private static final int PASSES = 3;

  private final Path path;
  private final Thread removal;

  /** Deletes a file or an empty folder, if it is there. */
  @FunctionalInterface
  interface Deletion {
    void delete(Path file) throws IOException;
  }

  private TemporaryFolder(Path path) {
    this.path = path;
    this.removal = new Thread(this::removeQuietly);
  }

  static TemporaryFolder make() throws IOException {
    var made = new TemporaryFolder(Files.createTempDirectory(parent(), "hedgerow-"));
    try {
      Runtime.getRuntime().addShutdownHook(made.removal);
    } catch (IllegalStateException stopping) {
      Files.delete(made.path);
      throw new IOException("the program is being stopped", stopping);
    }
    return made;
  }

  /** Returns the folder that they are in. */
  static Path parent() {
    return Path.of(System.getProperty("java.io.tmpdir"));
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
    remove(path, Files::deleteIfExists);
  }

  /**
   * Removes a folder with all in it. Others may remove, move or make files there meanwhile, so it
   * is gone through again if something is left.
   *
   * @throws IOException the first reason for which something stays at last; all else is gone
   */
  static void remove(Path folder, Deletion deletion) throws IOException {
    for (int pass = 1; ; pass++) {
      var visit = new Removal(deletion);
      Files.walkFileTree(folder, visit);
      if (visit.failure == null) return;
      if (pass == PASSES) throw visit.failure;
    }
  }

  /** Goes on whatever fails. */
  private static final class Removal extends SimpleFileVisitor<Path> {
    private final Deletion deletion;
    private @Nullable IOException failure;

    Removal(Deletion deletion) {
      this.deletion = deletion;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      return delete(file);
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException wrong) {
      if (!(wrong instanceof NoSuchFileException)) failed(wrong);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException wrong) {
      if (wrong != null) failed(wrong);
      return delete(folder);
    }

    private FileVisitResult delete(Path file) {
      try {
        deletion.delete(file);
      } catch (IOException stays) {
        failed(stays);
      }
      return FileVisitResult.CONTINUE;
    }

    private void failed(IOException wrong) {
      if (failure == null) failure = wrong;
    }
  }
}
