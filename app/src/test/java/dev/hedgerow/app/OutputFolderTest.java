package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
  @TempDir private Path root;

  @Test
  void replacesFilesAndLeavesNothingElse() throws Exception {
    Path folder = root.resolve("a/b");
    try (OutputFolder out = OutputFolder.open(folder)) {
      out.write("x.txt", new byte[] {1, 2});
      out.write("x.txt", new byte[] {3});
      out.writeNpy("x.npy", Tensor.of(Shape.of(1, 2), 4, 5));
    }
    assertArrayEquals(new byte[] {3}, Files.readAllBytes(folder.resolve("x.txt")));
    assertEquals(List.of("x.npy", "x.txt"), names(folder));
  }

  @Test
  void aFolderMadeForNothingIsGone() throws Exception {
    OutputFolder.open(root.resolve("new/deep")).close();
    assertFalse(Files.exists(root.resolve("new")));
    Path old = Files.createDirectory(root.resolve("old"));
    OutputFolder.open(old).close();
    assertTrue(Files.exists(old));
  }

  @Test
  void refusesAFile() throws Exception {
    Path file = Files.createFile(root.resolve("file"));
    assertEquals(
        file + ": not a folder, expected one to write to",
        assertThrows(Failure.class, () -> OutputFolder.open(file)).getMessage());
    assertThrows(Failure.class, () -> OutputFolder.open(file.resolve("below")));
  }

  @Test
  void refusesAReadOnlyFolder() throws Exception {
    Path folder = Files.createDirectory(root.resolve("read-only"));
    assertTrue(folder.toFile().setWritable(false));
    assumeFalse(Files.isWritable(folder), "this user may write anywhere");
    assertEquals(
        folder + ": cannot write to this folder: permission denied",
        assertThrows(Failure.class, () -> OutputFolder.open(folder)).getMessage());
    assertTrue(folder.toFile().setWritable(true));
  }

  @Test
  void aFailedWriteLeavesNothing() throws Exception {
    try (OutputFolder out = OutputFolder.open(root)) {
      Files.createDirectory(root.resolve("taken"));
      Files.createFile(root.resolve("taken/inside"));
      var failure = assertThrows(Failure.class, () -> out.write("taken", new byte[1]));
      assertTrue(
          String.valueOf(failure.getMessage())
              .startsWith(root.resolve("taken") + ": cannot be written: "),
          failure.getMessage());
      assertEquals(List.of("taken"), names(root));
    }
  }

  @Test
  void copiesBesideFilesOfSimilarNames() throws Exception {
    Path from = Files.writeString(root.resolve("from"), "weights");
    Files.writeString(root.resolve("to.part"), "mine");
    Files.writeString(root.resolve("to"), "older");
    UserFiles.copy(from, root.resolve("to"));
    assertEquals("weights", Files.readString(root.resolve("to")));
    assertEquals("mine", Files.readString(root.resolve("to.part")));
    assertEquals(List.of("from", "to", "to.part"), names(root));
    Path missing = root.resolve("missing");
    assertThrows(Failure.class, () -> UserFiles.copy(missing, root.resolve("to")));
    assertEquals("weights", Files.readString(root.resolve("to")));
  }

  private static List<String> names(Path folder) throws Exception {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
