package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much of a weight file a process keeps, where Linux tells. */
class MappedWeightsTest {
  private static final Path MAPPINGS = Path.of("/proc/self/smaps");

  private final Engine engine = Engine.sequential();
  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void linuxTells() {
    assumeTrue(Files.isReadable(MAPPINGS), "no " + MAPPINGS);
  }

  @Test
  void aFirstWalkBackLetsGoOfLinearWeights() throws IOException {
    Path file = gaussians(1 << 20);
    try (Arena arena = Arena.ofConfined()) {
      Dense dense = Dense.of(mapped(file, Shape.of(1024, 1024), arena), null);
      Tensor x = Tensor.zeros(Shape.of(1, 1024));
      dense.apply(engine, x);
      assertTrue(residentKilobytes(file) >= 4 << 10, "read");
      Tensor s = Tensor.of(Shape.of(1, 1024), ones(1024));
      Tensor first = dense.reverse(engine, WeightView.PLAIN, s, x.shape());
      assertEquals(0, residentKilobytes(file), "after the walk back");
      Tensor second = dense.reverse(engine, WeightView.PLAIN, s, x.shape());
      assertArrayEquals(first.toArray(), second.toArray());
    }
  }

  @Test
  void packedWeightsAreLetGo() throws IOException {
    Path file = gaussians(64 * 64 * 9);
    try (Arena arena = Arena.ofConfined()) {
      Parameter weight = mapped(file, Shape.of(64, 64, 3, 3), arena);
      float first = weight.get(0);
      assertTrue(residentKilobytes(file) > 0, "read");
      Convolution convolution = Convolution.of(weight, null, Window.of(3, 1, 1), 1);
      convolution.apply(engine, Tensor.zeros(Shape.of(1, 64, 8, 8)));
      assertEquals(0, residentKilobytes(file), "after packing");
      assertEquals(first, weight.get(0));
    }
  }

  private Path gaussians(int count) throws IOException {
    var bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(Samples.gaussians(new Random(count), count));
    return Files.write(folder.resolve("weights"), bytes.array());
  }

  private static Parameter mapped(Path file, Shape shape, Arena arena) throws IOException {
    try (var channel = FileChannel.open(file)) {
      return Parameter.inPlace(shape, channel.map(MapMode.READ_ONLY, 0, 4L * shape.size(), arena));
    }
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Sums what the process keeps of a file: a mapping's name, then its numbers. */
  private static int residentKilobytes(Path file) throws IOException {
    int sum = 0;
    boolean found = false;
    boolean of = false;
    for (String line : Files.readAllLines(MAPPINGS)) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) of = line.endsWith(file.toString());
      found |= of;
      if (of && line.startsWith("Rss:")) sum += Integer.parseInt(line.replaceAll("\\D", ""));
    }
    assertTrue(found, "no mapping of " + file);
    return sum;
  }
}
