package dev.hedgerow.nn;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The gradient of a logit once more: one image, row-major arrays, double precision, plain loops. A
 * network of ReLUs and maxima is linear where no activation changes sign and no maximum its place;
 * this is the gradient of the linear piece that a recording, made in float32, lies in.
 */
final class NaiveGradient {
  private NaiveGradient() {}

  /** Returns {@code ∂logits[target] / ∂image}, row-major. */
  static double[] of(Recording recording, int target) {
    Graph graph = recording.graph();
    var gradients = new HashMap<Node, double[]>();
    double[] seed = new double[graph.logits().shape().size()];
    seed[target] = 1;
    gradients.put(graph.logits(), seed);
    for (int n = graph.logits().index(); n > 0; n--) {
      Node node = graph.nodes().get(n);
      double[] g = gradients.remove(node);
      if (g == null) continue;
      List<double[]> passed = pass(recording, node, g);
      for (int k = 0; k < passed.size(); k++) {
        gradients.merge(node.inputs().get(k), passed.get(k), NaiveGradient::sum);
      }
    }
    return Objects.requireNonNull(gradients.get(graph.input()));
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < sum.length; i++) sum[i] = a[i] + b[i];
    return sum;
  }

  private static List<double[]> pass(Recording recording, Node node, double[] g) {
    Shape from = node.inputs().getFirst().shape();
    Shape to = node.shape();
    return switch (node.layer()) {
      case Conv2d conv -> List.of(convolution(conv.convolution(), from, to, g));
      case Linear linear -> List.of(dense(linear.dense().weight().toArray(), from.size(), g));
      case BatchNorm norm -> List.of(scaled(g, norm.normalization().factor()));
      case Affine affine -> List.of(scaled(g, affine.scale().toArray()));
      case Relu relu -> List.of(within(g, recording.tensor(node), 0, Float.POSITIVE_INFINITY));
      case Clip clip -> List.of(within(g, recording.tensor(node), clip.low(), clip.high()));
      case MaxPool2d max -> {
        float[] x = recording.output(node.inputs().getFirst()).toArray();
        yield List.of(maxima(max.pool().window(), from, to, x, g));
      }
      case AveragePool2d average ->
          List.of(means(average.pool().window(), average.pool().countPadding(), from, to, g));
      case AdaptiveAveragePool2d average -> List.of(evenMeans(from, to, g));
      case Add add -> node.inputs().stream().map(input -> g).toList();
      case Concat concat -> parts(node.inputs(), g);
      case Flatten flatten -> List.of(g);
      case Identity identity -> List.of(g);
      default -> throw new IllegalArgumentException("no naive gradient for " + node);
    };
  }

  private static double[] convolution(Convolution convolution, Shape from, Shape to, double[] g) {
    Window window = convolution.window();
    float[] w = convolution.weight().toArray();
    int inputs = from.extent(1) / convolution.groups();
    int outputs = to.extent(1) / convolution.groups();
    int taps = window.height() * window.width();
    double[] x = new double[from.size()];
    IntStream.range(0, from.extent(1))
        .parallel()
        .forEach(
            channel -> {
              int i = channel % inputs;
              for (int o = channel / inputs * outputs; o < (channel / inputs + 1) * outputs; o++) {
                for (int tap = 0; tap < taps; tap++) {
                  spread(window, tap, from, to, w[(o * inputs + i) * taps + tap], g, o, x, channel);
                }
              }
            });
    return x;
  }

  /** Adds w times what plane o of g holds to the pixels of plane c of x that a tap reads. */
  private static void spread(
      Window window,
      int tap,
      Shape from,
      Shape to,
      double w,
      double[] g,
      int o,
      double[] x,
      int c) {
    int dy = tap / window.width() * window.dilationY() - window.top();
    int dx = tap % window.width() * window.dilationX() - window.left();
    int width = from.extent(3);
    int first = Math.max(0, Math.ceilDiv(-dx, window.strideX()));
    int last = Math.min(to.extent(3) - 1, Math.floorDiv(width - 1 - dx, window.strideX()));
    for (int row = 0; row < to.extent(2); row++) {
      int y = row * window.strideY() + dy;
      if (y < 0 || y >= from.extent(2)) continue;
      int source = (o * to.extent(2) + row) * to.extent(3);
      int target = (c * from.extent(2) + y) * width + dx;
      for (int column = first; column <= last; column++) {
        x[target + column * window.strideX()] += w * g[source + column];
      }
    }
  }

  private static double[] dense(float[] w, int inputs, double[] g) {
    double[] x = new double[inputs];
    for (int o = 0; o < g.length; o++) {
      for (int i = 0; i < inputs; i++) x[i] += w[o * inputs + i] * g[o];
    }
    return x;
  }

  private static double[] scaled(double[] g, float[] scale) {
    double[] x = new double[g.length];
    int area = g.length / scale.length;
    for (int i = 0; i < x.length; i++) x[i] = scale[i / area] * g[i];
    return x;
  }

  private static double[] within(double[] g, Tensor output, float low, float high) {
    float[] y = output.toArray();
    double[] x = new double[g.length];
    for (int i = 0; i < x.length; i++) x[i] = y[i] > low && y[i] < high ? g[i] : 0;
    return x;
  }

  private static double[] maxima(Window window, Shape from, Shape to, float[] values, double[] g) {
    double[] x = new double[from.size()];
    for (int o = 0; o < g.length; o++) {
      int best = -1;
      for (int tap = 0; tap < window.height() * window.width(); tap++) {
        int at = pixel(window, tap, from, to, o);
        if (at >= 0 && (best < 0 || values[at] > values[best])) best = at;
      }
      x[best] += g[o];
    }
    return x;
  }

  private static double[] means(Window window, boolean padding, Shape from, Shape to, double[] g) {
    double[] x = new double[from.size()];
    int taps = window.height() * window.width();
    for (int o = 0; o < g.length; o++) {
      int count = 0;
      for (int tap = 0; tap < taps; tap++) {
        if (padding || pixel(window, tap, from, to, o) >= 0) count++;
      }
      for (int tap = 0; tap < taps; tap++) {
        int at = pixel(window, tap, from, to, o);
        if (at >= 0) x[at] += g[o] / count;
      }
    }
    return x;
  }

  /** Returns the row-major position of a pixel of the window of output o, or −1 in the padding. */
  private static int pixel(Window window, int tap, Shape from, Shape to, int o) {
    int y =
        o / to.extent(3) % to.extent(2) * window.strideY()
            + tap / window.width() * window.dilationY()
            - window.top();
    int x =
        o % to.extent(3) * window.strideX()
            + tap % window.width() * window.dilationX()
            - window.left();
    if (y < 0 || y >= from.extent(2) || x < 0 || x >= from.extent(3)) return -1;
    return (o / to.extent(3) / to.extent(2) * from.extent(2) + y) * from.extent(3) + x;
  }

  private static double[] evenMeans(Shape from, Shape to, double[] g) {
    double[] x = new double[from.size()];
    int height = from.extent(2);
    int width = from.extent(3);
    for (int o = 0; o < g.length; o++) {
      int row = o / to.extent(3) % to.extent(2);
      int column = o % to.extent(3);
      int top = row * height / to.extent(2);
      int bottom = Math.ceilDiv((row + 1) * height, to.extent(2));
      int left = column * width / to.extent(3);
      int right = Math.ceilDiv((column + 1) * width, to.extent(3));
      double share = g[o] / ((bottom - top) * (right - left));
      for (int y = top; y < bottom; y++) {
        for (int c = left; c < right; c++) {
          x[(o / to.extent(3) / to.extent(2) * height + y) * width + c] += share;
        }
      }
    }
    return x;
  }

  private static List<double[]> parts(List<Node> inputs, double[] g) {
    var parts = new double[inputs.size()][];
    int at = 0;
    for (int k = 0; k < parts.length; k++) {
      parts[k] = new double[inputs.get(k).shape().size()];
      System.arraycopy(g, at, parts[k], 0, parts[k].length);
      at += parts[k].length;
    }
    return List.of(parts);
  }
}
