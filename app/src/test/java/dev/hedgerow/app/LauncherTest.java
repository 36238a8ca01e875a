package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the launcher with a java that prints its arguments. */
class LauncherTest {
  private static final Path SHELL = Path.of("/bin/sh");

  @TempDir private Path folder;

  @BeforeEach
  void writeJava() throws IOException {
    assumeTrue(Files.exists(SHELL), "a system with a shell");
    Files.copy(Path.of("../hedgerow"), folder.resolve("hedgerow"));
    Files.createDirectories(folder.resolve("app/target"));
    Files.createFile(folder.resolve("app/target/hedgerow.jar"));
    Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"25\"\n");
    Path java = Files.createDirectory(folder.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\necho \"$@\"\n");
    assumeTrue(java.toFile().setExecutable(true));
  }

  private String options(String... arguments) throws IOException, InterruptedException {
    String[] command = {SHELL.toString(), folder.resolve("hedgerow").toString()};
    var process =
        new ProcessBuilder(Stream.of(command, arguments).flatMap(Arrays::stream).toList());
    process.environment().put("HEDGEROW_JAVA", folder.resolve("bin/java").toString());
    process.environment().remove("HEDGEROW_JAVA_OPTIONS");
    Process running = process.redirectErrorStream(true).start();
    String printed = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, running.waitFor(), printed);
    return printed;
  }

  /** With the module, each start prints a warning; without it, networks run slowly. */
  @Test
  void onlyCommandsThatRunNetworksHaveVectors() throws Exception {
    Set<String> with = Set.of("bench", "demo", "explain", "score", "train");
    Set<String> without = Set.of("convert", "download", "inspect", "methods", "models", "shapes");
    for (Class<?> type : Main.COMMANDS) {
      String command = Main.name(type);
      assertTrue(
          with.contains(command) || without.contains(command), command + ": does it run networks?");
      assertEquals(with.contains(command), hasVectors("--verbose", command, "x"), command);
    }
    assertTrue(hasVectors("explain"));
    assertFalse(hasVectors("--version"));
    assertFalse(hasVectors("explain", "--help"));
    assertFalse(hasVectors("help", "explain"));
    assertFalse(hasVectors());
  }

  private boolean hasVectors(String... arguments) throws IOException, InterruptedException {
    return options(arguments).contains("--add-modules jdk.incubator.vector");
  }
}
