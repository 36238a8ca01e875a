package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.CountingEngine;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Twins;
import dev.hedgerow.nn.layer.Conv2d;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Weights are packed once for each view of them and each direction, however often they are used.
 */
class PackingTest {
  /** Output channels that are packed together. */
  private static final int UNIT = 32;

  private final CountingEngine counting = new CountingEngine();
  private final Graph graph =
      Twins.of(Families.find("vgg16").orElseThrow(), 4)
          .graph(Shape.of(1, 3, 96, 96), 10, HeWeights::of);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyTheFirstExplanationPacks(boolean exact) {
    Engine engine = exact ? counting.engine().exact() : counting.engine();
    explain(engine, 1);
    assertEquals(units(), counting.takePacks());
    explain(engine, 2);
    assertEquals(0, counting.takePacks());
  }

  private void explain(Engine engine, int target) {
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Node[] kept = hedge.keeps(graph, options).toArray(Node[]::new);
    Shape shape = graph.input().shape();
    Tensor x = Tensor.of(shape, HeWeights.of("image" + target, shape).toArray());
    Recording recording = graph.record(engine, x, kept);
    hedge.explain(engine, recording, target, options);
  }

  /** What an explanation reads: w; then |w| in both directions, of the first layer w⁺ and w⁻. */
  private int units() {
    int units = 0;
    for (Node node : graph.nodes()) {
      if (!(node.layer() instanceof Conv2d(Convolution convolution))) continue;
      int forward = Math.ceilDiv(convolution.weight().shape().extent(0), UNIT);
      int reverse = Math.ceilDiv(convolution.weight().shape().extent(1), UNIT);
      int views = node.input() == graph.input() ? 2 : 1;
      units += forward + views * (forward + reverse);
    }
    return units;
  }
}
