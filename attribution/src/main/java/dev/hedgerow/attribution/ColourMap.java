package dev.hedgerow.attribution;

/**
 * 256 colours for values from lowest to highest, as matplotlib's maps of the same names: straight
 * lines between given points of each channel, sampled at {@code i/255} and rounded to 8 bits. Of
 * viridis every fifth colour is given; those between are within one level of matplotlib's.
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
      new double[] {0, 0.5, 0.11, 1, 0.34, 1, 0.65, 0, 1, 0}),
  /** Dark violet, blue, green, yellow, ever lighter. */
  VIRIDIS(
      "440154 46085c 471063 481769 481d6f 482475 472a7a 46307e 453781 433d84 414287 3f4889 3d4e8a"
          + " 3a538b 38598c 355e8d 33638d 31688e 2e6d8e 2c718e 2a768e 297b8e 27808e 25848e 23898e"
          + " 218e8d 20928c 1f978b 1e9c89 1fa188 21a585 24aa83 28ae80 2eb37c 35b779 3dbc74 46c06f"
          + " 50c46a 5ac864 65cb5e 70cf57 7cd250 89d548 95d840 a2da37 b0dd2f bddf26 cae11f d8e219"
          + " e5e419 f1e51d fde725"),
  /** Black to white. */
  GREY(new double[] {0, 0, 1, 1}, new double[] {0, 0, 1, 1}, new double[] {0, 0, 1, 1});

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

  /** Takes colours at equal distances. */
  ColourMap(String colours) {
    this(channel(colours, 16), channel(colours, 8), channel(colours, 0));
  }

  private static double[] channel(String colours, int shift) {
    String[] given = colours.split(" ", -1);
    double[] line = new double[2 * given.length];
    for (int i = 0; i < given.length; i++) {
      line[2 * i] = i / (given.length - 1.0);
      line[2 * i + 1] = (Integer.parseInt(given[i], 16) >> shift & 255) / 255.0;
    }
    return line;
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
