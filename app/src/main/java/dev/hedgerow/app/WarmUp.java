package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Modules;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.ParameterSource;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Topology;
import dev.hedgerow.nn.Vgg;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Has the kernels of convolutions compiled while a program starts, on two threads that explain
 * noise with networks of a few pixels, so that two compilers work side by side. One explains rows,
 * for the tiles of direct convolutions; the other planes, for Winograd's transforms and the loops
 * between kernels.
 *
 * <p>A vector operation that is not compiled is hundreds of times slower than one that is. A kernel
 * whose first calls are long is compiled several times by the second tier, for the loops that are
 * running and for later calls, and runs in code of the first tier for as long as that takes. So
 * these networks are small enough that each kernel has been called often, if few calls are enough
 * (docs/adr/0004-launcher.md), before its loops have run long, and whoever explains waits for them
 * ({@link #await}).
 */
final class WarmUp {
  /**
   * Rows of these many pixels use the tiles of build/GenerateTiles.java that longer ones do: the
   * widest, of 4 and 5 or of 7 and 8 pixels, and those for what these leave; but for those that ask
   * for weights ahead, which several threads alone use. From 14 pixels on they would be several
   * tasks of shorter runs.
   */
  private static final int LEAST_WIDTH = 7;

  private static final int MOST_WIDTH = 13;

  /**
   * Columns of the widest tile, with 512 bits. Of these rows only those of as many have it, so they
   * are explained beside each: once would be too few calls for it to be compiled.
   */
  private static final int WIDEST = 8;

  /** Not a multiple of 2: a tile may take two or four terms at a time, and the rest one by one. */
  private static final int INPUTS = 5;

  /** One block and two, whose tiles differ with 512 bits. */
  private static final List<Integer> OUTPUTS = List.of(32, 16, 32, 16, 32);

  /** Whole tiles, the fewest that Winograd's algorithm is used for. */
  private static final int SIDE = 12;

  /**
   * Explanations of planes, as many as take about as long as those of rows. The loops between
   * kernels are compiled after many more calls than kernels, and go on meanwhile.
   */
  private static final int PLANES = 6;

  private static final Vgg SPATIAL =
      new Vgg(List.of(List.of(32, 32), List.of(32)), 0, false, Vgg.Form.POOLED);

  private static final int CLASSES = 10;

  private final List<Thread> threads;

  private WarmUp(List<Thread> threads) {
    this.threads = threads;
  }

  /** Starts to have kernels compiled. */
  static WarmUp start() {
    return running(WarmUp::explainRows, WarmUp::explainPlanes);
  }

  /**
   * Starts a thread for each task, which ends with the program at the latest. If one fails, nothing
   * is lost but time, and nothing said.
   */
  static WarmUp running(Runnable... tasks) {
    Thread.Builder thread =
        Thread.ofPlatform()
            .daemon()
            .name("warm-up-", 0)
            .uncaughtExceptionHandler((failed, wrong) -> {});
    return new WarmUp(Stream.of(tasks).map(thread::start).toList());
  }

  /** Returns a warm-up of nothing, for which {@link #await} returns at once. */
  static WarmUp none() {
    return new WarmUp(List.of());
  }

  /** Waits until kernels are compiled; an interrupt ends the waiting, and stays set. */
  void await() {
    try {
      for (Thread thread : threads) thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** For the tiles of direct convolutions. */
  static void explainRows() {
    Attributor hedge = hedge();
    for (int width = LEAST_WIDTH; width <= MOST_WIDTH; width++) {
      explain(hedge, WarmUp::pointwise, Shape.of(1, INPUTS, 1, width));
      explain(hedge, WarmUp::pointwise, Shape.of(1, INPUTS, 1, WIDEST));
    }
  }

  /** For Winograd's transforms, and the loops between kernels. */
  static void explainPlanes() {
    Attributor hedge = hedge();
    for (int time = 0; time < PLANES; time++) explain(hedge, SPATIAL, Shape.of(1, 3, SIDE, SIDE));
  }

  private static Attributor hedge() {
    return Methods.standard().find("gradient-hedge");
  }

  /** 1×1 convolutions: their rows are short. */
  private static Node pointwise(Modules net, Node x, int classes) {
    for (int i = 0; i < OUTPUTS.size(); i++) {
      x = net.relu("relu" + i, net.conv("conv" + i, x, OUTPUTS.get(i), Window.of(1, 1, 0)));
    }
    net.startLayer(x);
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    return net.linear("classifier", net.flatten("flatten", x), classes);
  }

  private static void explain(Attributor hedge, Topology topology, Shape shape) {
    Engine engine = Engine.sequential();
    var random = new Random(1);
    ParameterSource parameters = (name, size) -> Parameter.of(size, noise(random, size));
    Graph.Builder builder = Graph.builder("warm-up");
    Node input = builder.input("input", shape);
    Graph graph = builder.build(topology.build(new Modules(builder, parameters), input, CLASSES));
    Tensor image = Tensor.of(shape, noise(random, shape));
    Options options = Options.standard();
    Set<Node> kept = hedge.keeps(graph, options);
    Recording recording = graph.record(engine, image, kept);
    hedge.explain(engine, recording, 0, options);
  }

  private static float[] noise(Random random, Shape shape) {
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() - 0.5f;
    return values;
  }
}
