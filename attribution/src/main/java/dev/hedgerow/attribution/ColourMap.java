package dev.hedgerow.attribution;

/**
 * 256 colours for values from lowest to highest, as matplotlib's maps of the same names: straight
 * lines between given points of each channel, sampled at {@code i/255} and rounded to 8 bits.
 */
public enum ColourMap {
  /** Dark blue, blue, white, red, dark red. */
  SEISMIC(
      new double[] {0, 0, 0.25, 0, 0.5, 1, 0.75, 1, 1, 0.5},
      new double[] {0, 0, 0.25, 0, 0.5, 1, 0.75, 0, 1, 0},
      new double[] {0, 0.3, 0.25, 1, 0.5, 1, 0.75, 0, 1, 0}),
  /** Blue, white, red. */
  BWR(
      new double[] {0, 0, 0.5, 1, 1, 1},
      new double[] {0, 0, 0.5, 1, 1, 0},
      new double[] {0, 1, 0.5, 1, 1, 0}),
  /** Dark blue, blue, cyan, yellow, red, dark red. */
  JET(
      new double[] {0, 0, 0.35, 0, 0.66, 1, 0.89, 1, 1, 0.5},
      new double[] {0, 0, 0.125, 0, 0.375, 1, 0.64, 1, 0.91, 0, 1, 0},
      new double[] {0, 0.5, 0.11, 1, 0.34, 1, 0.65, 0, 1, 0});

  /** Number of colours. */
  static final int SIZE = 256;

  // Written by the constructor alone.
  @SuppressWarnings("ImmutableEnumChecker")
  private final int[] colours = new int[SIZE];

  /** Takes each channel as positions and values by turns, both in 0..1. */
  ColourMap(double[] red, double[] green, double[] blue) {
    for (int i = 0; i < SIZE; i++) {
      double x = i / (SIZE - 1.0);
      colours[i] = level(red, x) << 16 | level(green, x) << 8 | level(blue, x);
    }
  }

  private static int level(double[] line, double x) {
    int i = 2;
    while (line[i] < x) i += 2;
    double share = (x - line[i - 2]) / (line[i] - line[i - 2]);
    return (int) Math.rint(255 * (line[i - 1] + share * (line[i + 1] - line[i - 1])));
  }

  /**
   * Returns a colour as packed RGB, {@code 0xRRGGBB}.
   *
   * @param index 0 (lowest value) to 255
   */
  public int colour(int index) {
    return colours[index];
  }

  /**
   * Returns the packed RGB colour of a value on a symmetric scale: {@code -1} has colour 0, 0 has
   * colour 128, the middle, and 1 has colour 255.
   *
   * @param value values beyond -1 and 1 count as these
   */
  public int signed(double value) {
    int index = (int) ((value + 1) * (SIZE / 2.0));
    return colours[Math.clamp(index, 0, SIZE - 1)];
  }
}
