package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.RelativeMethods.POINT;
import static dev.hedgerow.attribution.RelativeMethods.R;
import static dev.hedgerow.attribution.RelativeMethods.SPATIAL;
import static dev.hedgerow.attribution.RelativeMethods.X;
import static dev.hedgerow.attribution.RelativeMethods.explain;
import static dev.hedgerow.attribution.RelativeMethods.netA;
import static dev.hedgerow.attribution.RelativeMethods.netR;
import static dev.hedgerow.attribution.RelativeMethods.pass;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Relative Attributing Propagation against the numbers of its authors' code. */
class RapTest {
  private static final double PRINTED = 1e-6;

  @Test
  void convolutions() {
    for (String code : List.of("RAP", "RAPagf")) {
      KnownAnswers.assertClose(
          code + " conv3x3", only(pass(new RapRule(SPATIAL, true), R, X)), PRINTED);
    }
    KnownAnswers.assertClose("RAP conv1x1", only(pass(new RapRule(POINT, true), R, X)), PRINTED);
    KnownAnswers.assertClose("RAPagf conv1x1", only(pass(Rules.magnitudes(POINT), R, X)), PRINTED);
  }

  @Test
  void linearLayers() {
    Tensor x = Det.tensor(14, 1, 4);
    Tensor r = Tensor.of(Shape.of(1, 3), Det.values(15, 3, .9));
    Tensor logit = Tensor.of(Shape.of(1, 3), 0, -0.27f, 0);
    for (String code : List.of("RAP", "RAPagf")) {
      KnownAnswers.assertClose(
          code + " linear R", only(pass(new RapRule(RelativeMethods.DENSE, false), r, x)), PRINTED);
      KnownAnswers.assertClose(
          code + " linear first",
          only(pass(Rules.magnitudes(RelativeMethods.DENSE), logit, x)),
          PRINTED);
    }
  }

  @Test
  void poolsNormalizationAndAdditions() {
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    Window window = Window.of(2, 2, 0);
    Tensor x0 = Det.tensor(10, 1, 2, 2, 2);
    Tensor x1 = Det.tensor(11, 1, 2, 2, 2);
    for (String code : List.of("RAP", "RAPagf")) {
      Rule max = Rules.maxPool(new MaxPool(window, false));
      KnownAnswers.assertClose(code + " maxpool", only(pass(max, r, X)), PRINTED);
      Rule average = Rules.magnitudes(new AveragePool(window, true, false));
      KnownAnswers.assertClose(code + " avgpool", only(pass(average, r, X)), PRINTED);
      Rule norm = Rules.batchNorm(Det.normalization(.75f, -1));
      KnownAnswers.assertClose(
          code + " bn", only(pass(norm, r, Det.tensor(1, 1, 2, 2, 2))), PRINTED);
      List<Tensor> parts = pass(Rules.ADD_SIGNED, r, x0, x1);
      KnownAnswers.assertClose(code + " add 0", parts.get(0).toArray(), PRINTED);
      KnownAnswers.assertClose(code + " add 1", parts.get(1).toArray(), PRINTED);
    }
  }

  @Test
  void wholeNets() {
    for (int target : new int[] {0, 2}) {
      KnownAnswers.assertPrinted(
          "A rap t" + target, explain("rap", netA(), target).heatmap().toArray(), 6);
      KnownAnswers.assertClose(
          "R rap t" + target, explain("rap", netR(), target).heatmap().toArray(), 1e-5);
      KnownAnswers.assertClose(
          "R rap signed t" + target,
          explain("rap:signed-add", netR(), target).heatmap().toArray(),
          1e-5);
    }
  }

  @Test
  void theSumIsTheLogitThroughout() {
    for (Graph graph : List.of(netA(), netR())) {
      float[] logits = graph.run(Engine.sequential(), RelativeMethods.IMAGE).toArray();
      for (String name : List.of("rap", "rap:agf", "rap:signed-add")) {
        for (int target = 0; target < logits.length; target++) {
          RelativeMethods.assertConserves(explain(name, graph, target), logits[target]);
        }
      }
    }
  }

  @Test
  void startAndSaliencyLayerAreTheUsers() {
    Options oneHot = Options.standard().withStart(StartRelevance.ONE_HOT);
    Attribution unit = explain("rap", netA(), 2, oneHot);
    RelativeMethods.assertConserves(unit, 1);
    float[] logit = explain("rap", netA(), 2).heatmap().toArray();
    float[] scaled = unit.heatmap().toArray();
    for (int i = 0; i < scaled.length; i++) {
      assertEquals(logit[i], 0.614209453 * scaled[i], 1e-6);
    }
    Attribution pool = explain("rap", netA(), 2, Options.standard().withSaliencyLayer("pool1"));
    assertEquals(Shape.of(1, 4, 4, 4), pool.relevance().shape());
    assertEquals(Shape.of(8, 8), pool.heatmap().shape());
    RelativeMethods.assertConserves(pool, 0.614209453);
    assertEquals(
        "layer \"fc1\" of the map is not spatial but [1, 5]",
        assertThrows(
                IllegalArgumentException.class,
                () -> explain("rap", netA(), 2, Options.standard().withSaliencyLayer("fc1")))
            .getMessage());
  }

  @Test
  void negativeRelevanceOfALinearLayerSharesAsPositiveDoes() {
    Tensor x = Det.relu(Det.tensor(14, 1, 4));
    Tensor r = Tensor.of(Shape.of(1, 3), .3f, -.2f, .1f);
    Tensor minus = Tensor.of(Shape.of(1, 3), -.3f, .2f, -.1f);
    Rule rule = new RapRule(RelativeMethods.DENSE, false);
    float[] one = only(pass(rule, r, x));
    float[] other = only(pass(rule, minus, x));
    for (int i = 0; i < other.length; i++) other[i] = -other[i];
    assertArrayEquals(one, other, 1e-6f);
  }

  private static float[] only(List<Tensor> parts) {
    assertEquals(1, parts.size());
    return parts.getFirst().toArray();
  }
}
