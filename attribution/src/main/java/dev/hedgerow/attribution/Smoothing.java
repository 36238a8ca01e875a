package dev.hedgerow.attribution;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;

/** Smoothing of maps with a Gaussian. */
final class Smoothing {
  private Smoothing() {}

  /**
   * Returns {@code exp(−i² / 2σ²)} for i from −⌈4σ⌉ to ⌈4σ⌉, divided by its sum.
   *
   * @param sigma in pixels, above 0
   */
  static double[] kernel(double sigma) {
    int reach = (int) Math.ceil(4 * sigma);
    double[] kernel = new double[2 * reach + 1];
    double sum = 0;
    for (int i = 0; i < kernel.length; i++) {
      double distance = (i - reach) / sigma;
      kernel[i] = Math.exp(-distance * distance / 2);
      sum += kernel[i];
    }
    for (int i = 0; i < kernel.length; i++) kernel[i] /= sum;
    return kernel;
  }

  /**
   * Returns a map smoothed along rows and columns; beyond its border it goes on as at the border.
   *
   * @param map {@code [H, W]}; not modified
   * @param sigma in pixels, above 0
   */
  static Tensor gaussian(Tensor map, double sigma) {
    int height = map.shape().extent(0);
    int width = map.shape().extent(1);
    double[] kernel = kernel(sigma);
    float[] values = map.toArray();
    double[] from = new double[values.length];
    for (int i = 0; i < values.length; i++) from[i] = values[i];
    double[] along = convolve(from, kernel, width, 1, height, width);
    double[] smooth = convolve(along, kernel, height, width, width, 1);
    for (int i = 0; i < values.length; i++) values[i] = (float) smooth[i];
    return Tensor.of(Shape.of(height, width), values);
  }

  /** Convolves lines of {@code length} elements, {@code step} apart. */
  private static double[] convolve(
      double[] from, double[] kernel, int length, int step, int lines, int lineStep) {
    double[] to = new double[from.length];
    int reach = kernel.length / 2;
    for (int line = 0; line < lines; line++) {
      for (int i = 0; i < length; i++) {
        double sum = 0;
        for (int k = 0; k < kernel.length; k++) {
          int at = Math.clamp((long) i + k - reach, 0, length - 1);
          sum += kernel[k] * from[line * lineStep + at * step];
        }
        to[line * lineStep + i * step] = sum;
      }
    }
    return to;
  }
}
