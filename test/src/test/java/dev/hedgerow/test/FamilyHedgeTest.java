package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.Twins;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradient Hedge on the narrow twin of every family. */
class FamilyHedgeTest {
  private static final int CLASSES = 10;

  static List<Family> families() {
    return Families.all();
  }

  @ParameterizedTest
  @MethodSource("families")
  void explainsEveryFamily(Family family) {
    boolean large = family.name().startsWith("inception");
    Shape input = large ? Shape.of(1, 3, 123, 107) : Shape.of(1, 3, 96, 80);
    Graph graph = Twins.of(family, 8).graph(input, CLASSES, HeWeights::of);
    Node start = graph.startLayer().orElseThrow();
    assertEquals(family.startLayer(), start.outputName());

    Engine engine = Engine.sequential();
    Attributor method = Methods.standard().find("gradient-hedge");
    for (AddPolicy policy : AddPolicy.values()) {
      float gamma = policy == AddPolicy.PUBLISHED ? 1 : 1.5f;
      Options options = Options.standard().withGamma(gamma).withAddPolicy(policy);
      Set<Node> kept = method.keeps(graph, options);
      assertEquals(Set.of(start), kept);
      Recording recording = graph.record(engine, image(input), kept);
      Attribution attribution = method.explain(engine, recording, 3, options);
      assertEquals(List.of(), attribution.warnings());
      assertEquals(start.name(), attribution.layers().getFirst().layer());
      assertEquals(Shape.of(input.extent(2), input.extent(3)), attribution.heatmap().shape());
      boolean positive = false;
      boolean negative = false;
      for (float value : attribution.heatmap().toArray()) {
        assertTrue(Float.isFinite(value), family.name() + " has " + value);
        positive |= value > 0;
        negative |= value < 0;
      }
      assertTrue(positive && negative, family.name());
      Account.assertAddsUp(graph, attribution, gamma);
    }
  }

  private static Tensor image(Shape shape) {
    var random = new Random(5);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    return Tensor.of(shape, values);
  }
}
