package dev.hedgerow.app;

import dev.hedgerow.weights.FormatException;
import dev.hedgerow.weights.MismatchException;
import dev.hedgerow.weights.PartFile;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What is said about files that the user named. */
final class UserFiles {
  private UserFiles() {}

  /**
   * Checks that a file can be read.
   *
   * @param expected what should be there: {@code a picture}
   */
  static void check(Path file, String expected) throws Failure {
    checkName(file, expected);
    if (!Files.exists(file)) throw new Failure(file + ": no such file");
    if (Files.isDirectory(file)) throw new Failure(file + ": a folder, expected " + expected);
    if (!Files.isRegularFile(file)) {
      throw new Failure(file + ": not a regular file, expected " + expected);
    }
    if (!Files.isReadable(file)) throw new Failure(file + ": not readable (permission denied)");
  }

  /** Checks that a path is not that of the current folder because it is empty. */
  static void checkName(Path path, String expected) throws Failure {
    if (path.toString().isEmpty()) throw new Failure("an empty name, expected " + expected);
  }

  /** Checks that there is a folder for a file that is to be written. */
  static void checkOutput(Path file) throws Failure {
    checkName(file, "a file to write");
    if (Files.isDirectory(file)) {
      throw new Failure(file + ": a folder, expected a file to write");
    }
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      throw new Failure(file + ": there is no folder " + parent);
    }
  }

  /**
   * Writes a whole file, in place of one of that name; it appears there when it is complete.
   *
   * @throws Failure if that is not possible; nothing is left behind then
   */
  static void write(Path file, byte[] content) throws Failure {
    try {
      PartFile.write(file, channel -> Channels.newOutputStream(channel).write(content));
    } catch (IOException wrong) {
      throw unwritable(file, wrong);
    }
  }

  /**
   * Copies a file, in place of one of that name; it appears there when it is complete.
   *
   * @throws Failure if that is not possible; nothing is left behind then
   */
  static void copy(Path from, Path to) throws Failure {
    try {
      PartFile.write(to, channel -> Files.copy(from, Channels.newOutputStream(channel)));
    } catch (IOException wrong) {
      throw unwritable(to, wrong);
    }
  }

  /** Returns the failure of writing a file. */
  static Failure unwritable(Path file, IOException wrong) {
    return new Failure(file + ": cannot be written: " + reason(wrong), wrong);
  }

  /** Returns the failure of reading a file; a message of ours names the file already. */
  static Failure unreadable(Path file, IOException wrong) {
    return new Failure(
        wrong instanceof FormatException || wrong instanceof MismatchException
            ? reason(wrong)
            : file + ": cannot be read: " + reason(wrong),
        wrong);
  }

  /** Returns in one line why reading or writing went wrong, without the file's name. */
  static String reason(Throwable wrong) {
    if (wrong instanceof AccessDeniedException) return "permission denied";
    if (wrong instanceof NoSuchFileException) return "no such file";
    String message =
        wrong instanceof FileSystemException file && file.getReason() != null
            ? file.getReason()
            : wrong.getMessage();
    if (message == null || message.isBlank()) return wrong.getClass().getSimpleName();
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
