package dev.hedgerow.engine.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hedgerow.engine.Samples;
import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import java.lang.reflect.Field;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;

/**
 * The kernels of this process's width; the build runs all tests once for each. With another width
 * beside it C2 would compile, for all of them, what no user's process runs.
 */
class VectorKernelsTest {
  private final Kernels kernels = Kernels.best();

  @Test
  void theWidthIsTheOneAskedFor() {
    String bits = System.getProperty(Kernels.BITS_PROPERTY);
    assumeTrue(bits != null, "the machine's own");
    assertEquals(bits.equals("0") ? "scalar" : "vector-" + bits, kernels.name());
  }

  /**
   * Vectors of a second width or element type in the kernels of one process triple an explanation's
   * time: C2 no longer knows which class the Vector API's shared methods are called with.
   */
  @Test
  void oneKindOfVector() throws Exception {
    List<Path> classes;
    URI one = VectorKernels.class.getResource("VectorKernels.class").toURI();
    try (Stream<Path> files = Files.list(Path.of(one.resolve(".")))) {
      classes = files.filter(file -> file.toString().endsWith(".class")).toList();
    }
    List<Field> species = new ArrayList<>();
    for (Path file : classes) {
      String name = file.getFileName().toString();
      String constants = Files.readString(file, StandardCharsets.ISO_8859_1);
      Set<String> kinds = found("jdk/incubator/vector/(\\w+Vector)\\b", constants);
      assertTrue(Set.of("FloatVector").containsAll(kinds), name + " has " + kinds);
      String others = "(ofLargestShape|ofPreferred|convertShape|castShape|withShape|VectorShape)";
      assertEquals(Set.of(), found(others, constants), name);
      boolean chooses = name.equals("Vectors.class");
      assertEquals(
          chooses ? Set.of("128", "256", "512", "PREFERRED") : Set.of(),
          found("SPECIES_(\\w+)", constants),
          name);
      if (chooses) assertEquals(Set.of("FloatVector"), kinds);
      String type = "dev.hedgerow.engine.simd." + name.substring(0, name.indexOf('.'));
      Class<?> uninitialized = Class.forName(type, false, VectorKernels.class.getClassLoader());
      for (Field field : uninitialized.getDeclaredFields()) {
        if (field.getType() == VectorSpecies.class) species.add(field);
      }
    }
    assertEquals(List.of("S"), species.stream().map(Field::getName).toList());
  }

  private static Set<String> found(String pattern, String constants) {
    return Pattern.compile(pattern)
        .matcher(constants)
        .results()
        .map((MatchResult result) -> result.group(1))
        .collect(Collectors.toSet());
  }

  /** Every run of columns is covered by tiles once, and nothing beside it is written. */
  @Test
  void convolvesAsDocumented() {
    assumeTrue(kernels != ScalarKernels.INSTANCE, "the scalar kernel rounds products as well");
    var random = new Random(3);
    int most = 84;
    // All short runs, then such as have several of both of the widest tiles, or of one.
    int[] runs =
        IntStream.concat(IntStream.rangeClosed(0, 20), IntStream.of(22, 23, 41, 42, 49, 57, most))
            .toArray();
    int yBlock = most * 16 + 3;
    float[] x = Samples.gaussians(random, 7 + most * Kernels.ROW);
    float[] start = Samples.gaussians(random, 5 + 32);
    float[] before = Samples.gaussians(random, 2 + 2 * yBlock);
    for (int terms : new int[] {1, 2, 3, 4, 7, 33, Kernels.ROW_TERMS}) {
      for (int outputBlocks = 1; outputBlocks <= 2; outputBlocks++) {
        int wBlock = terms * 16 + 5;
        float[] w = Samples.gaussians(random, 11 + outputBlocks * wBlock);
        for (int columns : runs) {
          for (boolean fromStart : new boolean[] {true, false}) {
            float[] expected = before.clone();
            for (int c = 0; c < columns; c++) {
              for (int o = 0; o < outputBlocks * 16; o++) {
                int y = 2 + c * 16 + o / 16 * yBlock + o % 16;
                int weight = 11 + o / 16 * wBlock + o % 16;
                float first = fromStart ? start[5 + o] : before[y];
                expected[y] = sum(x, 7 + c * Kernels.ROW, terms, w, weight, first);
              }
            }
            float[] y = before.clone();
            kernels.convolve(
                x,
                7,
                terms,
                w,
                11,
                wBlock,
                fromStart ? start : null,
                5,
                y,
                2,
                yBlock,
                outputBlocks,
                columns,
                fromStart ? w : null,
                11);
            String where = "%s %d terms %d columns".formatted(kernels.name(), terms, columns);
            assertArrayEquals(expected, y, where);
          }
        }
      }
    }
  }

  /** Four tiles ask for all lines of both blocks once, further ones for no others. */
  @Test
  void tilesAskForEachLineAhead() {
    for (int terms = 2; terms <= Kernels.ROW_TERMS; terms += 2) {
      int next = 1000 * 16;
      Set<Integer> expected = new HashSet<>();
      for (int i = 0; i < terms; i++) expected.addAll(List.of(5 + 16 * i, 5 + next + 16 * i));
      List<Integer> asked = new ArrayList<>();
      for (int number = 0; number < 4; number++) {
        int line = Tiles512.firstLine(number, 5, terms, next);
        for (int i = 0; i < terms / 2; i++) asked.add(line + 16 * i);
      }
      assertEquals(2 * terms, asked.size());
      assertEquals(Tiles512.firstLine(3, 5, terms, next), Tiles512.firstLine(9, 5, terms, next));
      assertEquals(expected, Set.copyOf(asked));
    }
  }

  private static float sum(float[] x, int xAt, int terms, float[] w, int wAt, float start) {
    float sum = start;
    for (int i = 0; i < terms; i++) sum = Math.fma(x[xAt + i], w[wAt + 16 * i], sum);
    return sum;
  }

  /** Each row of U is G g Gᵀ's, for taps in any order, and nothing beside it is written. */
  @Test
  void transformsWeightsAsDocumented() {
    var random = new Random(8);
    double[][] g = {
      {1 / 4.0, 0, 0},
      {-1 / 6.0, -1 / 6.0, -1 / 6.0},
      {-1 / 6.0, 1 / 6.0, -1 / 6.0},
      {1 / 24.0, 1 / 12.0, 1 / 6.0},
      {1 / 24.0, -1 / 12.0, 1 / 6.0},
      {0, 0, 1}
    };
    for (int channels : new int[] {1, 6, 16}) {
      int[] taps = {3, 0, 7, 8, 1, 5, 2, 6, 4};
      for (int i = 0; i < 9; i++) taps[i] *= 16 * channels;
      float[] w = Samples.gaussians(random, 5 + 9 * 16 * channels);
      int uStep = 16 * channels + 7;
      float[] before = Samples.gaussians(random, 3 + 6 * uStep);
      for (int row = 0; row < 6; row++) {
        float[] u = before.clone();
        kernels.winogradWeights(w, 5, taps, channels, row, u, 3, uStep);
        for (int at = 0; at < u.length; at++) {
          int l = (at - 3) / uStep;
          int i = (at - 3) % uStep;
          if (at < 3 || i >= 16 * channels) {
            assertEquals(before[at], u[at], "beside");
            continue;
          }
          double sum = 0;
          double magnitude = 0;
          for (int tap = 0; tap < 9; tap++) {
            double term = g[row][tap / 3] * w[5 + taps[tap] + i] * g[l][tap % 3];
            sum += term;
            magnitude += Math.abs(term);
          }
          String where = "%s row %d column %d".formatted(kernels.name(), row, l);
          assertEquals(sum, u[at], 8 * 0x1p-24 * magnitude, where);
        }
      }
    }
  }

  /** Sums are finished elsewhere or where they are, and nothing beside them is written. */
  @Test
  void finishesAsDocumented() {
    var random = new Random(4);
    float[] sums = Samples.gaussians(random, 3 + 48 + 2);
    float[] add = Samples.gaussians(random, sums.length + 4);
    float[] before = Samples.gaussians(random, add.length);
    sums[5] = -0f;
    sums[6] = Float.NaN;
    sums[7] = Float.NEGATIVE_INFINITY;
    sums[8] = Float.POSITIVE_INFINITY;
    sums[9] = 0.25f;
    for (int count : new int[] {0, 16, 48}) {
      for (float low : new float[] {0, Float.NEGATIVE_INFINITY}) {
        for (int kind = 0; kind < 4; kind++) {
          boolean adds = kind % 2 == 0;
          float high = kind < 2 ? 0.25f : Float.POSITIVE_INFINITY;
          float[] expected = before.clone();
          float[] inPlace = before.clone();
          for (int i = 0; i < count; i++) {
            float sum = sums[3 + i] + (adds ? add[7 + i] : -0f);
            expected[7 + i] = Math.min(Math.max(sum, low), high);
          }
          float[] y = before.clone();
          kernels.finish(sums, 3, adds ? add : null, low, high, y, 7, count);
          String where = "%s %d %s %s %s".formatted(kernels.name(), count, low, high, adds);
          assertArrayEquals(expected, y, where);
          System.arraycopy(sums, 3, inPlace, 7, count);
          kernels.finish(inPlace, 7, adds ? add : null, low, high, inPlace, 7, count);
          assertArrayEquals(expected, inPlace, where);
        }
      }
    }
  }

  /** Shares are those of doubles within two ulps; their sum is as exact as one of doubles. */
  @Test
  void sharesAreThoseOfDoubles() {
    var random = new Random(8);
    int count = 10_007;
    float[] base = new float[count + 3];
    float[] z = new float[count + 5];
    for (int i = 0; i < base.length; i++) {
      base[i] = (float) (random.nextGaussian() * Math.exp(10 * random.nextGaussian()));
    }
    for (int i = 0; i < z.length; i++) z[i] = i % 11 == 0 ? 0 : (float) random.nextGaussian();
    // What r is multiplied by, so that all results are finite, then the two factors.
    double[][] cases = {
      {1, 1, 1},
      {1, 1 / 3.0, 0.7},
      {1, 1e-20, 0},
      {1, -1e20, 3e-7},
      {1e12, 1e-30, 1e-3},
      {1e-16, 1e-3, 1e30},
      {1e20, 1e-44, 1e-42},
      {1e-30, 1e39, 2e40},
      {1e-24, 1, 1e39},
      {1e20, 1e-44, 1},
    };
    for (double[] each : cases) {
      float[] r = base.clone();
      for (int i = 0; i < r.length; i++) r[i] *= (float) each[0];
      double[] factor = {each[1], each[2]};
      float[] expected = new float[count + 2];
      double sum = shares(ScalarKernels.INSTANCE, r, factor, z, expected, count);
      double magnitude =
          shares(
              ScalarKernels.INSTANCE,
              magnitudes(r),
              larger(factor),
              z,
              new float[count + 2],
              count);
      assertTrue(Double.isFinite(magnitude), Arrays.toString(each));
      float[] actual = new float[count + 2];
      assertEquals(
          sum, shares(kernels, r, factor, z, actual, count), 1e-12 * magnitude, kernels.name());
      for (int i = 0; i < actual.length; i++) {
        String where = kernels.name() + " " + Arrays.toString(each) + " " + i;
        assertTrue(Float.isFinite(expected[i]), where);
        assertEquals(expected[i], actual[i], 2 * Math.ulp(expected[i]), where);
      }
    }
  }

  private static double shares(
      Kernels kernels, float[] r, double[] factor, float[] z, float[] s, int count) {
    return kernels.shares(r, 3, factor[0], factor[1], 1.5f, 1f, z, 5, 1e-30f, s, 2, count);
  }

  private static float[] magnitudes(float[] r) {
    float[] magnitudes = r.clone();
    for (int i = 0; i < r.length; i++) magnitudes[i] = Math.abs(r[i]);
    return magnitudes;
  }

  /** The larger of two factors, for relevance that is positive throughout. */
  private static double[] larger(double[] factor) {
    double larger = Math.max(Math.abs(factor[0]), Math.abs(factor[1]));
    return new double[] {larger, larger};
  }
}
