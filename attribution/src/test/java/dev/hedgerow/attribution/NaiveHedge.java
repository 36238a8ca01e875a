package dev.hedgerow.attribution;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The rules of Gradient Hedge once more: in double precision, one loop over all terms of a layer,
 * row-major arrays {@code [C, H, W]} of one image. Nothing here is shared with the rules under
 * test. Equation numbers are the paper's.
 */
final class NaiveHedge {
  /** Smaller denominators count as 0. */
  private static final double SMALLEST_DENOMINATOR = 1e-30;

  private NaiveHedge() {}

  /** One product {@code w_weight · x_input} in the sum of an output. */
  @FunctionalInterface
  interface Term {
    void at(int output, int weight, int input);
  }

  /** A linear layer as the list of its terms. */
  interface Terms {
    /** Number of elements of the input. */
    int inputSize();

    /** Number of elements of the output. */
    int outputSize();

    /** Visits all terms, those of one output in scan order. */
    void forEach(Term term);
  }

  /**
   * A window that slides over an image with zero padding: a convolution, or a pool with as many
   * groups as channels.
   *
   * @param ceil whether a last window may reach beyond the padding
   */
  record Sliding(
      int inputs,
      int outputs,
      int groups,
      int height,
      int width,
      int kernelHeight,
      int kernelWidth,
      int strideY,
      int strideX,
      int dilationY,
      int dilationX,
      int top,
      int left,
      int bottom,
      int right,
      boolean ceil)
      implements Terms {
    int outputHeight() {
      return windows(height, (kernelHeight - 1) * dilationY + 1, strideY, top, bottom);
    }

    int outputWidth() {
      return windows(width, (kernelWidth - 1) * dilationX + 1, strideX, left, right);
    }

    private int windows(int extent, int span, int stride, int before, int after) {
      int free = extent + before + after - span;
      int windows = (ceil ? Math.ceilDiv(free, stride) : Math.floorDiv(free, stride)) + 1;
      // The last window must start in the image or in the padding before it.
      if (ceil && (windows - 1) * stride >= extent + before) windows--;
      return Math.max(0, windows);
    }

    boolean isPoint() {
      return kernelHeight == 1 && kernelWidth == 1;
    }

    int weights() {
      return outputs * (inputs / groups) * kernelHeight * kernelWidth;
    }

    @Override
    public int inputSize() {
      return inputs * height * width;
    }

    @Override
    public int outputSize() {
      return outputs * outputHeight() * outputWidth();
    }

    @Override
    public void forEach(Term term) {
      int inputsPerGroup = inputs / groups;
      int rows = outputHeight();
      int columns = outputWidth();
      for (int output = 0; output < outputSize(); output++) {
        int column = output % columns;
        int row = output / columns % rows;
        int channel = output / columns / rows;
        int firstInput = channel / (outputs / groups) * inputsPerGroup;
        for (int input = 0; input < inputsPerGroup; input++) {
          for (int ky = 0; ky < kernelHeight; ky++) {
            int y = row * strideY + ky * dilationY - top;
            if (y < 0 || y >= height) continue;
            for (int kx = 0; kx < kernelWidth; kx++) {
              int x = column * strideX + kx * dilationX - left;
              if (x < 0 || x >= width) continue;
              term.at(
                  output,
                  ((channel * inputsPerGroup + input) * kernelHeight + ky) * kernelWidth + kx,
                  ((firstInput + input) * height + y) * width + x);
            }
          }
        }
      }
    }
  }

  /** Windows that cover an image evenly: rows {@code ⌊iH/h⌋} to {@code ⌈(i+1)H/h⌉ − 1}. */
  record Even(int channels, int height, int width, int rows, int columns) implements Terms {
    @Override
    public int inputSize() {
      return channels * height * width;
    }

    @Override
    public int outputSize() {
      return channels * rows * columns;
    }

    @Override
    public void forEach(Term term) {
      for (int output = 0; output < outputSize(); output++) {
        int i = output / columns % rows;
        int j = output % columns;
        int channel = output / columns / rows;
        for (int y = i * height / rows; y * rows < (i + 1) * height; y++) {
          for (int x = j * width / columns; x * columns < (j + 1) * width; x++) {
            term.at(output, 0, (channel * height + y) * width + x);
          }
        }
      }
    }
  }

  /** {@code z_j = Σ_k a_k v_kj}. */
  static double[] forward(Terms layer, double[] a, double[] v) {
    double[] z = new double[layer.outputSize()];
    layer.forEach((output, weight, input) -> z[output] += a[input] * v[weight]);
    return z;
  }

  /** {@code J(a, v, R)_i = a_i · Σ_j v_ij · (R_j ⊘ Σ_k a_k v_kj)} (Eq. 2). */
  static double[] j(Terms layer, double[] a, double[] v, double[] r) {
    double[] z = forward(layer, a, v);
    double[] relevance = new double[layer.inputSize()];
    layer.forEach(
        (output, weight, input) -> {
          if (Math.abs(z[output]) < SMALLEST_DENOMINATOR) return;
          relevance[input] += a[input] * v[weight] * r[output] / z[output];
        });
    return relevance;
  }

  /**
   * What a convolution hands down.
   *
   * @param leak the part of the sections that has no support, with φ
   * @param complete whether nothing leaked: both sections are there, each position has active and
   *     inactive support, and some C is not 0
   * @param settled whether rounding cannot decide if a C is 0: none is left over from cancellation.
   *     With one active input and γ = 1, C is always such a remainder.
   */
  record Hedged(double[] relevance, double leak, boolean complete, boolean settled) {}

  /** The rule of a convolution that does not read the network's input (Eq. 6-13). */
  static Hedged hedge(Sliding layer, double[] w, double[] x, double[] r, double gamma) {
    if (layer.isPoint()) gamma = 1;
    double[] p = section(each(r, value -> Math.max(value, 0)));
    double[] n = section(each(r, value -> Math.min(value, 0)));
    double[] v = each(w, Math::abs);
    double[] active = each(x, value -> value > 0 ? 1 : 0);
    double[] inactive = each(x, value -> value <= 0 ? 1 : 0);
    double[] positive = each(x, value -> Math.max(value, 0));

    double[] fromP = j(layer, positive, v, times(p, gamma));
    double[] fromN = j(layer, positive, v, n);
    double[] a = j(layer, active, v, p);
    double[] u = j(layer, inactive, v, n);
    double[] relevance = new double[layer.inputSize()];
    int hedged = 0;
    boolean settled = true;
    for (int i = 0; i < relevance.length; i++) {
      double c = fromP[i] + fromN[i];
      if (c != 0) hedged++;
      settled &= Math.abs(c) >= 0x1p-18 * (fromP[i] - fromN[i]);
    }
    boolean shifted = !layer.isPoint() && hedged > 0;
    for (int i = 0; i < relevance.length; i++) {
      double c = fromP[i] + fromN[i];
      double psi = shifted && c != 0 ? 1.0 / hedged : 0;
      relevance[i] = c - psi + a[i] + u[i];
    }

    double[] activeSupport = forward(layer, active, v);
    double[] inactiveSupport = forward(layer, inactive, v);
    double lambdaP = 1 - supported(p, activeSupport);
    double lambdaN = 1 - supported(each(n, Math::abs), activeSupport);
    double muN = 1 - supported(each(n, Math::abs), inactiveSupport);
    int phi = hedged == 0 ? 1 : 0;
    double leak =
        layer.isPoint() ? 2 * lambdaP - lambdaN - muN : (gamma + 1) * lambdaP - lambdaN - muN - phi;
    boolean complete =
        sum(p) != 0
            && sum(n) != 0
            && phi == 0
            && Arrays.stream(activeSupport).allMatch(z -> z != 0)
            && Arrays.stream(inactiveSupport).allMatch(z -> z != 0);
    return new Hedged(relevance, leak, complete, settled);
  }

  /**
   * The rule z^B of a convolution that reads the network's input.
   *
   * @param supported Σ R over the positions with a denominator that is not 0
   */
  record Boxed(double[] relevance, double supported) {}

  static Boxed zBox(Sliding layer, double[] w, double[] x, double[] r) {
    double low = Arrays.stream(x).min().orElseThrow();
    double high = Arrays.stream(x).max().orElseThrow();
    double[] z = new double[layer.outputSize()];
    layer.forEach((output, weight, input) -> z[output] += box(w[weight], x[input], low, high));
    double[] relevance = new double[layer.inputSize()];
    layer.forEach(
        (output, weight, input) -> {
          if (Math.abs(z[output]) < SMALLEST_DENOMINATOR) return;
          relevance[input] += box(w[weight], x[input], low, high) * r[output] / z[output];
        });
    return new Boxed(relevance, supported(r, z));
  }

  /** {@code (x − l) w⁺ + (x − h) w⁻}, which is never negative. */
  private static double box(double w, double x, double low, double high) {
    return w > 0 ? (x - low) * w : (x - high) * w;
  }

  /** All to the first largest element of each window. */
  static double[] maxPool(Sliding pool, double[] x, double[] r) {
    int[] first = new int[pool.outputSize()];
    Arrays.fill(first, -1);
    pool.forEach(
        (output, weight, input) -> {
          if (first[output] < 0 || x[input] > x[first[output]]) first[output] = input;
        });
    double[] relevance = new double[pool.inputSize()];
    for (int output = 0; output < first.length; output++) {
      if (first[output] >= 0) relevance[first[output]] += r[output];
    }
    return relevance;
  }

  /** {@code J(x⁺ + 1e-9, uniform, R)}; the weights' common value cancels. */
  static double[] averagePool(Terms pool, double[] x, double[] r) {
    double[] a = each(x, value -> Math.max(value, 0) + 1e-9);
    if (pool instanceof Sliding sliding) {
      double[] uniform = new double[sliding.weights()];
      Arrays.fill(uniform, 1);
      return j(pool, a, uniform, r);
    }
    return j(pool, a, new double[] {1}, r);
  }

  /** Σ of r over the outputs that have any input. */
  static double reached(Terms pool, double[] r) {
    double[] count = new double[pool.outputSize()];
    pool.forEach((output, weight, input) -> count[output]++);
    return supported(r, count);
  }

  private static double supported(double[] r, double[] z) {
    double sum = 0;
    for (int i = 0; i < r.length; i++) {
      if (Math.abs(z[i]) >= SMALLEST_DENOMINATOR) sum += r[i];
    }
    return sum;
  }

  /** Scales values of one sign to a sum of magnitude 1; nothing stays nothing (Eq. 6-7). */
  private static double[] section(double[] values) {
    double magnitude = Math.abs(sum(values));
    return magnitude == 0 ? values : each(values, value -> value / magnitude);
  }

  private static double[] times(double[] values, double factor) {
    return each(values, value -> value * factor);
  }

  private static double[] each(double[] values, DoubleUnaryOperator operator) {
    return Arrays.stream(values).map(operator).toArray();
  }

  static double sum(double[] values) {
    double sum = 0;
    for (double value : values) sum += value;
    return sum;
  }
}
