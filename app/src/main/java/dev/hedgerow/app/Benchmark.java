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
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Times one network: medians of warm runs that alternate with those of a peer. */
final class Benchmark {
  /**
   * Forward runs of a turn, the last of which is timed: after the pause before it, threads wake,
   * clocks rise and weights come near during the others.
   */
  private static final int TURN = 5;

  /** Milliseconds of turns before those that are timed: code is compiled after hundreds of runs. */
  private static final double WARM_UP = 5_000;

  /** How often the resident size of another process is looked at, in milliseconds. */
  private static final int LOOK = 50;

  private final Graph graph;
  private final Supplier<Engine> engines;
  private final int threads;
  private final int rounds;
  private final Tensor x;

  /** Returns the milliseconds of one run. */
  private interface Turn {
    double run() throws Failure;
  }

  /** What is timed. */
  enum Task {
    FORWARD("forward"),
    EXPLAIN("explain"),
    NEXT_TARGET("next-target"),
    COLD("cold");

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
   * @param side height of the images
   * @param resident our process' largest resident size so far, earlier rows included, in MiB; NaN
   *     where the system does not say, and where the process has loaded a peer before
   */
  record Row(
      String model,
      Task task,
      int threads,
      int batch,
      int side,
      double ours,
      double peer,
      double resident) {
    /** Returns the peer's time divided by ours; NaN where there is none. */
    double ratio() {
      return peer / ours;
    }
  }

  /**
   * @param engines makes an engine for each row: no row has memory that another one left
   * @param threads of each engine
   * @param rounds how many warm runs are timed
   * @param batch how many images a run has
   */
  Benchmark(Graph graph, Supplier<Engine> engines, int threads, int rounds, int batch) {
    this.graph = graph;
    this.engines = engines;
    this.threads = threads;
    this.rounds = rounds;
    Shape shape = graph.input().shape().with(0, batch);
    var random = new SplittableRandom(1);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    this.x = Tensor.of(shape, pixels);
  }

  /**
   * Times a warm task.
   *
   * @param compared what ONNX Runtime is to run, for {@link Task#FORWARD}; null for nothing
   */
  Row time(Task task, @Nullable Path compared) throws Failure {
    Engine engine = engines.get();
    return switch (task) {
      case FORWARD -> {
        Turn ours = () -> forward(engine);
        if (compared == null) yield row(task, medians(List.of(ours))[0], Double.NaN, resident());
        // A process is as large as both, once the peer is loaded.
        warmUp(List.of(ours));
        double resident = resident();
        try (var peer = new OnnxRuntime(compared, threads, x)) {
          double[] medians = medians(List.of(ours, () -> forward(peer)));
          yield row(task, medians[0], medians[1], resident);
        }
      }
      case EXPLAIN -> {
        double median = medians(List.of(() -> explain(engine, 1)))[0];
        yield row(task, median, Double.NaN, resident());
      }
      case NEXT_TARGET -> {
        double[] medians = medians(List.of(() -> explain(engine, 1), () -> explain(engine, 2)));
        yield row(task, medians[1] - medians[0], Double.NaN, resident());
      }
      case COLD -> throw new IllegalArgumentException("cold is not warm");
    };
  }

  private double forward(Engine engine) {
    for (int run = 1; run < TURN; run++) graph.run(engine, x);
    long start = System.nanoTime();
    graph.run(engine, x);
    return since(start);
  }

  private static double forward(OnnxRuntime peer) throws Failure {
    for (int run = 1; run < TURN; run++) peer.run();
    double time = peer.run();
    peer.rest();
    return time;
  }

  /** The whole of an explanation: forward pass, gradients and relevance walk. */
  private double explain(Engine engine, int targets) {
    long start = System.nanoTime();
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Request[] requests = new Request[targets];
    for (int target = 0; target < targets; target++) {
      requests[target] = new Request(target, options);
    }
    try (Engine.Lease lease = engine.lease()) {
      Node[] kept = hedge.keeps(graph, options).toArray(Node[]::new);
      Recording recording = graph.record(lease.engine(), x, kept);
      hedge.explainAll(lease.engine(), recording, List.of(requests));
    }
    return since(start);
  }

  /** Returns the median time of each of several turns, which alternate. */
  private double[] medians(List<Turn> turns) throws Failure {
    warmUp(turns);
    double[][] times = new double[turns.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int turn = 0; turn < times.length; turn++) times[turn][round] = turns.get(turn).run();
    }
    return Arrays.stream(times).mapToDouble(Benchmark::median).toArray();
  }

  private static void warmUp(List<Turn> turns) throws Failure {
    for (long start = System.nanoTime(); since(start) < WARM_UP; ) {
      for (Turn turn : turns) turn.run();
    }
  }

  private static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /**
   * Times {@code hedgerow explain} in processes of their own, five at most, after one that puts the
   * file in the page cache and leaves what the launcher keeps of a first run.
   *
   * @param model ONNX file
   */
  Row cold(Path model) throws Failure {
    double[] times = new double[Math.min(rounds, 5)];
    double resident = Double.NaN;
    try {
      Path folder = Files.createTempDirectory("hedgerow-bench");
      try {
        Path picture = folder.resolve("picture.png");
        ImageIO.write(picture(), "png", picture.toFile());
        List<String> command = new ArrayList<>(hedgerow());
        command.addAll(List.of("explain", "--model", model.toString()));
        command.addAll(List.of("--threads", Integer.toString(threads)));
        command.addAll(List.of("--out", folder.toString(), picture.toString()));
        for (int round = -1; round < times.length; round++) {
          long start = System.nanoTime();
          Process process =
              new ProcessBuilder(command)
                  .redirectErrorStream(true)
                  .redirectOutput(folder.resolve("log").toFile())
                  .start();
          try {
            do {
              double now = resident(process.pid());
              // A process that has just ended has none.
              if (!Double.isNaN(now)) resident = now;
            } while (!process.waitFor(LOOK, TimeUnit.MILLISECONDS));
          } finally {
            // Of an interrupted benchmark; its folder can go when it has ended.
            process.destroyForcibly();
            process.onExit().join();
          }
          if (round >= 0) times[round] = since(start);
          if (process.exitValue() != 0) {
            throw new Failure("cold: " + Files.readString(folder.resolve("log")).strip());
          }
        }
      } finally {
        delete(folder);
      }
    } catch (IOException wrong) {
      throw new Failure("cold: " + UserFiles.reason(wrong), wrong);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", interrupted);
    }
    return row(Task.COLD, median(times), Double.NaN, resident);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }

  /** The command that started this program: the launcher, or Java with its options. */
  private static List<String> hedgerow() {
    String launcher = System.getProperty("hedgerow.launcher");
    if (launcher != null) return List.of(launcher);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    return command;
  }

  private BufferedImage picture() {
    var picture = new BufferedImage(side(), side(), BufferedImage.TYPE_INT_RGB);
    var random = new SplittableRandom(1);
    for (int y = 0; y < side(); y++) {
      for (int x = 0; x < side(); x++) picture.setRGB(x, y, random.nextInt(1 << 24));
    }
    return picture;
  }

  private int side() {
    return x.shape().extent(2);
  }

  private Row row(Task task, double ours, double peer, double resident) {
    return new Row(graph.name(), task, threads, x.shape().extent(0), side(), ours, peer, resident);
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  /** Returns the largest resident size so far of this process, in MiB, while it is ours alone. */
  private static double resident() {
    return OnnxRuntime.wasLoaded() ? Double.NaN : resident(ProcessHandle.current().pid());
  }

  /** Returns the largest resident size so far of a process, in MiB. */
  private static double resident(long process) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + process + "/status"))) {
        if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    } catch (IOException elsewhere) {
      // Only Linux has it, and only while the process runs.
    }
    return Double.NaN;
  }
}
