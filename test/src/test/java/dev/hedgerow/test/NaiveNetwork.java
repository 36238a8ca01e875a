package dev.hedgerow.test;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass of a graph once more: one image, row-major arrays, double precision, one loop
 * over all terms of a layer.
 *
 * <p>With every value comes a bound of the error float32 may have there. An operation on inputs
 * that are off by e is off by what it makes of e, plus its own rounding: u = 2⁻²⁴ for each of the n
 * + 1 roundings of a sum of n products, in any order and with or without fused multiply-and-add,
 * times the sum of the magnitudes.
 */
final class NaiveNetwork {
  private static final double U = 0x1p-24;

  /** Below this float32 numbers lose digits. */
  private static final double SMALLEST_NORMAL = 0x1p-126;

  /**
   * One value a node.
   *
   * @param values row-major
   * @param errors what float32 may be off by, element by element
   * @param largestSum the largest sum of the magnitudes of the terms of one value
   */
  record Value(double[] values, double[] errors, double largestSum) {
    /** A value of no operation, or of one that only moves elements. */
    Value(double[] values, double[] errors) {
      this(values, errors, 0);
    }

    static Value exact(float[] values) {
      double[] doubles = new double[values.length];
      for (int i = 0; i < values.length; i++) doubles[i] = values[i];
      return new Value(doubles, new double[values.length]);
    }
  }

  private final Graph graph;
  private final Map<Node, Value> values = new HashMap<>();

  private NaiveNetwork(Graph graph) {
    this.graph = graph;
  }

  /** Runs a network up to its logits. */
  static NaiveNetwork run(Graph graph, float[] image) {
    var network = new NaiveNetwork(graph);
    network.compute(graph.input(), Value.exact(image));
    return network;
  }

  /** Runs the part of the network that follows {@code from} again, on another output of it. */
  NaiveNetwork rerun(Node from, double[] output) {
    var again = new NaiveNetwork(graph);
    again.values.putAll(values);
    again.compute(from, new Value(output, new double[output.length]));
    return again;
  }

  private void compute(Node from, Value output) {
    values.put(from, output);
    for (Node node : graph.nodes()) {
      if (node.index() <= from.index() || node.index() > graph.logits().index()) continue;
      values.put(node, compute(node));
    }
  }

  /** Returns whether float32 is exact on integers: no sum of terms reaches 2²⁴. */
  boolean isExactOnIntegers() {
    return values.values().stream().allMatch(value -> value.largestSum < 0x1p24);
  }

  /** Returns the output of a node. */
  Value value(Node node) {
    return Objects.requireNonNull(values.get(node));
  }

  /** Returns the logits. */
  Value logits() {
    return value(graph.logits());
  }

  private Value compute(Node node) {
    List<Value> inputs = node.inputs().stream().map(this::value).toList();
    Value x = inputs.getFirst();
    Shape from = node.inputs().getFirst().shape();
    Shape to = node.shape();
    return switch (node.layer()) {
      case Conv2d conv -> convolution(conv.convolution(), from, to, x);
      case Linear linear -> dense(linear.dense(), to, x);
      case BatchNorm norm ->
          affine(from, x, norm.normalization().factor(), norm.normalization().offset());
      case Affine affine -> affine(from, x, affine.scale().toArray(), affine.shift().toArray());
      case Relu relu -> each(x, value -> Math.max(value, 0), 1);
      case Clip clip -> each(x, value -> Math.clamp(value, clip.low(), clip.high()), 1);
      case LeakyRelu leaky ->
          each(x, value -> Math.max(value, 0) + leaky.slope() * Math.min(value, 0), 1);
      case Sigmoid sigmoid -> each(x, value -> 1 / (1 + Math.exp(-value)), 1);
      case HardSwish swish -> each(x, value -> value * Math.clamp(value + 3, 0, 6) / 6, 1.5);
      case Lrn lrn -> normalization(lrn.normalization(), from, x);
      case MaxPool2d max -> maxima(windows(max.pool().window(), true, from, to), x, to.size());
      case AveragePool2d average ->
          means(
              windows(average.pool().window(), average.pool().countPadding(), from, to),
              average.pool().countPadding(),
              x,
              to.size());
      case AdaptiveAveragePool2d average -> means(evenWindows(from, to), false, x, to.size());
      case Add add -> sum(inputs);
      case Multiply multiply -> product(x, inputs.get(1), from, node.inputs().get(1).shape());
      case Concat concat -> joined(inputs);
      case Flatten flatten -> x;
      case Identity identity -> x;
      case Pad pad -> padded(pad, from, to, x);
      case Slice slice -> sliced(slice, from, to, x);
      default -> throw new IllegalArgumentException("no naive loop for " + node);
    };
  }

  private static Value convolution(Convolution convolution, Shape from, Shape to, Value x) {
    Window window = convolution.window();
    float[] w = convolution.weight().toArray();
    int inputs = from.extent(1) / convolution.groups();
    int outputs = to.extent(1) / convolution.groups();
    int area = from.extent(2) * from.extent(3);
    int taps = window.height() * window.width();
    double[] y = biased(convolution.bias(), to);
    double[] magnitude = Arrays.stream(y).map(Math::abs).toArray();
    double[] error = new double[y.length];
    for (Tap tap : windows(window, false, from.with(1, 1), to.with(1, 1))) {
      for (int o = 0; o < to.extent(1); o++) {
        int at = o * to.extent(2) * to.extent(3) + tap.output;
        for (int i = 0; i < inputs; i++) {
          int source = (o / outputs * inputs + i) * area + tap.input;
          double weight = w[(o * inputs + i) * taps + tap.index];
          y[at] += weight * x.values[source];
          magnitude[at] += Math.abs(weight * x.values[source]);
          error[at] += Math.abs(weight) * x.errors[source];
        }
      }
    }
    return rounded(y, error, magnitude, inputs * taps + 1);
  }

  private static Value dense(Dense dense, Shape to, Value x) {
    double[] y = biased(dense.bias(), to);
    double[] magnitude = Arrays.stream(y).map(Math::abs).toArray();
    double[] error = new double[y.length];
    float[] w = dense.weight().toArray();
    int inputs = x.values.length;
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < inputs; i++) {
        double weight = w[o * inputs + i];
        y[o] += weight * x.values[i];
        magnitude[o] += Math.abs(weight * x.values[i]);
        error[o] += Math.abs(weight) * x.errors[i];
      }
    }
    return rounded(y, error, magnitude, inputs + 1);
  }

  private static double[] biased(@Nullable Parameter bias, Shape to) {
    double[] y = new double[to.size()];
    if (bias == null) return y;
    int area = y.length / to.extent(1);
    for (int i = 0; i < y.length; i++) y[i] = bias.get(i / area);
    return y;
  }

  private static Value affine(Shape shape, Value x, float[] scale, float[] shift) {
    int area = x.values.length / shape.extent(1);
    double[] y = new double[x.values.length];
    double[] magnitude = new double[y.length];
    double[] error = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      double product = (double) scale[i / area] * x.values[i];
      y[i] = product + shift[i / area];
      magnitude[i] = Math.abs(product) + Math.abs(shift[i / area]);
      error[i] = Math.abs(scale[i / area]) * x.errors[i];
    }
    return rounded(y, error, magnitude, 2);
  }

  /** A function of each element that enlarges no difference by more than {@code slope}. */
  private static Value each(Value x, DoubleUnaryOperator function, double slope) {
    double[] y = Arrays.stream(x.values).map(function).toArray();
    double[] error = Arrays.stream(x.errors).map(e -> slope * e).toArray();
    return rounded(y, error, Arrays.stream(y).map(Math::abs).toArray(), 4);
  }

  private static Value normalization(LocalResponseNormalization lrn, Shape shape, Value x) {
    int channels = shape.extent(1);
    int area = x.values.length / channels;
    double[] y = new double[x.values.length];
    double[] error = new double[y.length];
    double[] magnitude = new double[y.length];
    double factor = (double) lrn.alpha() / lrn.size();
    for (int i = 0; i < y.length; i++) {
      int channel = i / area;
      int first = Math.max(0, channel - (lrn.size() - 1) / 2);
      int last = Math.min(channels - 1, channel + lrn.size() / 2);
      double d = lrn.bias();
      double shift = 0;
      for (int k = first; k <= last; k++) {
        int at = k * area + i % area;
        d += factor * x.values[at] * x.values[at];
        shift += factor * (2 * Math.abs(x.values[at]) + x.errors[at]) * x.errors[at];
      }
      y[i] = x.values[i] * Math.pow(d, -lrn.beta());
      magnitude[i] = Math.abs(y[i]);
      // d is at least the bias of 1, so d^−β is at most 1 and changes by at most β for each unit.
      error[i] = x.errors[i] + lrn.beta() * shift * (Math.abs(x.values[i]) + x.errors[i]);
    }
    return rounded(y, error, magnitude, lrn.size() + 8);
  }

  /**
   * A pixel of a window.
   *
   * @param output row-major position of the window's output
   * @param input row-major position of the pixel, −1 in the padding
   * @param index position in the window
   */
  private record Tap(int output, int input, int index) {}

  private static List<Tap> windows(Window window, boolean padding, Shape from, Shape to) {
    var taps = new ArrayList<Tap>();
    int height = from.extent(2);
    int width = from.extent(3);
    for (int output = 0; output < to.size(); output++) {
      int channel = output / (to.extent(2) * to.extent(3));
      int row = output / to.extent(3) % to.extent(2);
      int column = output % to.extent(3);
      for (int index = 0; index < window.height() * window.width(); index++) {
        int y = row * window.strideY() + index / window.width() * window.dilationY() - window.top();
        int x =
            column * window.strideX() + index % window.width() * window.dilationX() - window.left();
        boolean inside = y >= 0 && y < height && x >= 0 && x < width;
        boolean beyond = y >= height + window.bottom() || x >= width + window.right();
        if (inside) {
          taps.add(new Tap(output, (channel * height + y) * width + x, index));
        } else if (padding && !beyond) {
          taps.add(new Tap(output, -1, index));
        }
      }
    }
    return taps;
  }

  private static List<Tap> evenWindows(Shape from, Shape to) {
    var taps = new ArrayList<Tap>();
    int height = from.extent(2);
    int width = from.extent(3);
    for (int output = 0; output < to.size(); output++) {
      int channel = output / (to.extent(2) * to.extent(3));
      int row = output / to.extent(3) % to.extent(2);
      int column = output % to.extent(3);
      for (int y = row * height / to.extent(2); y * to.extent(2) < (row + 1) * height; y++) {
        for (int x = column * width / to.extent(3); x * to.extent(3) < (column + 1) * width; x++) {
          taps.add(new Tap(output, (channel * height + y) * width + x, 0));
        }
      }
    }
    return taps;
  }

  private static Value maxima(List<Tap> taps, Value x, int size) {
    double[] y = new double[size];
    double[] error = new double[size];
    Arrays.fill(y, Double.NEGATIVE_INFINITY);
    for (Tap tap : taps) {
      if (tap.input < 0) continue;
      y[tap.output] = Math.max(y[tap.output], x.values[tap.input]);
      error[tap.output] = Math.max(error[tap.output], x.errors[tap.input]);
    }
    return new Value(y, error);
  }

  private static Value means(List<Tap> taps, boolean countPadding, Value x, int size) {
    double[] y = new double[size];
    double[] error = new double[size];
    double[] magnitude = new double[size];
    int[] count = new int[size];
    for (Tap tap : taps) {
      if (tap.input < 0 && !countPadding) continue;
      count[tap.output]++;
      if (tap.input < 0) continue;
      y[tap.output] += x.values[tap.input];
      error[tap.output] += x.errors[tap.input];
      magnitude[tap.output] += Math.abs(x.values[tap.input]);
    }
    int most = 0;
    for (int i = 0; i < size; i++) {
      y[i] /= count[i];
      error[i] /= count[i];
      magnitude[i] /= count[i];
      most = Math.max(most, count[i]);
    }
    return rounded(y, error, magnitude, most + 2);
  }

  private static Value sum(List<Value> inputs) {
    int size = inputs.getFirst().values.length;
    double[] y = new double[size];
    double[] error = new double[size];
    double[] magnitude = new double[size];
    for (Value input : inputs) {
      for (int i = 0; i < size; i++) {
        y[i] += input.values[i];
        error[i] += input.errors[i];
        magnitude[i] += Math.abs(input.values[i]);
      }
    }
    return rounded(y, error, magnitude, inputs.size());
  }

  private static Value product(Value a, Value b, Shape ofA, Shape ofB) {
    if (ofA.size() < ofB.size()) return product(b, a, ofB, ofA);
    int repeat = ofA.size() / ofB.size();
    double[] y = new double[a.values.length];
    double[] error = new double[y.length];
    double[] magnitude = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      int j = i / repeat;
      y[i] = a.values[i] * b.values[j];
      magnitude[i] = Math.abs(y[i]);
      error[i] =
          Math.abs(a.values[i]) * b.errors[j] + (Math.abs(b.values[j]) + b.errors[j]) * a.errors[i];
    }
    return rounded(y, error, magnitude, 1);
  }

  /** Along the channels; one image is one piece. */
  private static Value joined(List<Value> inputs) {
    return new Value(
        inputs.stream().flatMapToDouble(input -> Arrays.stream(input.values)).toArray(),
        inputs.stream().flatMapToDouble(input -> Arrays.stream(input.errors)).toArray());
  }

  private static Value padded(Pad pad, Shape from, Shape to, Value x) {
    double[] y = new double[to.size()];
    double[] error = new double[to.size()];
    Arrays.fill(y, pad.value());
    for (int i = 0; i < x.values.length; i++) {
      int column = i % from.extent(3) + pad.before().get(3);
      int row = i / from.extent(3) % from.extent(2) + pad.before().get(2);
      int channel = i / from.extent(3) / from.extent(2) + pad.before().get(1);
      int at = (channel * to.extent(2) + row) * to.extent(3) + column;
      y[at] = x.values[i];
      error[at] = x.errors[i];
    }
    return new Value(y, error);
  }

  private static Value sliced(Slice slice, Shape from, Shape to, Value x) {
    double[] y = new double[to.size()];
    double[] error = new double[to.size()];
    for (int i = 0; i < y.length; i++) {
      int column = slice.starts().get(3) + i % to.extent(3) * slice.steps().get(3);
      int row = slice.starts().get(2) + i / to.extent(3) % to.extent(2) * slice.steps().get(2);
      int channel = slice.starts().get(1) + i / to.extent(3) / to.extent(2) * slice.steps().get(1);
      int at = (channel * from.extent(2) + row) * from.extent(3) + column;
      y[i] = x.values[at];
      error[i] = x.errors[at];
    }
    return new Value(y, error);
  }

  /** Returns for each window of a max pool the position of its first maximum. */
  static int[] firstMaxima(MaxPool2d max, Shape from, Shape to, double[] x) {
    int[] first = new int[to.size()];
    Arrays.fill(first, -1);
    for (Tap tap : windows(max.pool().window(), false, from, to)) {
      int best = first[tap.output];
      if (best < 0 || x[tap.input] > x[best]) first[tap.output] = tap.input;
    }
    return first;
  }

  /** Adds an operation's own rounding to the error it was handed. */
  private static Value rounded(double[] y, double[] error, double[] magnitude, int roundings) {
    double largest = 0;
    for (int i = 0; i < y.length; i++) {
      error[i] += roundings * (U * (magnitude[i] + error[i]) + SMALLEST_NORMAL);
      largest = Math.max(largest, magnitude[i]);
    }
    return new Value(y, error, largest);
  }
}
