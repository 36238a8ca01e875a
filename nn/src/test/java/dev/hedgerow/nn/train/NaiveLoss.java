package dev.hedgerow.nn.train;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Relu;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The loss of a batch in double precision, by plain loops over the definitions. */
final class NaiveLoss {
  private final Graph graph;
  private final Map<String, double[]> parameters;
  private final int images;

  NaiveLoss(Graph graph, Map<String, double[]> parameters, int images) {
    this.graph = graph;
    this.parameters = parameters;
    this.images = images;
  }

  /** Returns the mean loss. */
  double of(double[] x, double[] targets, Loss loss) {
    Map<Node, double[]> values = new HashMap<>();
    for (Node node : graph.nodes()) values.put(node, forward(node, values, x));
    double[] y = Objects.requireNonNull(values.get(graph.logits()));
    int classes = y.length / images;
    double sum = 0;
    for (int n = 0; n < images; n++) {
      double partition = 0;
      for (int c = 0; c < classes; c++) partition += Math.exp(y[n * classes + c]);
      for (int c = 0; c < classes; c++) {
        double logit = y[n * classes + c];
        double t = targets[n * classes + c];
        sum +=
            switch (loss) {
              case SIGMOID_CROSS_ENTROPY ->
                  -t * Math.log(1 / (1 + Math.exp(-logit)))
                      - (1 - t) * Math.log(1 / (1 + Math.exp(logit)));
              case SOFTMAX_CROSS_ENTROPY -> -t * Math.log(Math.exp(logit) / partition);
            };
      }
    }
    return sum / images;
  }

  private double[] forward(Node node, Map<Node, double[]> values, double[] picture) {
    if (node.layer() instanceof Input) return picture;
    double[] x = Objects.requireNonNull(values.get(node.inputs().getFirst()));
    Shape in = node.inputs().getFirst().shape();
    return switch (node.layer()) {
      case Conv2d conv -> convolve(node, conv.convolution(), x, in);
      case BatchNorm norm -> normalize(node, norm, x, in);
      case Relu relu -> {
        double[] y = x.clone();
        for (int i = 0; i < y.length; i++) y[i] = Math.max(y[i], 0);
        yield y;
      }
      case Add add -> {
        double[] other = Objects.requireNonNull(values.get(node.inputs().get(1)));
        double[] y = x.clone();
        for (int i = 0; i < y.length; i++) y[i] += other[i];
        yield y;
      }
      case AdaptiveAveragePool2d pool -> {
        int area = in.extent(2) * in.extent(3);
        double[] y = new double[x.length / area];
        for (int i = 0; i < x.length; i++) y[i / area] += x[i] / area;
        yield y;
      }
      case Flatten flatten -> x;
      case Linear linear -> multiply(node, x, in.extent(1), node.shape().extent(1));
      default -> throw new IllegalArgumentException(node.toString());
    };
  }

  private double[] convolve(Node node, Convolution convolution, double[] x, Shape in) {
    double[] w = parameter(node, "weight");
    double[] b = parameters.get(node.name() + ".bias");
    Window window = convolution.window();
    Shape out = node.shape();
    int inputs = in.extent(1);
    int outputs = out.extent(1);
    int perGroup = inputs / convolution.groups();
    double[] y = new double[images * out.size()];
    int at = 0;
    for (int n = 0; n < images; n++) {
      for (int o = 0; o < outputs; o++) {
        int firstInput = o / (outputs / convolution.groups()) * perGroup;
        for (int r = 0; r < out.extent(2); r++) {
          for (int c = 0; c < out.extent(3); c++, at++) {
            if (b != null) y[at] = b[o];
            for (int i = 0; i < perGroup; i++) {
              for (int k = 0; k < window.height(); k++) {
                for (int l = 0; l < window.width(); l++) {
                  int row = r * window.strideY() + k * window.dilationY() - window.top();
                  int column = c * window.strideX() + l * window.dilationX() - window.left();
                  if (row < 0 || row >= in.extent(2)) continue;
                  if (column < 0 || column >= in.extent(3)) continue;
                  y[at] +=
                      w[((o * perGroup + i) * window.height() + k) * window.width() + l]
                          * x[
                              ((n * inputs + firstInput + i) * in.extent(2) + row) * in.extent(3)
                                  + column];
                }
              }
            }
          }
        }
      }
    }
    return y;
  }

  private double[] normalize(Node node, BatchNorm norm, double[] x, Shape in) {
    double[] scale = parameter(node, "weight");
    double[] shift = parameter(node, "bias");
    int channels = in.extent(1);
    int area = in.extent(2) * in.extent(3);
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    double count = (double) images * area;
    for (int i = 0; i < x.length; i++) mean[i / area % channels] += x[i] / count;
    for (int i = 0; i < x.length; i++) {
      int c = i / area % channels;
      variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / count;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i / area % channels;
      double root = Math.sqrt(variance[c] + norm.normalization().epsilon());
      y[i] = scale[c] * (x[i] - mean[c]) / root + shift[c];
    }
    return y;
  }

  private double[] multiply(Node node, double[] x, int inputs, int outputs) {
    double[] w = parameter(node, "weight");
    double[] b = parameter(node, "bias");
    double[] y = new double[images * outputs];
    for (int n = 0; n < images; n++) {
      for (int o = 0; o < outputs; o++) {
        y[n * outputs + o] = b[o];
        for (int i = 0; i < inputs; i++)
          y[n * outputs + o] += w[o * inputs + i] * x[n * inputs + i];
      }
    }
    return y;
  }

  private double[] parameter(Node node, String name) {
    return Objects.requireNonNull(parameters.get(node.name() + "." + name), name);
  }
}
