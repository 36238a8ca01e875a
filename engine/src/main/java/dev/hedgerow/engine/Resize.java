package dev.hedgerow.engine;

import java.util.Arrays;

/** Resizing of pictures and maps. */
public final class Resize {
  /**
   * Fraction bits of Pillow's fixed-point coefficients: 32 less 8 of a pixel less 2 of head room.
   */
  private static final int PRECISION_BITS = 32 - 8 - 2;

  private Resize() {}

  /**
   * Returns a picture resized as Pillow does it for 8-bit pictures with {@code BILINEAR}: a
   * triangle filter that widens when shrinking, in fixed point, first along rows, then along
   * columns, rounded to whole levels after each.
   *
   * @param pixels {@code [C, H, W]}, whole numbers 0..255; not modified
   * @param height rows of the result
   * @param width columns of the result
   * @return {@code [C, height, width]}, whole numbers 0..255
   */
  public static Tensor pillowBilinear(Engine engine, Tensor pixels, int height, int width) {
    check("bilinear", pixels.shape(), 3, height, width);
    int channels = pixels.shape().extent(0);
    int rows = pixels.shape().extent(1);
    int columns = pixels.shape().extent(2);
    float[] wide = pixels.data;
    if (width != columns) {
      float[] from = wide;
      float[] to = new float[Math.multiplyExact(channels * rows, width)];
      var filter = Filter.of(columns, width);
      engine.forEach(
          channels * rows, row -> filter.resampleRow(from, row * columns, to, row * width));
      wide = to;
    }
    if (height != rows) {
      float[] from = wide;
      float[] to = new float[Math.multiplyExact(channels * height, width)];
      var filter = Filter.of(rows, height);
      engine.forEach(
          channels * height,
          task -> {
            int channel = task / height;
            filter.resampleColumns(
                from, channel * rows * width, width, task % height, to, task * width);
          });
      wide = to;
    }
    return Tensor.of(Shape.of(channels, height, width), wide);
  }

  /** For each output pixel along one axis, the run of input pixels it mixes and their weights. */
  private record Filter(int[] first, int[][] weights) {
    static Filter of(int inputs, int outputs) {
      double scale = (double) inputs / outputs;
      double support = Math.max(scale, 1);
      int[] first = new int[outputs];
      int[][] weights = new int[outputs][];
      for (int i = 0; i < outputs; i++) {
        double centre = (i + 0.5) * scale;
        int start = Math.max(0, (int) (centre - support + 0.5));
        int end = Math.min(inputs, (int) (centre + support + 0.5));
        double[] exact = new double[end - start];
        double sum = 0;
        for (int k = 0; k < exact.length; k++) {
          double distance = Math.abs((k + start - centre + 0.5) / support);
          exact[k] = distance < 1 ? 1 - distance : 0;
          sum += exact[k];
        }
        first[i] = start;
        weights[i] = new int[exact.length];
        for (int k = 0; k < exact.length; k++) {
          weights[i][k] = (int) (0.5 + exact[k] / sum * (1 << PRECISION_BITS));
        }
      }
      return new Filter(first, weights);
    }

    void resampleRow(float[] from, int at, float[] to, int toAt) {
      for (int i = 0; i < first.length; i++) {
        int sum = 1 << (PRECISION_BITS - 1);
        for (int k = 0; k < weights[i].length; k++) {
          sum += ((int) from[at + first[i] + k]) * weights[i][k];
        }
        to[toAt + i] = level(sum);
      }
    }

    void resampleColumns(float[] from, int at, int width, int i, float[] to, int toAt) {
      int[] sums = new int[width];
      Arrays.fill(sums, 1 << (PRECISION_BITS - 1));
      for (int k = 0; k < weights[i].length; k++) {
        int weight = weights[i][k];
        int row = at + (first[i] + k) * width;
        for (int x = 0; x < width; x++) sums[x] += ((int) from[row + x]) * weight;
      }
      for (int x = 0; x < width; x++) to[toAt + x] = level(sums[x]);
    }

    private static float level(int sum) {
      return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
    }
  }

  /**
   * Returns a picture resized as Pillow does it with {@code NEAREST}: each pixel is the one at its
   * centre.
   *
   * @param pixels {@code [C, H, W]}; not modified
   * @param height rows of the result
   * @param width columns of the result
   * @return {@code [C, height, width]}
   */
  public static Tensor nearest(Engine engine, Tensor pixels, int height, int width) {
    check("nearest", pixels.shape(), 3, height, width);
    int channels = pixels.shape().extent(0);
    int[] rows = nearestPixels(pixels.shape().extent(1), height);
    int[] columns = nearestPixels(pixels.shape().extent(2), width);
    int inputRows = pixels.shape().extent(1);
    int inputColumns = pixels.shape().extent(2);
    Tensor resized = Tensor.zeros(Shape.of(channels, height, width));
    engine.forEach(
        channels * height,
        task -> {
          int from = (task / height * inputRows + rows[task % height]) * inputColumns;
          for (int x = 0; x < width; x++) {
            resized.data[task * width + x] = pixels.data[from + columns[x]];
          }
        });
    return resized;
  }

  /** Adds up positions as Pillow does, so that rounding falls the same way. */
  private static int[] nearestPixels(int inputs, int outputs) {
    double step = (double) inputs / outputs;
    double position = step * 0.5;
    int[] pixels = new int[outputs];
    for (int i = 0; i < outputs; i++, position += step) {
      pixels[i] = Math.min((int) position, inputs - 1);
    }
    return pixels;
  }

  /**
   * Returns a map resized as PyTorch's {@code interpolate} does it with {@code mode="bilinear",
   * align_corners=False} and no antialias.
   *
   * @param map {@code [H, W]}; not modified
   * @param height rows of the result
   * @param width columns of the result
   * @return {@code [height, width]}
   */
  public static Tensor bilinear(Tensor map, int height, int width) {
    return bilinear(map, height, width, (i, from, to) -> (i + 0.5) * from / to - 0.5);
  }

  /**
   * Returns a map resized as PyTorch's {@code interpolate} does it with {@code mode="bilinear",
   * align_corners=True}: the outer pixels' centres stay on each other.
   *
   * @param map {@code [H, W]}; not modified
   * @param height rows of the result
   * @param width columns of the result
   * @return {@code [height, width]}
   */
  public static Tensor bilinearAligned(Tensor map, int height, int width) {
    return bilinear(
        map, height, width, (i, from, to) -> to == 1 ? 0 : (double) i * (from - 1) / (to - 1));
  }

  /** Where pixel i of {@code to} is among {@code from}. */
  @FunctionalInterface
  private interface Position {
    double of(int i, int from, int to);
  }

  private static Tensor bilinear(Tensor map, int height, int width, Position position) {
    check("bilinear", map.shape(), 2, height, width);
    int rows = map.shape().extent(0);
    int columns = map.shape().extent(1);
    Tensor resized = Tensor.zeros(Shape.of(height, width));
    for (int i = 0, at = 0; i < height; i++) {
      double y = Math.max(0, position.of(i, rows, height));
      int top = Math.min((int) y, rows - 1);
      int bottom = Math.min(top + 1, rows - 1);
      for (int j = 0; j < width; j++) {
        double x = Math.max(0, position.of(j, columns, width));
        int left = Math.min((int) x, columns - 1);
        int right = Math.min(left + 1, columns - 1);
        double upper =
            mix(map.data[top * columns + left], map.data[top * columns + right], x - left);
        double lower =
            mix(map.data[bottom * columns + left], map.data[bottom * columns + right], x - left);
        resized.data[at++] = (float) mix(upper, lower, y - top);
      }
    }
    return resized;
  }

  private static double mix(double a, double b, double share) {
    return a * (1 - share) + b * share;
  }

  private static void check(String kind, Shape shape, int rank, int height, int width) {
    if (shape.rank() != rank || shape.size() == 0) {
      throw new IllegalArgumentException(
          kind
              + " resize: input is "
              + shape
              + ", expected "
              + (rank == 3 ? "[C, H, W]" : "[H, W]"));
    }
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          kind + " resize: output " + height + "x" + width + ", expected at least 1x1");
    }
  }
}
