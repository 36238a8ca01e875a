package dev.hedgerow.benchmark;

import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Times kernels on what a core's caches hold, one thread, beside the multiply-adds that the machine
 * can do: prints GFLOP/s and the fraction of that peak of those that multiply, the floats that the
 * others read and write, each once, as GB/s, and what is allocated. The convolution's kernel has
 * rows of different lengths.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 10;
  private static final int STEPS = 100_000;

  /** Columns and rows that are computed of 30×30 pixels with a border. */
  private static final int SIDE = 28;

  /** Tiles of Winograd's algorithm in a row of {@value #SIDE}. */
  private static final int TILES = SIDE / 4;

  /** Floats from a product of these tiles to the next, an odd number of cache lines. */
  private static final int PRODUCT = TILES * 16;

  /** Input channels whose weights are transformed. */
  private static final int CHANNELS = 64;

  /** Of a linear layer. */
  private static final int ROWS = 16;

  private static final int COLUMNS = 4096;

  /** Of an element-wise kernel. */
  private static final int ELEMENTS = 1 << 14;

  /**
   * What a call does.
   *
   * @param flops additions and multiplications, 0 of a kernel that is not to multiply
   * @param floats that it reads or writes
   */
  private record Work(double flops, double floats) {}

  private static final Map<String, Work> WORK =
      Map.of(
          "depthwise", new Work(2.0 * 9 * 16 * SIDE * SIDE, 0),
          "depthwiseStrided", new Work(2.0 * 9 * 16 * SIDE / 2 * SIDE / 2, 0),
          "winogradWeights", new Work(0, (9 + 36) * CHANNELS * 16),
          "winogradInput", new Work(0, (6 * (SIDE + 2) + 36 * TILES) * 16),
          "winogradOutput", new Work(0, (36 * TILES + 4 * SIDE) * 16),
          "multiplyRows", new Work(2.0 * ROWS * COLUMNS, 0),
          "correlate", new Work(2.0 * 16 * 32 * SIDE * SIDE, 0),
          "hedge", new Work(0, 5.0 * ELEMENTS),
          "windowMaxima", new Work(0, (3 * (SIDE + 1) + SIDE / 2) * 16));

  /** Rows of x and 32 outputs' weights; both fit the second level's cache. */
  @State(Scope.Thread)
  public static class Product {
    /** Rows of x; 16 are a Winograd tile's of a small image, 84 a band's. */
    @Param({"16", "84"})
    public int columns;

    /** Terms of each sum. */
    @Param({"32", "64", "256"})
    public int terms;

    private final Kernels kernels = Kernels.best();
    private final float[] x = filled(ORIGIN + 84 * Kernels.ROW);
    private final float[] w = filled(ORIGIN + 256 * 32);
    private final float[] y = new float[ORIGIN + 84 * 32];
    private final float[] bias = new float[32];
  }

  private static float[] filled(int length) {
    float[] values = new float[length];
    Arrays.fill(values, 1e-3f);
    return values;
  }

  /** What the kernels beside the convolution's read and write. */
  @State(Scope.Thread)
  public static class Arguments {
    private final Kernels kernels = Kernels.best();

    /** A block of 30×30 pixels, and of one more. */
    private final float[] pixels = filled(ORIGIN + 31 * 30 * 16);

    private final float[] others = filled(ORIGIN + 2 * SIDE * SIDE * 16);
    private final float[] u = filled(ORIGIN + ELEMENTS);
    private final float[] weights = filled(ORIGIN + ROWS * COLUMNS);
    private final float[] result = new float[ORIGIN + 36 * TILES * Kernels.ROW];
    private final float[] products = filled(ORIGIN + ELEMENTS);
    private final float[] scratch = new float[ORIGIN + 576];
    private final float[] start = new float[16];

    /** Of 3×3 weights of some channels, and of a window in 30×30 pixels. */
    private final int[] weightTaps = new int[9];

    private final int[] taps = new int[9];

    public Arguments() {
      for (int tap = 0; tap < 9; tap++) {
        weightTaps[tap] = tap * CHANNELS * 16;
        taps[tap] = (tap / 3 * 30 + tap % 3) * 16;
      }
    }
  }

  /** The kernel that forward and reverse convolutions and Winograd's products run on. */
  @Benchmark
  public float[] convolve(Product p) {
    p.kernels.convolve(
        p.x,
        ORIGIN,
        p.terms,
        p.w,
        ORIGIN,
        p.terms * 16,
        p.bias,
        0,
        p.y,
        ORIGIN,
        p.columns * 16,
        2,
        p.columns,
        null,
        0);
    return p.y;
  }

  /** 3×3 taps of a block of 28×28 pixels. */
  @Benchmark
  public float[] depthwise(Arguments a) {
    depthwise(a, 1, SIDE);
    return a.result;
  }

  /** 3×3 taps at stride 2, of 14×14 pixels. */
  @Benchmark
  public float[] depthwiseStrided(Arguments a) {
    depthwise(a, 2, SIDE / 2);
    return a.result;
  }

  private static void depthwise(Arguments a, int stride, int side) {
    a.kernels.depthwise(
        a.pixels,
        ORIGIN,
        stride * 30 * 16,
        stride * 16,
        a.taps,
        a.weights,
        ORIGIN,
        a.start,
        0,
        a.result,
        ORIGIN,
        side * 16,
        16,
        side,
        side);
  }

  /** All rows of U of 64 channels. */
  @Benchmark
  public float[] winogradWeights(Arguments a) {
    int step = CHANNELS * 16;
    for (int row = 0; row < 6; row++) {
      a.kernels.winogradWeights(
          a.weights, ORIGIN, a.weightTaps, CHANNELS, row, a.result, ORIGIN + 6 * row * step, step);
    }
    return a.result;
  }

  /** A row of tiles. */
  @Benchmark
  public float[] winogradInput(Arguments a) {
    for (int tile = 0; tile < TILES; tile++) {
      int at = ORIGIN + tile * 4 * 16;
      int to = ORIGIN + tile * Kernels.ROW;
      a.kernels.winogradInput(a.pixels, at, 30 * 16, a.scratch, a.result, to, TILES * Kernels.ROW);
    }
    return a.result;
  }

  /** A row of tiles. */
  @Benchmark
  public float[] winogradOutput(Arguments a) {
    for (int tile = 0; tile < TILES; tile++) {
      int at = ORIGIN + tile * 16;
      int to = ORIGIN + tile * 4 * 16;
      a.kernels.winogradOutput(a.products, at, PRODUCT, a.scratch, a.result, to, SIDE * 16);
    }
    return a.result;
  }

  /** The kernel of linear layers, on weights from a second level's cache. */
  @Benchmark
  public float[] multiplyRows(Arguments a) {
    a.kernels.multiplyRows(a.weights, ORIGIN, ROWS, COLUMNS, a.pixels, ORIGIN, a.result, ORIGIN);
    return a.result;
  }

  /** The kernel of weight gradients. */
  @Benchmark
  public float[] correlate(Arguments a) {
    int block = SIDE * SIDE * 16;
    a.kernels.correlate(
        a.pixels, ORIGIN, 16, 16, a.others, ORIGIN, block, 2, SIDE * SIDE, a.result, ORIGIN);
    return a.result;
  }

  /** The walk of Gradient Hedge. */
  @Benchmark
  public float[] hedge(Arguments a) {
    a.kernels.hedge(
        a.u,
        ORIGIN,
        a.others,
        ORIGIN,
        a.products,
        ORIGIN,
        a.weights,
        ORIGIN,
        0.5f,
        a.result,
        ORIGIN,
        ELEMENTS);
    return a.result;
  }

  /** A row of 3×3 at stride 2. */
  @Benchmark
  public float[] windowMaxima(Arguments a) {
    a.kernels.windowMaxima(a.pixels, ORIGIN, 2 * 16, 3, 30 * 16, 3, 16, a.result, ORIGIN, SIDE / 2);
    return a.result;
  }

  /**
   * Independent multiply-adds, as many as hide their latency; the fastest second of three runs
   * counts.
   */
  @Benchmark
  @Fork(3)
  public float peak() {
    FloatVector factor = FloatVector.broadcast(S, 1.0001f);
    FloatVector term = FloatVector.broadcast(S, 1e-9f);
    FloatVector a = factor;
    FloatVector b = factor;
    FloatVector c = factor;
    FloatVector d = factor;
    FloatVector e = factor;
    FloatVector f = factor;
    FloatVector g = factor;
    FloatVector h = factor;
    FloatVector i = factor;
    FloatVector j = factor;
    for (int step = 0; step < STEPS; step++) {
      a = a.fma(factor, term);
      b = b.fma(factor, term);
      c = c.fma(factor, term);
      d = d.fma(factor, term);
      e = e.fma(factor, term);
      f = f.fma(factor, term);
      g = g.fma(factor, term);
      h = h.fma(factor, term);
      i = i.fma(factor, term);
      j = j.fma(factor, term);
    }
    FloatVector all = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j);
    return all.reduceLanes(VectorOperators.ADD);
  }

  public static void main(String[] arguments) throws Exception {
    var options =
        new OptionsBuilder()
            .include(KernelBenchmark.class.getName())
            .addProfiler(GCProfiler.class)
            .jvmArgs(
                "--add-modules",
                "jdk.incubator.vector",
                "-XX:+UseSerialGC",
                "-XX:ObjectAlignmentInBytes=64")
            .build();
    double peak = 0;
    List<RunResult> kernels = new ArrayList<>();
    for (RunResult run : new Runner(options).run()) {
      if (run.getParams().getBenchmark().endsWith(".peak")) {
        double fastest = run.getPrimaryResult().getStatistics().getMin();
        peak = 2.0 * CHAINS * STEPS * S.length() / fastest;
      } else {
        kernels.add(run);
      }
    }
    System.out.printf("%n%s, peak %.0f GFLOP/s%n", Kernels.best().name(), peak);
    String columns = "%-28s %10s %8s %8s %6s %6s%n";
    System.out.printf(columns, "", "ns", "GFLOP/s", "of peak", "GB/s", "B/op");
    for (RunResult run : kernels) {
      String benchmark = run.getParams().getBenchmark();
      String name = benchmark.substring(benchmark.lastIndexOf('.') + 1);
      Work work = WORK.get(name);
      if (work == null) {
        int pixels = Integer.parseInt(run.getParams().getParam("columns"));
        int terms = Integer.parseInt(run.getParams().getParam("terms"));
        work = new Work(2.0 * 32 * pixels * terms, 0);
        name += " %d columns, %d terms".formatted(pixels, terms);
      }
      double time = run.getPrimaryResult().getScore();
      double speed = work.flops / time;
      boolean multiplies = work.flops > 0;
      double allocated = run.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
      System.out.printf(
          columns,
          name,
          "%.0f".formatted(time),
          multiplies ? "%.0f".formatted(speed) : "",
          multiplies ? "%.0f%%".formatted(100 * speed / peak) : "",
          multiplies ? "" : "%.0f".formatted(4 * work.floats / time),
          "%.0f".formatted(allocated));
    }
  }
}
