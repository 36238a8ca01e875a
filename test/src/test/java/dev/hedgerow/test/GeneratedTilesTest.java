package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedTilesTest {
  @TempDir private Path folder = Path.of("");

  /** But for how they are set in lines, which is the formatter's. */
  @Test
  void tilesAreWhatTheirGeneratorWrites() throws Exception {
    String generator = Shared.root().resolve("build/GenerateTiles.java").toString();
    JavaProcess.run(List.of(generator, folder.toString()));
    Path tiles = Shared.root().resolve("engine/src/main/java/dev/hedgerow/engine/simd");
    for (String width : List.of("128", "256", "512")) {
      String name = "Tiles" + width + ".java";
      String written = bare(folder.resolve(name));
      assertTrue(written.equals(bare(tiles.resolve(name))), name + ": generate it again");
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(3, files.count());
    }
  }

  /** Without what the formatter moves: blanks, and asterisks at the beginning of a line. */
  private static String bare(Path file) throws IOException {
    return Files.readString(file).replaceAll("[\\s*]", "");
  }
}
