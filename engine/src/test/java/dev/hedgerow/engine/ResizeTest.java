package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertRefused;
import static dev.hedgerow.engine.Samples.assertValues;
import static dev.hedgerow.engine.Samples.counting;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.CRC32;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ResizeTest {
  private final Engine engine = Engine.sequential();

  /** By hand: see each line for the triangle's weights. */
  @Test
  void pillowBilinearByHand() {
    // Halving: weights 3/4, 3/4, 1/4 over 7/4, then 1/4, 3/4, 3/4 over 7/4.
    assertValues(row(2, 0, 100, 200, 50), Shape.of(1, 1, 2), 71, 121);
    // Doubling: each pixel is 3/4 of the nearest and 1/4 of the next one; cut off at the ends.
    assertValues(row(4, 0, 100), Shape.of(1, 1, 4), 0, 25, 75, 100);
    assertValues(row(6, 10, 20, 50), Shape.of(1, 1, 6), 10, 13, 18, 28, 43, 50);
    // To one pixel: a triangle of half-width 3 around 1.5: 2/3, 1, 2/3 over 7/3.
    assertValues(row(1, 7, 70, 210), Shape.of(1, 1, 1), 92);
    // 3 to 2: centres 0.75 and 2.25, half-width 1.5: 5/6, 1/2, 0 over 4/3.
    assertValues(row(2, 0, 160, 240), Shape.of(1, 1, 2), 60, 210);
    // In fixed point 1/6 is a little more and 5/6 a little less: 3/6 rounds up, 15/6 down.
    assertValues(row(6, 0, 0, 3, 0), Shape.of(1, 1, 6), 0, 0, 1, 2, 2, 0);
    // Half levels round up: 1/4 of 2 is 0.5.
    assertValues(row(4, 0, 2), Shape.of(1, 1, 4), 0, 1, 2, 2);
  }

  private Tensor row(int width, float... levels) {
    Shape shape = Shape.of(1, 1, levels.length);
    Tensor wide = Resize.pillowBilinear(engine, Tensor.of(shape, levels), 1, width);
    // Columns follow the same rule as rows.
    Tensor high =
        Resize.pillowBilinear(engine, Tensor.of(Shape.of(1, levels.length, 1), levels), width, 1);
    assertArrayEquals(wide.toArray(), high.toArray());
    return wide;
  }

  /** Pillow's own results: up, down, sides of one pixel, extreme shapes. They agree bit for bit. */
  @Test
  void pillowBilinearIsPillows() throws IOException {
    int cases = 0;
    for (String line : golden("/resize/pillow-bilinear.txt")) {
      String[] fields = line.split(" ", -1);
      int columns = Integer.parseInt(fields[0]);
      int rows = Integer.parseInt(fields[1]);
      int width = Integer.parseInt(fields[2]);
      int height = Integer.parseInt(fields[3]);
      float[] pixels = new float[rows * columns];
      for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
          int level = 7 * x * x + 13 * y * y + 29 * x * y + x / 4 * 101 + y / 2 * 67;
          pixels[y * columns + x] = level % 256;
        }
      }
      Tensor picture = Tensor.of(Shape.of(1, rows, columns), pixels);
      float[] resized = Resize.pillowBilinear(engine, picture, height, width).toArray();
      byte[] levels = new byte[resized.length];
      long sum = 0;
      for (int i = 0; i < levels.length; i++) {
        levels[i] = (byte) (int) resized[i];
        sum += (long) resized[i];
      }
      for (int x = 0; x < width; x++) {
        assertEquals(Float.parseFloat(fields[6 + x]), resized[height / 2 * width + x], line);
      }
      assertEquals(Long.parseLong(fields[4]), sum, line);
      var crc = new CRC32();
      crc.update(levels);
      assertEquals(Long.parseLong(fields[5]), crc.getValue(), line);
      cases++;
    }
    assertEquals(12, cases);
  }

  private static List<String> golden(String name) throws IOException {
    try (InputStream text = Objects.requireNonNull(ResizeTest.class.getResourceAsStream(name))) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  /** Rows are rounded to whole levels before columns are mixed. */
  @Test
  void pillowBilinearRoundsAfterEachPass() {
    // Each row gives 0.75·0 + 0.25·1 = 0.25, rounded to 0; in one pass 1.25 and so on would differ.
    Tensor pixels = Tensor.of(Shape.of(1, 2, 2), 0, 2, 3, 5);
    // First pass: rows 0, 0.5→1, 1.5→2, 2 and 3, 3.5→4, 4.5→5, 5.
    // Second pass, row 1: 3/4 and 1/4: 0.75→1, 1.75→2, 2.75→3, 2.75→3.
    assertValues(
        Resize.pillowBilinear(engine, pixels, 4, 4),
        Shape.of(1, 4, 4),
        new float[] {0, 1, 2, 2, 1, 2, 3, 3, 2, 3, 4, 4, 3, 4, 5, 5});
  }

  @Property(tries = 150, seed = "131")
  void pillowBilinearIsWithinRoundingOfTheExactFilter(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 40) int columns,
      @ForAll @IntRange(min = 1, max = 40) int height,
      @ForAll @IntRange(min = 1, max = 40) int width,
      @ForAll int seed) {
    var random = new Random(seed);
    float[] pixels = new float[2 * rows * columns];
    for (int i = 0; i < pixels.length; i++) pixels[i] = random.nextInt(256);
    Tensor resized =
        Resize.pillowBilinear(engine, Tensor.of(Shape.of(2, rows, columns), pixels), height, width);
    assertEquals(Shape.of(2, height, width), resized.shape());
    double[][] down = triangles(rows, height);
    double[][] across = triangles(columns, width);
    for (int c = 0; c < 2; c++) {
      for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
          double expected = 0;
          for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
              expected += down[i][y] * across[j][x] * pixels[(c * rows + y) * columns + x];
            }
          }
          float level = resized.get(c, i, j);
          assertEquals(expected, level, 1.001);
          assertEquals(Math.rint(level), level);
        }
      }
    }
  }

  /** The triangle filter of half-width max(scale, 1) around each output pixel's centre. */
  private static double[][] triangles(int inputs, int outputs) {
    double scale = (double) inputs / outputs;
    double halfWidth = Math.max(scale, 1);
    double[][] weights = new double[outputs][inputs];
    for (int i = 0; i < outputs; i++) {
      double centre = (i + 0.5) * scale;
      for (int x = 0; x < inputs; x++) {
        weights[i][x] = Math.max(0, 1 - Math.abs(x + 0.5 - centre) / halfWidth);
      }
      double sum = Arrays.stream(weights[i]).sum();
      for (int x = 0; x < inputs; x++) weights[i][x] /= sum;
    }
    return weights;
  }

  @Property(tries = 100, seed = "132")
  void aConstantPictureStaysConstantAndTheSameSizeIsTheSamePicture(
      @ForAll @IntRange(max = 255) int level,
      @ForAll @IntRange(min = 1, max = 700) int size,
      @ForAll @IntRange(min = 1, max = 700) int width) {
    float[] pixels = new float[size];
    Arrays.fill(pixels, level);
    for (float value : row(width, pixels).data) assertEquals(level, value);
    float[] noise = new float[size];
    for (int i = 0; i < size; i++) noise[i] = i * 31 % 256;
    assertArrayEquals(noise, row(size, noise).data);
  }

  @Test
  void aRampStaysARamp() {
    float[] ramp = new float[256];
    for (int i = 0; i < 256; i++) ramp[i] = i;
    float[] half = row(128, ramp).data;
    for (int i = 1; i < 127; i++) assertEquals(2 * i + 0.5, half[i], 0.5);
    float[] wide = row(1000, ramp).data;
    for (int i = 1; i < 1000; i++) assertTrue(wide[i] >= wide[i - 1]);
    assertEquals(0, wide[0]);
    assertEquals(255, wide[999]);
  }

  @Test
  void threadsDoNotChangeTheBits() {
    float[] pixels = new float[3 * 97 * 89];
    var random = new Random(133);
    for (int i = 0; i < pixels.length; i++) pixels[i] = random.nextInt(256);
    Tensor picture = Tensor.of(Shape.of(3, 97, 89), pixels);
    Tensor smooth = Resize.pillowBilinear(engine, picture, 41, 43);
    Tensor sharp = Resize.nearest(engine, picture, 41, 43);
    Samples.onOneAndThreeThreads(
        other -> {
          assertArrayEquals(smooth.data, Resize.pillowBilinear(other, picture, 41, 43).data);
          assertArrayEquals(sharp.data, Resize.nearest(other, picture, 41, 43).data);
        });
    assertArrayEquals(pixels, picture.data);
  }

  @Test
  void nearestTakesThePixelAtTheCentre() {
    assertValues(Resize.nearest(engine, counting(1, 1, 5), 1, 3), Shape.of(1, 1, 3), 1, 3, 5);
    assertValues(Resize.nearest(engine, counting(1, 1, 4), 1, 2), Shape.of(1, 1, 2), 2, 4);
    assertValues(
        Resize.nearest(engine, counting(2, 2, 2), 4, 3),
        Shape.of(2, 4, 3),
        new float[] {1, 2, 2, 1, 2, 2, 3, 4, 4, 3, 4, 4, 5, 6, 6, 5, 6, 6, 7, 8, 8, 7, 8, 8});
    assertValues(
        Resize.nearest(engine, counting(1, 3, 3), 3, 3), Shape.of(1, 3, 3), counting(9).data);
  }

  @Test
  void bilinearMapsAsPyTorchWithoutAlignedCorners() {
    assertValues(
        Resize.bilinear(Tensor.of(Shape.of(1, 2), 0, 4), 1, 4), Shape.of(1, 4), 0, 1, 3, 4);
    assertValues(
        Resize.bilinear(counting(2, 2), 4, 4),
        Shape.of(4, 4),
        new float[] {
          1, 1.25f, 1.75f, 2, 1.5f, 1.75f, 2.25f, 2.5f, 2.5f, 2.75f, 3.25f, 3.5f, 3, 3.25f, 3.75f, 4
        });
    // Without antialias, halving takes the mean of the two middle pixels of each four.
    assertValues(
        Resize.bilinear(Tensor.of(Shape.of(1, 8), 0, 8, 16, 0, 0, 4, 6, 9), 1, 2),
        Shape.of(1, 2),
        12,
        5);
    Tensor map = counting(3, 4);
    assertArrayEquals(map.data, Resize.bilinear(map, 3, 4).data);
    assertValues(Resize.bilinear(Tensor.of(Shape.of(1, 1), 5), 2, 2), Shape.of(2, 2), 5, 5, 5, 5);
  }

  @Test
  void mismatchesAreNamed() {
    assertRefused(
        "bilinear resize: input is [2, 2], expected [C, H, W]",
        () -> Resize.pillowBilinear(engine, counting(2, 2), 1, 1));
    assertRefused(
        "nearest resize: output 0x4, expected at least 1x1",
        () -> Resize.nearest(engine, counting(1, 2, 2), 0, 4));
    assertRefused(
        "bilinear resize: input is [0, 2], expected [H, W]",
        () -> Resize.bilinear(Tensor.zeros(Shape.of(0, 2)), 1, 1));
  }

  /** Numbers of PyTorch 1.13's {@code interpolate(..., align_corners=True)}. */
  @Test
  void cornersStayOnCornersAsInPyTorch() {
    float[] map = {
      0f, -0.2f, -0.4f, -0.6f, -0.8f, -1f, 0.85f, 0.65f, 0.45f, 0.25f, 0.05f, -0.15f, -0.35f,
      -0.55f, -0.75f
    };
    float[] expected = {
      0.0f, -0.266666667f, -0.533333333f, -0.8f,
      -0.333333333f, 0.083333333f, -0.183333333f, -0.45f,
      -0.666666667f, 0.433333333f, 0.166666667f, -0.1f,
      -1.0f, 0.783333333f, 0.516666667f, 0.25f,
      -0.65f, 0.45f, 0.183333333f, -0.083333333f,
      -0.3f, 0.116666667f, -0.15f, -0.416666667f,
      0.05f, -0.216666667f, -0.483333333f, -0.75f
    };
    assertArrayEquals(
        expected, Resize.bilinearAligned(Tensor.of(Shape.of(3, 5), map), 7, 4).toArray(), 1e-6f);
    Tensor one = Tensor.of(Shape.of(1, 1), 3);
    assertArrayEquals(new float[] {3, 3}, Resize.bilinearAligned(one, 1, 2).toArray());
    // A single pixel is the first, as in PyTorch.
    Tensor two = Tensor.of(Shape.of(1, 2), 3, 5);
    assertArrayEquals(new float[] {3}, Resize.bilinearAligned(two, 1, 1).toArray());
  }
}
