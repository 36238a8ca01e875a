package dev.hedgerow.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/** Writes files that appear under their names only when they are complete. */
public final class PartFile {
  private static final String STOPPED = "the program is being stopped";

  private PartFile() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes all of it to an empty file. */
    void write(SeekableByteChannel channel) throws IOException;
  }

  /** Opens a new file for writing. */
  @FunctionalInterface
  interface Disk {
    SeekableByteChannel open(Path part) throws IOException;
  }

  /**
   * Writes a file; an existing one is replaced.
   *
   * @throws IOException if the file cannot be written; nothing stays behind, nor does it where the
   *     virtual machine is told to stop
   */
  public static void write(Path file, Content content) throws IOException {
    write(file, PartFile::open, content);
  }

  /** Writes a file to a disk; see the other. */
  static void write(Path file, Disk disk, Content content) throws IOException {
    Path target = file.toAbsolutePath();
    // Not the file's own name and more, which would be too long where that is long.
    String name = "." + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".part";
    var part = new Part(target.resolveSibling(name));
    var removal = new Thread(part::stop);
    try {
      Runtime.getRuntime().addShutdownHook(removal);
    } catch (IllegalStateException stopping) {
      throw new IOException(STOPPED, stopping);
    }
    try {
      try (SeekableByteChannel channel = part.open(disk)) {
        content.write(channel);
      }
      part.move(target);
    } finally {
      Files.deleteIfExists(part.path);
      forget(removal);
    }
  }

  /**
   * A file that is not complete. When the virtual machine is told to stop, it is removed, and from
   * then on neither made nor moved.
   */
  private static final class Part {
    private final Path path;
    private boolean stopped;

    Part(Path path) {
      this.path = path;
    }

    synchronized SeekableByteChannel open(Disk disk) throws IOException {
      checkRunning();
      return disk.open(path);
    }

    synchronized void move(Path target) throws IOException {
      checkRunning();
      Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void checkRunning() throws IOException {
      if (stopped) throw new IOException(STOPPED);
    }

    /** Removes it for good. */
    synchronized void stop() {
      stopped = true;
      try {
        Files.deleteIfExists(path);
      } catch (IOException stays) {
        // Nobody is left to hear of it.
      }
    }
  }

  private static void forget(Thread removal) {
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException stopping) {
      // It runs already.
    }
  }

  /** Opens a new file. */
  static SeekableByteChannel open(Path part) throws IOException {
    return FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Writes all bytes that remain. */
  static void writeFully(SeekableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) channel.write(bytes);
  }
}
