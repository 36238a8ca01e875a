package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Sigmoid;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The full-gradient decomposition against the numbers of its authors' code. */
class FullGradTest {
  private final Engine engine = Engine.sequential();
  private final Options options = Options.standard();
  private final Tensor image = Det.tensor(26, 1, 3, 8, 8);
  private final Graph net = Nets.normalized();

  @Test
  void logitsAreTheAuthors() {
    KnownAnswers.assertClose("FG logits", net.run(engine, image).toArray(), 1e-6);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void termsAreTheAuthors(int target) {
    Recording recording = net.record(engine, image);
    Score score = Score.of(recording, target, options);
    List<FullGrad.Term> terms = FullGrad.decompose(engine, recording, score);
    assertEquals(
        List.of("input", "conv1", "bn1", "conv2", "fc1", "fc2"),
        terms.reversed().stream().map(term -> term.node().name()).toList());
    float[] sums = new float[6];
    for (int i = 0; i < 6; i++) {
      sums[i] = (float) Reductions.sum(engine, terms.reversed().get(i).contribution());
    }
    KnownAnswers.assertClose("FG terms t" + target, sums, 1e-6);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void mapsAreTheAuthors(int target) {
    Attribution attribution = explain("fullgrad", net, target, options);
    KnownAnswers.assertPrinted("FG map t" + target, attribution.heatmap().toArray(), 6);
    assertComplete(attribution, net.run(engine, image).toArray()[target]);
    KnownAnswers.assertClose(
        "FG agf map t" + target,
        explain("fullgrad:agf", net, target, options).heatmap().toArray(),
        2e-6);
  }

  @Test
  void otherScoresAreComplete() {
    Tensor start = Tensor.of(Shape.of(1, 3), 1, -2, 0.5f);
    Attribution attribution =
        explain("fullgrad", net, 0, options.withStart(StartRelevance.of(start)));
    float[] y = net.run(engine, image).toArray();
    assertComplete(attribution, y[0] - 2 * y[1] + 0.5 * y[2]);
  }

  @Test
  void constantsAndLeakyRelusAreComplete() {
    Graph.Builder builder = Graph.builder("odd");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    Tensor scale = Tensor.of(Shape.of(3, 1, 1), 1, 2, 3);
    Tensor shift = Tensor.of(Shape.of(3, 1, 1), 3, -2, 1);
    node = builder.add("affine", new Affine(scale, shift), node);
    node = builder.add("leaky", new LeakyRelu(.2f), builder.add("c", Nets.conv(1, 2, 3, 4), node));
    node = builder.add("flatten", new Flatten(1), node);
    Graph graph = builder.build(builder.add("fc", Nets.linear(3, 4, 256, 3), node));
    assertComplete(explain("fullgrad", graph, 1, options), graph.run(engine, image).toArray()[1]);
  }

  @Test
  void whatIsNotCompleteIsAWarning() {
    Graph.Builder builder = Graph.builder("smooth");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    node = builder.add("gate", new Sigmoid(), builder.add("c", Nets.conv(1, 2, 3, 4), node));
    node = builder.add("flatten", new Flatten(1), node);
    Graph graph = builder.build(builder.add("fc", Nets.linear(3, 4, 256, 3), node));
    Attribution attribution = explain("fullgrad", graph, 1, options);
    assertEquals(1, attribution.warnings().size());
    assertTrue(attribution.warnings().getFirst().contains("is not complete"));
    assertTrue(attribution.notes().getOrDefault(FullGrad.GAP, Double.NaN) > 1e-3);
  }

  private static void assertComplete(Attribution attribution, double score) {
    assertEquals(
        0, attribution.notes().getOrDefault(FullGrad.GAP, Double.NaN), 1e-4 * Math.abs(score));
    assertEquals(List.of(), attribution.warnings());
  }

  private Attribution explain(String name, Graph graph, int target, Options options) {
    Recording recording = graph.record(engine, image);
    return Methods.standard().find(name).explain(engine, recording, target, options);
  }
}
