package dev.hedgerow.benchmark;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.weights.OnnxModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;

/**
 * Times every convolution of an ONNX model by itself, {@code MODEL.onnx [threads] [rounds]}: all of
 * them once a round, so that each finds the caches as it does in the network. Prints, for each kind
 * of layer, how many there are, the median time of one and what that is in GFLOP/s of the direct
 * algorithm, with the default kernels and with the exact ones.
 */
final class LayerBenchmark {
  private LayerBenchmark() {}

  public static void main(String[] arguments) throws Exception {
    Graph graph = OnnxModel.read(Path.of(arguments[0])).graph();
    int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
    int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 20;
    try (var pool = new ForkJoinPool(threads)) {
      Engine fast = threads == 1 ? Engine.sequential() : Engine.parallel(pool);
      run(graph, List.of(fast, fast.exact()), rounds);
    }
  }

  private static void run(Graph graph, List<Engine> engines, int rounds) {
    Map<String, List<Node>> kinds = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (!(node.layer() instanceof Conv2d)) continue;
      kinds.computeIfAbsent(kind(node), kind -> new ArrayList<>()).add(node);
    }
    Map<Shape, Tensor> inputs = new LinkedHashMap<>();
    double[][][] times = new double[engines.size()][graph.nodes().size()][rounds];
    for (int round = -rounds; round < rounds; round++) {
      for (int e = 0; e < engines.size(); e++) {
        for (Node node : graph.nodes()) {
          if (!(node.layer() instanceof Conv2d(Convolution convolution))) continue;
          Tensor x = inputs.computeIfAbsent(node.input().shape(), LayerBenchmark::random);
          long start = System.nanoTime();
          convolution.apply(engines.get(e), x);
          if (round >= 0) times[e][node.index()][round] = (System.nanoTime() - start) / 1e6;
        }
      }
    }
    System.out.printf(
        "%-58s %3s %9s %7s %9s %7s%n", "layer", "n", "ms", "GF/s", "exact ms", "GF/s");
    double[] totals = new double[engines.size()];
    for (var kind : kinds.entrySet()) {
      List<Node> nodes = kind.getValue();
      var line = new StringBuilder("%-58s %3d".formatted(kind.getKey(), nodes.size()));
      for (int e = 0; e < engines.size(); e++) {
        double sum = 0;
        for (Node node : nodes) {
          Arrays.sort(times[e][node.index()]);
          sum += times[e][node.index()][rounds / 2];
        }
        totals[e] += sum;
        double flops = 2.0 * nodes.size() * multiplications(nodes.getFirst());
        line.append(" %9.3f %7.0f".formatted(sum / nodes.size(), flops / sum / 1e6));
      }
      System.out.println(line);
    }
    System.out.printf("all: %.1f ms, exact %.1f ms%n", totals[0], totals[1]);
  }

  private static double multiplications(Node node) {
    Convolution convolution = ((Conv2d) node.layer()).convolution();
    Shape weight = convolution.weight().shape();
    return (double) node.shape().size() * weight.size() / weight.extent(0);
  }

  private static String kind(Node node) {
    Convolution convolution = ((Conv2d) node.layer()).convolution();
    return "%s to %s, weight %s, stride %d"
        .formatted(
            node.input().shape(),
            node.shape(),
            convolution.weight().shape(),
            convolution.window().strideY());
  }

  private static Tensor random(Shape shape) {
    var random = new Random(1);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = Math.max(0, (float) random.nextGaussian());
    return Tensor.of(shape, values);
  }
}
