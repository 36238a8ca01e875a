package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.test.RandomNetwork.Block;
import dev.hedgerow.test.RandomNetwork.Numbers;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The gradient of random networks against central differences of the naive network in double. */
class GradientPropertiesTest {
  private static final double STEP = 1e-7;

  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<RandomNetwork> networks() {
    return RandomNetwork.all(
        EnumSet.allOf(Block.class), EnumSet.of(Numbers.GAUSSIAN, Numbers.SPARSE));
  }

  /**
   * {@code ⟨∂y/∂v, d⟩ = (y(v + h·d) − y(v − h·d)) / 2h} for a random direction d, at the image and
   * at the output of a random node, where no kink lies between the two ends.
   */
  @Property(tries = 200, seed = "51")
  void gradientIsTheCentralDifference(@ForAll("networks") RandomNetwork network) {
    Graph graph = network.graph();
    int target = network.target(graph);
    var random = new Random(network.seed());
    List<Node> nodes = graph.nodes().subList(0, graph.logits().index() + 1);
    List<Node> kinks = nodes.stream().filter(Piece::hasKinks).toList();
    Recording recording = graph.record(engine, network.image(0));
    NaiveNetwork naive = NaiveNetwork.run(graph, network.image(0).toArray());
    Recording everything = graph.record(engine, network.image(0), graph.nodes());
    // Where float32 is on another side of a kink than double there are two right answers.
    Assume.that(
        Piece.of(kinks, node -> doubles(everything.output(node).toArray()))
            .equals(Piece.of(kinks, node -> naive.value(node).values())));
    for (Node at : List.of(graph.input(), nodes.get(random.nextInt(nodes.size())))) {
      double[] v = naive.value(at).values();
      double[] plus = v.clone();
      double[] minus = v.clone();
      float[] gradient = graph.gradient(engine, recording, target, at).toArray();
      double expected = 0;
      double magnitude = 0;
      for (int i = 0; i < v.length; i++) {
        double direction = random.nextGaussian();
        plus[i] += STEP * direction;
        minus[i] -= STEP * direction;
        expected += gradient[i] * direction;
        magnitude += Math.abs(gradient[i] * direction);
      }
      NaiveNetwork above = naive.rerun(at, plus);
      NaiveNetwork below = naive.rerun(at, minus);
      boolean kinked =
          !Piece.of(kinks, node -> above.value(node).values())
              .equals(Piece.of(kinks, node -> below.value(node).values()));
      if (kinked) continue;
      double higher = above.logits().values()[target];
      double lower = below.logits().values()[target];
      // The float gradient is rounded on each layer, relative to paths that may cancel; the double
      // logits to a few 2⁻⁵³ of their terms, which the step enlarges.
      double tolerance = 1e-5 * magnitude + 1e-8 * (1 + Math.abs(higher));
      assertEquals((higher - lower) / (2 * STEP), expected, tolerance, at.toString());
    }
  }

  @Property(tries = 60, seed = "52")
  void oneWalkGivesTheGradientsOfMany(@ForAll("networks") RandomNetwork network) {
    Graph graph = network.graph();
    int target = network.target(graph);
    Recording recording = graph.record(engine, network.image(0));
    float[] seed = new float[graph.classes()];
    seed[target] = 1;
    Set<Node> nodes = Set.copyOf(graph.nodes().subList(0, graph.logits().index() + 1));
    Map<Node, Tensor> gradients =
        graph.gradients(engine, recording, Tensor.of(Shape.of(1, seed.length), seed), nodes);
    assertEquals(nodes, gradients.keySet());
    gradients.forEach(
        (node, gradient) ->
            assertArrayEquals(
                graph.gradient(engine, recording, target, node).toArray(), gradient.toArray()));
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) doubles[i] = values[i];
    return doubles;
  }
}
