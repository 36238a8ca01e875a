package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a warm network allocates; times are for {@code hedgerow bench}. */
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Runs until the code is compiled; uncompiled vector code makes an object a vector. */
  private static final int MOST_RUNS = 600;

  private final Engine engine = Engine.sequential();
  private final Graph graph =
      Families.find("squeezenet1_1")
          .orElseThrow()
          .graph(Shape.of(1, 3, 96, 96), 1000, HeWeights::of);
  private final Tensor x = image(graph.input().shape());

  private static Tensor image(Shape shape) {
    var random = new Random(1);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    return Tensor.of(shape, pixels);
  }

  @Test
  void aWarmRunAllocatesHardlyAnything() {
    assertAllocates(300_000, () -> graph.run(engine, x));
  }

  @Test
  void aWarmExplanationAllocatesLessThanAMegabyte() {
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Node[] kept = hedge.keeps(graph, options).toArray(Node[]::new);
    assertAllocates(
        1_000_000,
        () -> {
          try (Engine.Lease lease = engine.lease()) {
            Recording recording = graph.record(lease.engine(), x, kept);
            hedge.explain(lease.engine(), recording, 7, options);
          }
        });
  }

  /** Asserts that sooner or later the task allocates no more than so many bytes. */
  private static void assertAllocates(long bytes, Runnable task) {
    long least = Long.MAX_VALUE;
    for (int run = 0; run < MOST_RUNS && least > bytes; run++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      task.run();
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    long found = least;
    assertTrue(found <= bytes, () -> found + " bytes");
  }
}
