package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.CountingEngine;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.PackedWeights;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Twins;
import dev.hedgerow.nn.layer.Conv2d;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
    Set<float[]> packed = PackedWeights.of(convolutions());
    assertEquals(units(engine), packed.size());
    assertTrue(counting.takePacks() >= packed.size());
    explain(engine, 2);
    assertEquals(packed, PackedWeights.of(convolutions()));
    counting.takePacks(); // Of another image, copies in workspaces may be first needed.
    explain(engine, 2);
    assertEquals(0, counting.takePacks());
  }

  /** Nor does a pass that records nothing, in which convolutions take over ReLUs and max pools. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsRecordedIsPackedForRunsToo(boolean exact) {
    Engine engine = exact ? counting.engine().exact() : counting.engine();
    explain(engine, 1);
    assertTrue(counting.takePacks() > 0);
    graph.run(engine, image(2));
    assertEquals(0, counting.takePacks());
  }

  private void explain(Engine engine, int target) {
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Set<Node> kept = hedge.keeps(graph, options);
    Recording recording = graph.record(engine, image(target), kept);
    hedge.explain(engine, recording, target, options);
  }

  private Tensor image(int number) {
    Shape shape = graph.input().shape();
    return Tensor.of(shape, HeWeights.of("image" + number, shape).toArray());
  }

  private List<Convolution> convolutions() {
    List<Convolution> convolutions = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node.layer() instanceof Conv2d(Convolution convolution)) convolutions.add(convolution);
    }
    return convolutions;
  }

  /**
   * What an explanation reads: w; then |w| in both directions, of the first layer w⁺ and w⁻. By
   * Winograd's algorithm, w serves for |w| too in the direction in which both are read.
   */
  private int units(Engine engine) {
    int units = 0;
    for (Node node : graph.nodes()) {
      if (!(node.layer() instanceof Conv2d(Convolution convolution))) continue;
      int forward = Math.ceilDiv(convolution.weight().shape().extent(0), UNIT);
      int reverse = Math.ceilDiv(convolution.weight().shape().extent(1), UNIT);
      int views = node.input() == graph.input() ? 2 : 1;
      boolean once = PackedWeights.serveBoth(engine, convolution, node.input().shape());
      units += forward + views * ((once ? 0 : forward) + reverse);
    }
    return units;
  }
}
