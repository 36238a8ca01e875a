package dev.hedgerow.app;

import dev.hedgerow.engine.Tensor;
import dev.hedgerow.weights.Npy;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The folder that results go to. A file appears under its name when it is complete, never before. A
 * folder that was made for nothing is gone again after {@link #close}.
 */
final class OutputFolder implements AutoCloseable {
  private final Path folder;
  private final Deque<Path> made;

  private OutputFolder(Path folder, Deque<Path> made) {
    this.folder = folder;
    this.made = made;
  }

  /**
   * Makes the folder where it is missing and proves that files can be written there.
   *
   * @throws Failure if they cannot
   */
  static OutputFolder open(Path folder) throws Failure {
    UserFiles.checkName(folder, "a folder to write to");
    var made = new ArrayDeque<Path>();
    Path path = folder.toAbsolutePath();
    for (; path != null && !Files.exists(path); path = path.getParent()) made.add(path);
    if (path != null && !Files.isDirectory(path)) {
      throw new Failure(path + ": not a folder, expected one to write to");
    }
    try {
      Files.createDirectories(folder);
      Files.delete(Files.createTempFile(folder, ".", ".part"));
    } catch (IOException wrong) {
      throw new Failure(
          folder + ": cannot write to this folder: " + UserFiles.reason(wrong), wrong);
    }
    return new OutputFolder(folder, made);
  }

  /** Returns the path of a file in this folder. */
  Path path(String name) {
    return folder.resolve(name);
  }

  /**
   * Writes a whole file, in place of one of that name.
   *
   * @throws Failure if that is not possible; nothing is left behind then
   */
  void write(String name, byte[] content) throws Failure {
    UserFiles.write(path(name), content);
  }

  /**
   * Writes an array as {@code .npy}, in place of a file of that name.
   *
   * @throws Failure if that is not possible; nothing is left behind then
   */
  void writeNpy(String name, Tensor array) throws Failure {
    try {
      Npy.write(path(name), array.shape(), array.toArray());
    } catch (IOException wrong) {
      throw UserFiles.unwritable(path(name), wrong);
    }
  }

  @Override
  public void close() throws Failure {
    try {
      for (Path path : made) Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException used) {
      return;
    } catch (IOException wrong) {
      throw new Failure(folder + ": " + UserFiles.reason(wrong), wrong);
    }
  }
}
