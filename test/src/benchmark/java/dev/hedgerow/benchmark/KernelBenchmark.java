package dev.hedgerow.benchmark;

import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
 * Times the convolution's kernel on rows of different lengths, one thread, beside the multiply-adds
 * that the machine can do: prints GFLOP/s, the fraction of that peak, and what is allocated.
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

    private static float[] filled(int length) {
      float[] values = new float[length];
      Arrays.fill(values, 1e-3f);
      return values;
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
    List<RunResult> products = new ArrayList<>();
    for (RunResult run : new Runner(options).run()) {
      if (run.getParams().getBenchmark().endsWith(".peak")) {
        double fastest = run.getPrimaryResult().getStatistics().getMin();
        peak = 2.0 * CHAINS * STEPS * S.length() / fastest;
      } else {
        products.add(run);
      }
    }
    System.out.printf("%n%s, peak %.0f GFLOP/s%n", Kernels.best().name(), peak);
    System.out.printf("%8s %6s %8s %8s %6s%n", "columns", "terms", "GFLOP/s", "of peak", "B/op");
    for (RunResult run : products) {
      int columns = Integer.parseInt(run.getParams().getParam("columns"));
      int terms = Integer.parseInt(run.getParams().getParam("terms"));
      double speed = 2.0 * 32 * columns * terms / run.getPrimaryResult().getScore();
      double bytes = run.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
      System.out.printf(
          "%8d %6d %8.0f %7.0f%% %6.0f%n", columns, terms, speed, 100 * speed / peak, bytes);
    }
  }
}
