package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Relu;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Single layers against the numbers of the authors' code. */
class RulesTest {
  /** The answers are printed with nine decimals. */
  private static final double PRINTED = 1e-6;

  private final Engine engine = Engine.sequential();
  private final Tensor x = Det.relu(Det.tensor(1, 1, 2, 4, 4));
  private final Parameter kernel = Det.parameter(1, 2, 3, 2, 3, 3);

  @Test
  void fillersAreTheKnownOnes() {
    assertArrayEquals(new float[] {.6f, .4f, .2f, 0, -.2f, -.4f, -.6f, -.8f}, Det.values(1, 8, 1));
    assertArrayEquals(
        new float[] {.8f, .6f, .4f, .2f, 0, -.2f, -.4f, -.6f, -.8f, -1, .85f, .65f},
        Det.values(12, 12, 1));
  }

  @Test
  void convolutionHedges() {
    Convolution conv = Convolution.of(kernel, null, Window.of(3, 1, 1), 1);
    Tensor r = Det.tensor(3, 1, 3, 4, 4);
    for (float gamma : new float[] {1, 1.5f, 2}) {
      Rule.Passed passed = pass(HedgeRule.spatial(conv, List.of(gamma)), x, r);
      String name = gamma == 1.5f ? "H1 1.5" : "H1 " + (int) gamma;
      KnownAnswers.assertClose(name, first(passed).toArray(), PRINTED);
      assertEquals(0, passed.leak(), 1e-6);
      assertEquals(gamma - 2, Reductions.sum(engine, first(passed)), 1e-5);
    }
  }

  @Test
  void convolutionWithStrideHedges() {
    Convolution conv = Convolution.of(kernel, null, Window.of(3, 2, 1), 1);
    Tensor r = Det.tensor(5, 1, 3, 2, 2);
    KnownAnswers.assertClose(
        "H3 1", first(pass(HedgeRule.spatial(conv, List.of(1f)), x, r)).toArray(), PRINTED);
    KnownAnswers.assertClose(
        "H3 2", first(pass(HedgeRule.spatial(conv, List.of(2f)), x, r)).toArray(), PRINTED);
  }

  /** Each relevance that passes together with others has its own γ. */
  @Test
  void relevancesThatPassTogetherHedgeAlone() {
    Convolution conv = Convolution.of(kernel, null, Window.of(3, 2, 1), 1);
    Tensor r = Det.tensor(5, 1, 3, 2, 2);
    Tensor opposite = Elementwise.scale(engine, r, -1);
    HedgeRule rule = HedgeRule.spatial(conv, List.of(1f, 1.5f, 2f));
    Node node = node(new Relu(), x);
    List<Rule.Passed> passed = rule.passAll(engine, node, List.of(x), List.of(r, opposite, r));
    KnownAnswers.assertClose("H3 1", first(passed.get(0)).toArray(), PRINTED);
    KnownAnswers.assertClose("H3 2", first(passed.get(2)).toArray(), PRINTED);
    for (int k = 0; k < 3; k++) {
      double sum = Reductions.sum(engine, first(passed.get(k))) + passed.get(k).leak();
      assertEquals(-1 + 0.5 * k, sum, 1e-5);
    }
  }

  /** Each term by itself, from the numbers of the whole rule and of J. */
  @Test
  void termsCanBeLeftOut() {
    Convolution conv = Convolution.of(kernel, null, Window.of(3, 1, 1), 1);
    Tensor r = Det.tensor(3, 1, 3, 4, 4);
    HedgeRule whole = HedgeRule.spatial(conv, List.of(1.5f));
    float[] all = first(pass(whole, x, r)).toArray();
    float[] p = section(Elementwise.positive(engine, r));
    float[] n = section(Elementwise.negative(engine, r));
    float[] a = j(conv, Elementwise.indicatorPositive(engine, x), r.shape(), p);
    float[] u = j(conv, Elementwise.indicatorNotPositive(engine, x), r.shape(), n);
    float[] hedge = new float[p.length];
    for (int i = 0; i < p.length; i++) hedge[i] = 1.5f * p[i] + n[i];
    float[] c = j(conv, x, r.shape(), hedge);
    long hedged = Reductions.countNonZero(engine, Tensor.of(x.shape(), c));
    float[][] expected = new float[4][all.length];
    for (int i = 0; i < all.length; i++) {
      float psi = c[i] == 0 ? 0 : 1f / hedged;
      expected[0][i] = a[i] + u[i];
      expected[1][i] = all[i] + psi;
      expected[2][i] = all[i] - a[i];
      expected[3][i] = all[i] - u[i];
    }
    double[] sums = {0, 0.5, -1.5, 0.5};
    for (HedgeRule.Term term : HedgeRule.Term.values()) {
      Rule.Passed passed = pass(whole.without(Set.of(term)), x, r);
      assertArrayEquals(
          expected[List.of(HedgeRule.Term.values()).indexOf(term)],
          first(passed).toArray(),
          1e-6f,
          term.name());
      double sum = Reductions.sum(engine, first(passed)) + passed.leak();
      assertEquals(sums[List.of(HedgeRule.Term.values()).indexOf(term)], sum, 1e-5, term.name());
    }
    assertEquals(whole, whole.without(Set.of()));
  }

  private float[] section(Tensor part) {
    double sum = Math.abs(Reductions.sum(engine, part));
    return Elementwise.scale(engine, part, 1 / sum).toArray();
  }

  private float[] j(Convolution conv, Tensor factor, Shape shape, float[] r) {
    return Redistribution.j(engine, conv, factor, WeightView.ABSOLUTE, Tensor.of(shape, r))
        .relevance()
        .toArray();
  }

  @Test
  void pointConvolutionHedgesWithoutShift() {
    Convolution conv = Convolution.of(Det.parameter(1, 4, 3, 2, 1, 1), null, Window.of(1, 1, 0), 1);
    Tensor r = Det.tensor(3, 1, 3, 4, 4);
    Rule.Passed passed = pass(HedgeRule.point(conv), x, r);
    KnownAnswers.assertClose("H2", first(passed).toArray(), PRINTED);
    assertEquals(0, Reductions.sum(engine, first(passed)) + passed.leak(), 1e-5);
    assertEquals(0.218644986, passed.leak(), 1e-5);
  }

  @Test
  void inputConvolutionUsesTheBox() {
    Tensor image = Det.tensor(6, 1, 3, 4, 4);
    Convolution conv = Convolution.of(Det.parameter(1, 7, 2, 3, 3, 3), null, Window.of(3, 1, 1), 1);
    Tensor r = Det.tensor(8, 1, 2, 4, 4);
    Tensor passed = first(pass(ZBox.OF_IMAGE.on(new LinearMap(conv, null)), image, r));
    KnownAnswers.assertClose("H4", passed.toArray(), PRINTED);
    assertEquals(Reductions.sum(engine, r), Reductions.sum(engine, passed), 1e-5);
  }

  @Test
  void constantImageHasNoRelevanceAndNoNoise() {
    float[] grey = new float[48];
    java.util.Arrays.fill(grey, 0.37f);
    Convolution conv = Convolution.of(Det.parameter(1, 7, 2, 3, 3, 3), null, Window.of(3, 1, 1), 1);
    Tensor passed =
        first(
            pass(
                ZBox.OF_IMAGE.on(new LinearMap(conv, null)),
                Tensor.of(Shape.of(1, 3, 4, 4), grey),
                Det.tensor(8, 1, 2, 4, 4)));
    assertArrayEquals(new float[48], passed.toArray());
  }

  @Test
  void maxPoolSendsAllToTheFirstMaximum() {
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    KnownAnswers.assertClose(
        "H5",
        first(pass(Rules.maxPool(new MaxPool(Window.of(2, 2, 0), false)), x, r)).toArray(),
        PRINTED);
    KnownAnswers.assertClose(
        "H5b",
        first(pass(Rules.maxPool(new MaxPool(Window.of(3, 2, 1), false)), x, r)).toArray(),
        PRINTED);
  }

  @Test
  void averagePoolSharesInProportion() {
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    for (boolean countPadding : new boolean[] {true, false}) {
      var pool = new AveragePool(Window.of(2, 2, 0), countPadding, false);
      KnownAnswers.assertClose("H6", first(pass(Rules.averagePool(pool), x, r)).toArray(), PRINTED);
    }
  }

  @Test
  void batchNormKeepsRelevanceWhereItsInputAndScaleAreNotZero() {
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    Tensor input = Det.tensor(1, 1, 2, 2, 2);
    assertArrayEquals(
        new float[] {0, -0.2f, -0.4f, 0, -0.8f, -1, 0.85f, 0.65f},
        first(pass(Rules.batchNorm(Det.normalization(.75f, -1)), input, r)).toArray());
    assertArrayEquals(
        new float[] {0, -0.2f, -0.4f, 0, 0, 0, 0, 0},
        first(pass(Rules.batchNorm(Det.normalization(.75f, -1)), Det.relu(input), r)).toArray());
    assertArrayEquals(
        new float[] {0, 0, 0, 0, -0.8f, -1, 0.85f, 0.65f},
        first(pass(Rules.batchNorm(Det.normalization(0, -1)), input, r)).toArray());
  }

  @Test
  void conservingAddSharesByMagnitude() {
    Shape shape = Shape.of(1, 1, 1, 4);
    Tensor a = Tensor.of(shape, 1, -3, 0, 0);
    Tensor b = Tensor.of(shape, 3, 1, 0, 5);
    Tensor r = Tensor.of(shape, 8, -8, 6, 2);
    Rule.Passed passed = Rules.ADD_CONSERVING.pass(engine, node(new Add(), a, b), List.of(a, b), r);
    assertArrayEquals(new float[] {2, -6, 3, 0}, part(passed, 0).toArray());
    assertArrayEquals(new float[] {6, -2, 3, 2}, part(passed, 1).toArray());
  }

  @Test
  void publishedAddGivesAllToTheHeavierBranch() {
    Graph.Builder builder = Graph.builder("fork");
    Node input = builder.input("input", Shape.of(1, 2, 4, 4));
    Node first = builder.add("first", convolution(), input);
    Node relu = builder.add("relu", new Relu(), first);
    Node skip = builder.add("skip", convolution(), relu);
    Node main1 = builder.add("main1", convolution(), relu);
    Node main2 = builder.add("main2", convolution(), main1);
    Node add = builder.add("add", new Add(), skip, main2);
    Node tie = builder.add("tie", new Add(), add, add);
    Node identity = builder.add("identity", new Add(), relu, skip);
    assertEquals("relu", Branches.fork(add).name());
    assertEquals(1, Branches.heaviest(add));
    assertEquals(0, Branches.heaviest(tie));
    assertEquals(1, Branches.heaviest(identity));
    Tensor r = Det.tensor(1, 1, 2, 4, 4);
    Rule.Passed passed = Rules.ADD_PUBLISHED.pass(engine, add, List.of(r, r), r);
    assertNull(passed.relevance().get(0));
    assertEquals(r, passed.relevance().get(1));
  }

  @Test
  void concatSplitsAndDropsWhereTheInputIsZero() {
    Tensor a = Tensor.of(Shape.of(1, 1, 1, 2), 1, 0);
    Tensor b = Tensor.of(Shape.of(1, 2, 1, 2), 0, -2, 3, 4);
    Tensor r = Tensor.of(Shape.of(1, 3, 1, 2), 1, 2, 3, 4, 5, 6);
    Rule.Passed passed = Rules.CONCAT.pass(engine, node(new Concat(1), a, b), List.of(a, b), r);
    assertArrayEquals(new float[] {1, 0}, part(passed, 0).toArray());
    assertArrayEquals(new float[] {0, 4, 5, 6}, part(passed, 1).toArray());
  }

  private static Layer convolution() {
    return new Conv2d(Convolution.of(Det.parameter(1, 1, 2, 2, 1, 1), null, Window.of(1, 1, 0), 1));
  }

  private Rule.Passed pass(Rule rule, Tensor input, Tensor r) {
    return rule.pass(engine, node(new Relu(), input), List.of(input), r);
  }

  private static Node node(Layer layer, Tensor... inputs) {
    Graph.Builder builder = Graph.builder("one");
    Node image = builder.input("input", inputs[0].shape());
    var nodes = new java.util.ArrayList<Node>();
    nodes.add(image);
    for (int k = 1; k < inputs.length; k++) {
      int channels = inputs[k].shape().extent(1);
      nodes.add(
          builder.add(
              "x" + k,
              new Conv2d(
                  Convolution.of(
                      Det.parameter(1, k, channels, inputs[0].shape().extent(1), 1, 1),
                      null,
                      Window.of(1, 1, 0),
                      1)),
              image));
    }
    return builder.add("layer", layer, nodes.toArray(Node[]::new));
  }

  private static Tensor first(Rule.Passed passed) {
    return part(passed, 0);
  }

  private static Tensor part(Rule.Passed passed, int k) {
    return Objects.requireNonNull(passed.relevance().get(k));
  }
}
