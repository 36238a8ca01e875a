package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Attributor.Request;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** Times one network: medians of warm runs that alternate with those of a peer. */
final class Benchmark {
  private final String model;
  private final Graph graph;
  private final Engine engine;
  private final int rounds;
  private final Tensor x;

  /** What is timed. */
  enum Task {
    FORWARD("forward"),
    EXPLAIN("explain"),
    NEXT_TARGET("next-target");

    private final String label;

    Task(String label) {
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * A line of the table.
   *
   * @param ours milliseconds
   * @param peer milliseconds; NaN where there is none
   * @param resident the process' largest resident size so far, in MiB; NaN where the system does
   *     not say
   */
  record Row(
      String model, Task task, int threads, int batch, double ours, double peer, double resident) {
    /** Returns the peer's time divided by ours; NaN where there is none. */
    double ratio() {
      return peer / ours;
    }
  }

  /**
   * @param rounds how many warm runs are timed; half as many go before
   * @param batch how many images a run has
   */
  Benchmark(String model, Graph graph, Engine engine, int rounds, int batch) {
    this.model = model;
    this.graph = graph;
    this.engine = engine;
    this.rounds = rounds;
    Shape shape = graph.input().shape().with(0, batch);
    var random = new SplittableRandom(1);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    this.x = Tensor.of(shape, pixels);
  }

  /** Returns the images the network is run on. */
  Tensor images() {
    return x;
  }

  /**
   * Times a task.
   *
   * @param peer for {@link Task#FORWARD}; null for none
   */
  Row time(Task task, @Nullable OnnxRuntime peer) throws Failure {
    return switch (task) {
      case FORWARD -> forward(peer);
      case EXPLAIN -> row(task, median(List.of(() -> explain(1)))[0], Double.NaN);
      case NEXT_TARGET -> {
        double[] medians = median(List.of(() -> explain(1), () -> explain(2)));
        yield row(task, medians[1] - medians[0], Double.NaN);
      }
    };
  }

  private Row forward(@Nullable OnnxRuntime peer) throws Failure {
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    for (int round = -rounds / 2; round < rounds; round++) {
      long start = System.nanoTime();
      graph.run(engine, x);
      double time = since(start);
      double other = peer == null ? Double.NaN : peer.run();
      if (round < 0) continue;
      ours[round] = time;
      theirs[round] = other;
    }
    return row(Task.FORWARD, median(ours), median(theirs));
  }

  /** The whole of an explanation: forward pass, gradients and relevance walk. */
  private double explain(int targets) {
    long start = System.nanoTime();
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Recording recording = graph.record(engine, x, hedge.keeps(graph, options).toArray(Node[]::new));
    Request[] requests = new Request[targets];
    for (int target = 0; target < targets; target++) {
      requests[target] = new Request(target, options);
    }
    hedge.explainAll(engine, recording, List.of(requests));
    return since(start);
  }

  /** The medians of timed runs, which alternate. */
  private double[] median(List<DoubleSupplier> runs) {
    double[][] times = new double[runs.size()][rounds];
    for (int round = -rounds / 2; round < rounds; round++) {
      for (int run = 0; run < times.length; run++) {
        double time = runs.get(run).getAsDouble();
        if (round >= 0) times[run][round] = time;
      }
    }
    return Arrays.stream(times).mapToDouble(Benchmark::median).toArray();
  }

  private static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private Row row(Task task, double ours, double peer) {
    return new Row(model, task, engine.threads(), x.shape().extent(0), ours, peer, resident());
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  private static double resident() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    } catch (IOException elsewhere) {
      // Only Linux has it.
    }
    return Double.NaN;
  }
}
