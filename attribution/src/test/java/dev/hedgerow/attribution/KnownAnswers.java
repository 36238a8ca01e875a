package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Numbers printed by the methods' own code, by name. */
final class KnownAnswers {
  private static final Map<String, double[]> ALL = read();

  private KnownAnswers() {}

  static double[] get(String name) {
    return Objects.requireNonNull(ALL.get(name), name);
  }

  /** Asserts equality to {@code tolerance} of the largest magnitude expected. */
  static void assertClose(String name, float[] actual, double tolerance) {
    double[] expected = get(name);
    assertEquals(expected.length, actual.length, name);
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance * largest, name + " at " + i);
    }
  }

  /**
   * Asserts equality to half a unit of the last decimal printed, and what single precision adds:
   * 2e-6 of the largest magnitude expected.
   */
  static void assertPrinted(String name, float[] actual, int decimals) {
    double[] expected = get(name);
    assertEquals(expected.length, actual.length, name);
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    double tolerance = 0.5 * Math.pow(10, -decimals) + 2e-6 * largest;
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance, name + " at " + i);
    }
  }

  private static Map<String, double[]> read() {
    try (InputStream in = KnownAnswers.class.getResourceAsStream("known-answers.txt")) {
      var text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      var all = new HashMap<String, double[]>();
      for (String line : text.split("\n", -1)) {
        int colon = line.indexOf(": ");
        if (line.startsWith("#") || colon < 0) continue;
        all.put(
            line.substring(0, colon),
            Arrays.stream(line.substring(colon + 2).trim().split(" ", -1))
                .mapToDouble(Double::parseDouble)
                .toArray());
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
