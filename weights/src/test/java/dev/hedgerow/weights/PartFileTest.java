package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class PartFileTest {
  @TempDir Path folder;

  /** Writes half a file and waits for its end. */
  static final class Half {
    private Half() {}

    public static void main(String... arguments) throws IOException {
      PartFile.write(
          Path.of(arguments[0]),
          channel -> {
            channel.write(ByteBuffer.wrap(new byte[9]));
            System.out.println("half");
            if (System.in.read() < 0) throw new IOException("nobody waits");
          });
    }
  }

  /** Is stopped while it makes the part. */
  static final class Late {
    private Late() {}

    public static void main(String... arguments) throws IOException {
      var made = new CompletableFuture<Boolean>();
      // The virtual machine stays until there is a part.
      Runtime.getRuntime().addShutdownHook(new Thread(made::join));
      PartFile.write(
          Path.of(arguments[0]),
          part -> {
            exit();
            LockSupport.parkNanos(500_000_000);
            return PartFile.open(part);
          },
          channel -> {
            System.out.println("made");
            made.complete(true);
            if (System.in.read() < 0) throw new IOException("nobody waits");
          });
    }
  }

  /** Is stopped while it writes, and says how that goes on. */
  static final class Stubborn {
    private Stubborn() {}

    public static void main(String... arguments) {
      var ended = new CompletableFuture<Boolean>();
      // The virtual machine stays until the writing has ended.
      Runtime.getRuntime().addShutdownHook(new Thread(ended::join));
      Path out = Path.of(arguments[0]);
      try {
        PartFile.write(
            out,
            channel -> {
              channel.write(ByteBuffer.wrap(new byte[9]));
              exit();
              while (files(out.resolveSibling("")).size() > 1) Thread.onSpinWait();
            });
        System.out.println("written");
      } catch (IOException wrong) {
        System.out.println(wrong.getMessage());
      }
      ended.complete(true);
    }
  }

  private static void exit() {
    new Thread(() -> System.exit(0)).start();
  }

  private static Process start(Class<?> program, Path out) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            program.getName(),
            out.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Runs a program that prints a line and ends by itself. */
  private static void assertPrints(String line, Class<?> program, Path out) throws Exception {
    Process process = start(program, out);
    try {
      assertEquals(line, process.inputReader().readLine());
      process.waitFor();
    } finally {
      process.destroyForcibly();
    }
  }

  private List<String> files() throws IOException {
    return files(folder);
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  @Timeout(60)
  void aProcessThatIsStoppedLeavesNothingHalfWritten() throws Exception {
    Path out = Files.writeString(folder.resolve("out"), "older");
    Process process = start(Half.class, out);
    try {
      assertEquals("half", process.inputReader().readLine());
      assertEquals(2, files().size());
      process.toHandle().destroy();
      process.waitFor();
    } finally {
      process.destroyForcibly();
    }
    assertEquals(List.of("out"), files());
    assertEquals("older", Files.readString(out));
  }

  @Test
  @Timeout(60)
  void aPartThatIsMadeWhileTheProcessStopsIsRemoved() throws Exception {
    assertPrints("made", Late.class, folder.resolve("out"));
    assertEquals(List.of(), files());
  }

  @Test
  @Timeout(60)
  void whoWritesOnIsToldThatTheProcessStops() throws Exception {
    Path out = Files.writeString(folder.resolve("out"), "older");
    assertPrints("the program is being stopped", Stubborn.class, out);
    assertEquals(List.of("out"), files());
    assertEquals("older", Files.readString(out));
  }

  /** Also beside a name that is as long as names may be. */
  @Test
  void filesOfOthersStayAsTheyAre() throws IOException {
    Path out = folder.resolve("x".repeat(255));
    Path part = Files.writeString(folder.resolve("out.part"), "mine");
    byte[] content = {1, 2, 3};
    PartFile.write(out, channel -> channel.write(ByteBuffer.wrap(content)));
    assertArrayEquals(content, Files.readAllBytes(out));
    PartFile.write(folder.resolve("out"), channel -> channel.write(ByteBuffer.wrap(content)));
    assertThrows(
        IOException.class,
        () ->
            PartFile.write(
                folder.resolve("out"),
                channel -> {
                  throw new IOException("no");
                }));
    assertEquals("mine", Files.readString(part));
    assertEquals(3, files().size());
  }
}
