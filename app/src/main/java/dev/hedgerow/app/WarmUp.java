package dev.hedgerow.app;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Modules;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.ParameterSource;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Vgg;
import java.util.List;
import java.util.Random;

/**
 * Has kernels compiled on a processor that is idle while a program starts: explains a small image
 * of noise with a small network of the commonest layers, once.
 */
final class WarmUp {
  private static final int SIDE = 32;

  /** Channels of stages of 3×3 convolutions: enough for Winograd's algorithm. */
  private static final List<List<Integer>> STAGES =
      List.of(List.of(32, 32), List.of(64), List.of(64));

  private static final int CLASSES = 10;

  private WarmUp() {}

  /**
   * Starts a thread that ends by itself, or with the program; none where there is one processor.
   */
  static void start() {
    if (Runtime.getRuntime().availableProcessors() > 1)
      Thread.ofPlatform().daemon().name("warm-up").start(WarmUp::run);
  }

  static void run() {
    var random = new Random(1);
    ParameterSource parameters = (name, shape) -> Parameter.of(shape, noise(random, shape));
    Graph.Builder builder = Graph.builder("warm-up");
    Node input = builder.input("input", Shape.of(1, 3, SIDE, SIDE));
    var vgg = new Vgg(STAGES, 64, false, Vgg.Form.TORCHVISION);
    Graph graph = builder.build(vgg.build(new Modules(builder, parameters), input, CLASSES));
    Tensor image = Tensor.of(input.shape(), noise(random, input.shape()));
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Engine engine = Engine.sequential();
    Node[] kept = hedge.keeps(graph, options).toArray(Node[]::new);
    Recording recording = graph.record(engine, image, kept);
    hedge.explain(engine, recording, 0, options);
  }

  private static float[] noise(Random random, Shape shape) {
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() - 0.5f;
    return values;
  }
}
