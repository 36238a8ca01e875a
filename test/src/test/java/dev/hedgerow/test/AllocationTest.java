package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Twins;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a warm network allocates; times are for {@code hedgerow bench}. */
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Runs until the code is compiled; uncompiled vector code makes an object a vector. */
  private static final int MOST_RUNS = 600;

  private final Engine engine = Engine.sequential();
  private final Family squeezeNet = Families.find("squeezenet1_1").orElseThrow();
  private final Family vgg = Twins.of(Families.find("vgg16").orElseThrow(), 4);

  private static Tensor image(Shape shape) {
    var random = new Random(1);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    return Tensor.of(shape, pixels);
  }

  @Test
  void aWarmRunAllocatesHardlyAnything() {
    Graph graph = squeezeNet.graph(Shape.of(1, 3, 96, 96), 1000, HeWeights::of);
    Tensor x = image(graph.input().shape());
    assertAllocates(300_000, () -> graph.run(engine, x));
  }

  @Test
  void aWarmExplanationAllocatesLessThanAMegabyte() {
    assertExplanationAllocates(
        1_000_000, squeezeNet.graph(Shape.of(1, 3, 96, 96), 1000, HeWeights::of));
  }

  /** Of convolutions by Winograd's algorithm; one tensor of the first layers is a megabyte. */
  @Test
  void aWarmExplanationOfManyPixelsAllocatesHardlyMore() {
    assertExplanationAllocates(500_000, vgg.graph(Shape.of(1, 3, 128, 128), 10, HeWeights::of));
  }

  /** They would not be lent again, were lengths that nobody asks for any more not dropped. */
  @Test
  void tensorsOfANewSizeAreLentAgainAfterManyOthers() {
    for (int millions = 30; millions <= 60; millions += 10) {
      Tensor x = Tensor.zeros(Shape.of(millions * 1_000_000));
      assertAllocates(1_000_000, () -> engine.recycle(Elementwise.absolute(engine, x)));
    }
  }

  private void assertExplanationAllocates(long bytes, Graph graph) {
    Tensor x = image(graph.input().shape());
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Set<Node> kept = hedge.keeps(graph, options);
    assertAllocates(
        bytes,
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
