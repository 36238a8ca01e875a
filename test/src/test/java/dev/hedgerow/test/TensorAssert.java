package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Comparison with reference arrays. */
final class TensorAssert {
  private TensorAssert() {}

  /** Asserts that no element is off by more than {@code tolerance} of the largest magnitude. */
  static void assertClose(String what, float[] expected, float[] actual, double tolerance) {
    assertEquals(expected.length, actual.length, what);
    double largest = 0;
    for (float value : expected) largest = Math.max(largest, Math.abs(value));
    int worst = 0;
    for (int i = 0; i < expected.length; i++) {
      assertTrue(Float.isFinite(actual[i]), what + " is " + actual[i] + " at " + i);
      if (Math.abs(expected[i] - actual[i]) > Math.abs(expected[worst] - actual[worst])) worst = i;
    }
    double error = Math.abs((double) expected[worst] - actual[worst]) / largest;
    assertTrue(
        error <= tolerance,
        "%s: %s at %d, expected %s: off by %.2e of the largest magnitude, allowed %.0e"
            .formatted(what, actual[worst], worst, expected[worst], error, tolerance));
  }

  /** Asserts that the cosine of two arrays is at least {@code least}. */
  static void assertCosine(String what, float[] expected, float[] actual, double least) {
    double product = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < expected.length; i++) {
      product += (double) expected[i] * actual[i];
      a += (double) expected[i] * expected[i];
      b += (double) actual[i] * actual[i];
    }
    double cosine = product / Math.sqrt(a * b);
    assertTrue(cosine >= least, what + ": cosine " + cosine + ", expected at least " + least);
  }
}
