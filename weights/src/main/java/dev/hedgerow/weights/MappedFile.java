package dev.hedgerow.weights;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Maps files into memory. */
final class MappedFile {
  private MappedFile() {}

  /**
   * Returns the bytes of a file, read-only; mapped as long as anything refers to them.
   *
   * @throws FormatException if there is no such file, or it is a directory, empty or unreadable
   */
  static MemorySegment map(Path file) throws IOException {
    if (Files.isDirectory(file)) throw new FormatException(file, "is a directory", "", "a file");
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new FormatException(file, "is not a regular file", "", "a file that can be mapped");
    }
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size == 0) throw new FormatException(file, "is empty", "", "");
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto());
    } catch (NoSuchFileException e) {
      throw because(new FormatException(file, "no such file", "", ""), e);
    } catch (AccessDeniedException e) {
      throw because(new FormatException(file, "cannot be read: permission denied", "", ""), e);
    }
  }

  private static FormatException because(FormatException error, IOException cause) {
    error.initCause(cause);
    return error;
  }
}
