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
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Times one network: medians of warm runs, of all tasks and of a peer in turns. */
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
  private final List<Integer> batches;

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
   * @param resident our process' largest resident size up to the end of the row's warm-up, rows
   *     before included, in MiB; NaN where the system does not say, and where the process has
   *     loaded a peer before
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
   * @param engines makes an engine for explanations and for each batch: none works in memory that
   *     another one left
   * @param threads of each engine
   * @param rounds how many warm runs are timed
   * @param batches how many images a forward run has
   */
  Benchmark(Graph graph, Supplier<Engine> engines, int threads, int rounds, List<Integer> batches) {
    this.graph = graph;
    this.engines = engines;
    this.threads = threads;
    this.rounds = rounds;
    this.batches = batches;
  }

  /** One of those that take turns. */
  private final class Timed {
    private final Run run;
    private final double[] times = new double[rounds];

    /** The process' largest resident size so far, when it is warm. */
    private double resident = Double.NaN;

    Timed(Run run) {
      this.run = run;
    }

    void warmUp() throws Failure {
      for (long start = System.nanoTime(); since(start) < WARM_UP; ) run.milliseconds();
      resident = resident();
    }

    double median() {
      return Benchmark.median(times);
    }
  }

  private interface Run {
    double milliseconds() throws Failure;
  }

  /**
   * Times warm tasks. All of them take turns, as the machine may be slower from one minute to the
   * next: what one row has in terms of another depends less on when they were timed.
   *
   * @param tasks without {@link Task#COLD}
   * @param compared what ONNX Runtime is to run, for {@link Task#FORWARD}; null for nothing
   * @return a row for each batch of forward runs, and one for each other task
   */
  List<Row> warm(Set<Task> tasks, @Nullable Path compared) throws Failure {
    List<Tensor> inputs = new ArrayList<>();
    List<Timed> forward = new ArrayList<>();
    if (tasks.contains(Task.FORWARD)) {
      for (int batch : batches) {
        Engine engine = engines.get();
        Tensor x = gaussians(batch);
        inputs.add(x);
        forward.add(new Timed(() -> forward(engine, x)));
      }
    }
    Engine engine = engines.get();
    Tensor image = gaussians(1);
    var one =
        new Timed(
            () -> {
              explain(engine, image, 1); // As with two, one that is timed follows another.
              return explain(engine, image, 1);
            });
    var two = new Timed(() -> explain(engine, image, 2));
    boolean next = tasks.contains(Task.NEXT_TARGET);
    List<Timed> explain =
        next ? List.of(one, two) : tasks.contains(Task.EXPLAIN) ? List.of(one) : List.of();
    for (Timed timed : concat(forward, explain)) timed.warmUp();

    List<Timed> peers = new ArrayList<>();
    if (compared == null || inputs.isEmpty()) {
      takeTurns(concat(forward, explain));
    } else {
      // Loaded last: from then on the process is as large as both.
      try (var peer = new OnnxRuntime(compared, threads, inputs)) {
        List<Timed> turns = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
          int input = i;
          peers.add(new Timed(() -> forward(peer, input)));
          peers.getLast().warmUp();
          turns.addAll(List.of(forward.get(i), peers.getLast()));
        }
        takeTurns(concat(turns, explain));
      }
    }

    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < forward.size(); i++) {
      Timed ours = forward.get(i);
      double peer = peers.isEmpty() ? Double.NaN : peers.get(i).median();
      rows.add(row(Task.FORWARD, batches.get(i), ours.median(), peer, ours.resident));
    }
    if (tasks.contains(Task.EXPLAIN)) {
      rows.add(row(Task.EXPLAIN, 1, one.median(), Double.NaN, one.resident));
    }
    if (next) {
      double more = two.median() - one.median();
      rows.add(row(Task.NEXT_TARGET, 1, more, Double.NaN, two.resident));
    }
    return rows;
  }

  private void takeTurns(List<Timed> turns) throws Failure {
    for (int round = 0; round < rounds; round++) {
      for (Timed timed : turns) timed.times[round] = timed.run.milliseconds();
    }
  }

  private static List<Timed> concat(List<Timed> some, List<Timed> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  private Tensor gaussians(int images) {
    Shape shape = graph.input().shape().with(0, images);
    var random = new SplittableRandom(1);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    return Tensor.of(shape, pixels);
  }

  private double forward(Engine engine, Tensor x) {
    for (int run = 1; run < TURN; run++) graph.run(engine, x);
    long start = System.nanoTime();
    graph.run(engine, x);
    return since(start);
  }

  private static double forward(OnnxRuntime peer, int input) throws Failure {
    for (int run = 1; run < TURN; run++) peer.run(input);
    double time = peer.run(input);
    peer.rest();
    return time;
  }

  /** The whole of an explanation: forward pass, gradients and relevance walk. */
  private double explain(Engine engine, Tensor x, int targets) {
    long start = System.nanoTime();
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Request[] requests = new Request[targets];
    for (int target = 0; target < targets; target++) {
      requests[target] = new Request(target, options);
    }
    try (Engine.Lease lease = engine.lease()) {
      Set<Node> kept = hedge.keeps(graph, options);
      Recording recording = graph.record(lease.engine(), x, kept);
      hedge.explainAll(lease.engine(), recording, List.of(requests));
    }
    return since(start);
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
    try (var folder = TemporaryFolder.make()) {
      Path picture = folder.path().resolve("picture.png");
      Path log = folder.path().resolve("log");
      ImageIO.write(picture(), "png", picture.toFile());
      List<String> command = new ArrayList<>(hedgerow());
      command.addAll(List.of("explain", "--model", model.toString()));
      command.addAll(List.of("--threads", Integer.toString(threads)));
      command.addAll(List.of("--out", folder.path().toString(), picture.toString()));
      for (int round = -1; round < times.length; round++) {
        long start = System.nanoTime();
        Process process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
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
        if (process.exitValue() != 0) throw new Failure("cold: " + Files.readString(log).strip());
      }
    } catch (IOException wrong) {
      throw new Failure("cold: " + UserFiles.reason(wrong), wrong);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", interrupted);
    }
    return row(Task.COLD, 1, median(times), Double.NaN, resident);
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
    return graph.input().shape().extent(2);
  }

  private Row row(Task task, int batch, double ours, double peer, double resident) {
    return new Row(graph.name(), task, threads, batch, side(), ours, peer, resident);
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
