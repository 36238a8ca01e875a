package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFolderTest {
  @TempDir private Path parent;

  private Path folder;
  private Path inner;

  @BeforeEach
  void fill() throws IOException {
    folder = Files.createDirectory(parent.resolve("folder"));
    inner = Files.createDirectory(folder.resolve("inner"));
    for (String name : new String[] {"a", "b", "c"}) {
      Files.createFile(folder.resolve(name));
      Files.createFile(inner.resolve(name));
    }
  }

  @Test
  void isGoneWithAllInIt() throws IOException {
    Path path;
    try (var made = TemporaryFolder.make()) {
      path = made.path();
      Files.createFile(Files.createDirectory(path.resolve("inner")).resolve("a"));
    }
    assertFalse(Files.exists(path));
    try (var made = TemporaryFolder.make()) {
      Files.delete(made.path());
    }
  }

  @Test
  void filesThatOthersRemoveAreNoFailure() throws IOException {
    TemporaryFolder.remove(
        folder,
        file -> {
          Files.deleteIfExists(file.resolveSibling("b"));
          Files.deleteIfExists(file);
        });
    assertFalse(Files.exists(folder));
  }

  @Test
  void aFileThatAppearsMeanwhileGoesToo() throws IOException {
    Path late = folder.resolve("late");
    boolean[] made = {false};
    TemporaryFolder.remove(
        folder,
        file -> {
          if (file.equals(folder) && !made[0]) {
            made[0] = true;
            Files.createFile(late);
          }
          Files.deleteIfExists(file);
        });
    assertFalse(Files.exists(folder));
  }

  @Test
  void goesOnAfterAFailure() {
    Path stays = inner.resolve("b");
    var wrong =
        assertThrows(
            FileSystemException.class,
            () ->
                TemporaryFolder.remove(
                    folder,
                    file -> {
                      if (file.equals(stays)) throw new FileSystemException("held");
                      Files.deleteIfExists(file);
                    }));
    assertEquals("held", wrong.getMessage());
    assertTrue(Files.exists(stays));
    for (String name : new String[] {"a", "b", "c", "inner/a", "inner/c"}) {
      assertFalse(Files.exists(folder.resolve(name)), name);
    }
  }
}
