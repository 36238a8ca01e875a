package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.Arrays;

/**
 * A map of relevance, {@code [H, W]}, as a picture: colours on a symmetric scale, so that 0 is
 * exactly the middle colour. Immutable.
 */
public final class Heatmap {
  /** The opacity of the highest relevance in an overlay. */
  private static final double OPACITY = 0.75;

  private final int height;
  private final int width;
  private final float[] values;
  private final int argMax;
  private final int argMin;

  private Heatmap(int height, int width, float[] values) {
    this.height = height;
    this.width = width;
    this.values = values;
    int highest = 0;
    int lowest = 0;
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "heatmap: " + values[i] + " at row " + i / width + ", column " + i % width);
      }
      if (values[i] > values[highest]) highest = i;
      if (values[i] < values[lowest]) lowest = i;
    }
    this.argMax = highest;
    this.argMin = lowest;
  }

  /** A pixel of a map: row and column, from the upper left. */
  public record Position(int y, int x) {}

  /**
   * Returns the heatmap of a relevance map.
   *
   * @param map {@code [H, W]}, finite; not modified
   * @throws IllegalArgumentException if the map has another rank, no pixel or a value that is not
   *     finite
   */
  public static Heatmap of(Tensor map) {
    if (map.shape().rank() != 2 || map.shape().size() == 0) {
      throw new IllegalArgumentException("heatmap: a map " + map.shape() + ", expected [H, W]");
    }
    return new Heatmap(map.shape().extent(0), map.shape().extent(1), map.toArray());
  }

  /** Returns the number of rows. */
  public int height() {
    return height;
  }

  /** Returns the number of columns. */
  public int width() {
    return width;
  }

  /** Returns the sum of the map, in the units of the map. */
  public double sum() {
    double sum = 0;
    for (float value : values) sum += value;
    return sum;
  }

  /** Returns the share of pixels above 0, in 0..1. */
  public double positiveRatio() {
    int positive = 0;
    for (float value : values) if (value > 0) positive++;
    return (double) positive / values.length;
  }

  /** Returns where the map is largest, the first such pixel in row order. */
  public Position argMax() {
    return new Position(argMax / width, argMax % width);
  }

  /** Returns the largest value. */
  public float maximum() {
    return values[argMax];
  }

  /** Returns the smallest value. */
  public float minimum() {
    return values[argMin];
  }

  /** Returns the largest magnitude: the end of the map's own colour scale. */
  public float scale() {
    return Math.max(Math.abs(maximum()), Math.abs(minimum()));
  }

  /**
   * Returns the magnitude that {@code percent} percent of the pixels do not exceed, interpolated
   * linearly between ranks, as numpy's {@code percentile}.
   *
   * @param percent 0 (the smallest magnitude) to 100 (the largest)
   */
  public double percentile(double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException("percentile is " + percent + ", expected 0 to 100");
    }
    float[] magnitudes = new float[values.length];
    for (int i = 0; i < values.length; i++) magnitudes[i] = Math.abs(values[i]);
    Arrays.sort(magnitudes);
    double rank = percent / 100 * (magnitudes.length - 1);
    int below = (int) rank;
    int above = Math.min(below + 1, magnitudes.length - 1);
    return magnitudes[below] + (rank - below) * ((double) magnitudes[above] - magnitudes[below]);
  }

  /**
   * Returns the map at another size, interpolated bilinearly between pixel centres. The colour
   * scale is that of the new values.
   */
  public Heatmap resized(int height, int width) {
    if (height == this.height && width == this.width) return this;
    return of(Resize.bilinear(toTensor(), height, width));
  }

  /**
   * Returns the map smoothed with a Gaussian, normalised and cut off at ⌈4σ⌉ pixels; beyond its
   * border the map goes on as at the border.
   *
   * @param sigma σ in pixels, above 0
   */
  public Heatmap smoothed(double sigma) {
    return of(Smoothing.gaussian(toTensor(), sigma));
  }

  /** Returns the map as a tensor {@code [H, W]}. */
  public Tensor toTensor() {
    return Tensor.of(Shape.of(height, width), values);
  }

  /** Returns {@link #colours(ColourMap, double)} with the ends at {@link #scale}. */
  public int[] colours(ColourMap colours) {
    return colours(colours, scale());
  }

  /**
   * Returns the map's colours: the colour of {@code r / end} on a symmetric scale; the middle
   * colour everywhere if the map is 0.
   *
   * @param end the magnitude at which the scale ends, above 0 unless the map is 0; larger ones have
   *     the same colour
   * @return packed RGB {@code 0xRRGGBB}, in row order
   */
  public int[] colours(ColourMap colours, double end) {
    int[] pixels = new int[values.length];
    for (int i = 0; i < pixels.length; i++) pixels[i] = colours.signed(relative(i, end));
    return pixels;
  }

  private double relative(int i, double end) {
    return values[i] == 0 ? 0 : Math.clamp(values[i] / end, -1, 1);
  }

  /** Returns {@link #overlay(int[], ColourMap, double)} with the ends at {@link #scale}. */
  public int[] overlay(int[] picture, ColourMap colours) {
    return overlay(picture, colours, scale());
  }

  /**
   * Returns a picture with the map over it: {@code (1 - a) g + a c} with the picture's grey g, an
   * opacity {@code a = 3/4 |r / end|^(2/3)} and for c the colour of {@code (±1 + r / end) / 2} with
   * the sign of r. So where there is little relevance the picture shows, not the middle colour, and
   * it is hidden nowhere.
   *
   * @param picture packed RGB {@code 0xRRGGBB}, in row order, of the map's size; not modified
   * @param end the magnitude at which the scale ends, above 0 unless the map is 0; larger ones have
   *     the same colour
   * @return packed RGB, in row order
   * @throws IllegalArgumentException if the picture has another number of pixels
   */
  public int[] overlay(int[] picture, ColourMap colours, double end) {
    if (picture.length != values.length) {
      throw new IllegalArgumentException(
          "overlay: a picture of %d pixels under a map of %d x %d"
              .formatted(picture.length, height, width));
    }
    int[] pixels = new int[values.length];
    for (int i = 0; i < pixels.length; i++) {
      double relative = relative(i, end);
      int colour = colours.signed((Math.signum(relative) + relative) / 2);
      double opacity = OPACITY * Math.cbrt(relative * relative);
      pixels[i] = blend(grey(picture[i]), colour, opacity);
    }
    return pixels;
  }

  /** Luma of ITU-R BT.601. */
  private static int grey(int rgb) {
    int luma =
        (int) Math.rint(0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255));
    return luma << 16 | luma << 8 | luma;
  }

  private static int blend(int below, int above, double opacity) {
    int blended = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      double channel = (1 - opacity) * (below >> shift & 255) + opacity * (above >> shift & 255);
      blended |= (int) Math.rint(channel) << shift;
    }
    return blended;
  }

  /**
   * Returns {@code Σ_c R_c}, {@code [H, W]}, of the relevance {@code [1, C, H, W]} of one image.
   */
  static Tensor channelSum(Engine engine, Tensor relevance) {
    return Channels.SUM.map(engine, relevance);
  }
}
