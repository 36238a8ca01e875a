package dev.hedgerow.engine;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
    for (boolean transposed : new boolean[] {false, true}) {
      Path file = gaussians(1 << 20);
      try (Arena arena = Arena.ofShared()) {
        Parameter weight = Parameter.inPlace(Shape.of(1024, 1024), map(file, arena));
        Dense dense = transposed ? Dense.ofTransposed(weight, null) : Dense.of(weight, null);
        Tensor s = Tensor.of(Shape.of(1, 1024), ones(1024));
        dense.apply(engine, s);
        assumeTrue(residentKilobytes(file) >= 4 << 10, "the system does not tell");
        Tensor first = dense.reverse(engine, WeightView.PLAIN, s, s.shape());
        assertEquals(0, residentKilobytes(file), "after the walk back");
        Tensor second = dense.reverse(engine, WeightView.PLAIN, s, s.shape());
        assertArrayEquals(first.toArray(), second.toArray());
        assertTrue(residentKilobytes(file) >= 4 << 10, "what is read again stays");
      }
    }
  }

  @Test
  void packedWeightsAreLetGo() throws IOException {
    Path file = gaussians(64 * 64 * 9);
    try (Arena arena = Arena.ofShared()) {
      Parameter weight = Parameter.inPlace(Shape.of(64, 64, 3, 3), map(file, arena));
      float value = weight.get(0);
      assumeTrue(residentKilobytes(file) > 0, "the system does not tell");
      Convolution convolution = Convolution.of(weight, null, Window.of(3, 2, 1), 1);
      Tensor x = Tensor.zeros(Shape.of(1, 64, 8, 8));
      Tensor y = convolution.apply(engine, x);
      assertEquals(0, residentKilobytes(file), "after packing");
      convolution.reverse(engine, WeightView.PLAIN, y, x.shape());
      assertEquals(0, residentKilobytes(file), "after packing for the way back");
      assertEquals(value, weight.get(0));
    }
  }

  /** Sums over few inactive inputs are added up one by one, of what is packed. */
  @Test
  void denominatorsReadNoFile() throws IOException {
    Path file = gaussians(64 * 64 * 9);
    try (Arena arena = Arena.ofShared()) {
      Parameter weight = Parameter.inPlace(Shape.of(64, 64, 3, 3), map(file, arena));
      Convolution convolution = Convolution.of(weight, null, Window.of(3, 1, 1), 1);
      float[] values = ones(64 * 8 * 8);
      values[0] = 0;
      Tensor x = Tensor.of(Shape.of(1, 64, 8, 8), values);
      convolution.apply(engine, x);
      Hedging.of(engine, convolution, x);
      assertEquals(0, residentKilobytes(file), "after a first picture's");
      Hedging.of(engine, convolution, x);
      assertEquals(0, residentKilobytes(file), "after a second one's");
    }
  }

  /** Letting go of a private mapping's pages would undo what was written to them. */
  @Test
  void whatWasWrittenToAPrivateMappingStays() throws IOException {
    Path file = gaussians(64 * 64);
    try (var channel = FileChannel.open(file, READ, WRITE);
        Arena arena = Arena.ofShared()) {
      MemorySegment own = channel.map(MapMode.PRIVATE, 0, Files.size(file), arena);
      Parameter weight = Parameter.inPlace(Shape.of(64, 64, 1, 1), own);
      own.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 3);
      Convolution convolution = Convolution.of(weight, null, Window.of(1, 1, 0), 1);
      convolution.apply(engine, Tensor.zeros(Shape.of(1, 64, 8, 8)));
      assertEquals(3f, weight.get(0));
    }
  }

  private Path gaussians(int count) throws IOException {
    var bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(Samples.gaussians(new Random(count), count));
    return Files.write(folder.toRealPath().resolve("weights" + count), bytes.array());
  }

  private static MemorySegment map(Path file, Arena arena) throws IOException {
    try (var channel = FileChannel.open(file)) {
      return channel.map(MapMode.READ_ONLY, 0, Files.size(file), arena);
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
