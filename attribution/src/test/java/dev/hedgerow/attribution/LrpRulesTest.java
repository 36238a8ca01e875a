package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Sigmoid;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The rules of LRP on single layers against the numbers of Zennit's and the methods' own code. */
class LrpRulesTest {
  private final Engine engine = Engine.sequential();
  private final Tensor image = Det.relu(Det.tensor(1, 1, 2, 4, 4));

  @Test
  void linearLayerIsZennits() {
    var layer =
        new LinearMap(
            Dense.of(Det.parameter(1, 12, 3, 4), null),
            Tensor.of(Shape.of(1, 3), Det.values(13, 3, 0.1)));
    Tensor x = Det.tensor(14, 1, 4);
    assertArrayEquals(
        new float[] {.87f, -.27f, -.795f},
        layer.addBias(engine, Contributions.plain(layer, x).sum(engine)).toArray(),
        1e-6f);
    Tensor r = Tensor.of(Shape.of(1, 3), Det.values(15, 3, 0.9));
    Map<String, LinearRule> rules =
        Map.of(
            "Epsilon(1e-6)", new Epsilon(1e-6f),
            "Epsilon(0.25)", new Epsilon(0.25f),
            "Epsilon(1e-6,zero_bias)", new WithoutBias(new Epsilon(1e-6f)),
            "ZPlus", new ZPlus(),
            "AlphaBeta(2,1)", new AlphaBeta(2, 1),
            "Gamma(.25)", new Gamma(0.25f),
            "WSquare", new WSquare(),
            "Flat", new Flat(),
            "ZBox(-1,1)", new ZBox(-1, 1));
    rules.forEach((name, rule) -> assertZennits(name, rule.share(engine, layer, x, r)));
    for (String name : List.of("ZPlus", "AlphaBeta(2,1)", "Gamma(.25)", "WSquare", "ZBox(-1,1)")) {
      var rule = new WithoutBias(Objects.requireNonNull(rules.get(name)));
      assertZennits(name + "_nobias", rule.share(engine, layer, x, r));
    }
  }

  private void assertZennits(String name, Tensor shared) {
    KnownAnswers.assertPrinted("zen " + name, shared.toArray(), 9);
    float sum = (float) Reductions.sum(engine, shared);
    KnownAnswers.assertPrinted("zen sum " + name, new float[] {sum}, 9);
  }

  @Test
  void convolutionIsRelprop() {
    var layer =
        new LinearMap(
            Convolution.of(Det.parameter(1, 2, 3, 2, 3, 3), null, Window.of(3, 1, 1), 1), null);
    Tensor r = Det.tensor(3, 1, 3, 4, 4);
    for (int alpha = 1; alpha <= 2; alpha++) {
      Tensor shared = new Relprop(alpha).share(engine, layer, image, r);
      KnownAnswers.assertPrinted("relprop alpha " + alpha, shared.toArray(), 6);
    }
    KnownAnswers.assertPrinted(
        "relprop alpha 1", new ZPlus(0).share(engine, layer, image, r).toArray(), 6);
  }

  @Test
  void convolutionThatReadsTheImageUsesTheBox() {
    var layer =
        new LinearMap(
            Convolution.of(Det.parameter(1, 7, 2, 3, 3, 3), null, Window.of(3, 1, 1), 1), null);
    Tensor x = Det.tensor(6, 1, 3, 4, 4);
    Tensor r = Det.tensor(8, 1, 2, 4, 4);
    KnownAnswers.assertClose("H4", ZBox.OF_IMAGE.share(engine, layer, x, r).toArray(), 1e-6);
    KnownAnswers.assertClose("H4", new ZBox(-1, 1).share(engine, layer, x, r).toArray(), 1e-6);
  }

  @Test
  void averagePoolSharesByValue() {
    var pool = new AveragePool2d(new AveragePool(Window.of(2, 2, 0), true, false));
    Graph.Builder builder = Graph.builder("pool");
    Node node = builder.add("pool", pool, builder.input("input", image.shape()));
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    for (Rule rule : List.of(new Norm(0), new ZPlus(0))) {
      Rule.Passed passed = rule.pass(engine, node, List.of(image), r);
      KnownAnswers.assertPrinted("z avgpool", part(passed, 0).toArray(), 9);
    }
  }

  @Test
  void signedAddIsTheZRule() {
    Tensor a = Det.tensor(10, 1, 2, 2, 2);
    Tensor b = Det.tensor(11, 1, 2, 2, 2);
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    Graph.Builder builder = Graph.builder("add");
    Node input = builder.input("input", a.shape());
    Node node = builder.add("add", new Add(), input, input);
    Rule.Passed passed = new Norm(0).pass(engine, node, List.of(a, b), r);
    KnownAnswers.assertPrinted("signed add 0", part(passed, 0).toArray(), 9);
    KnownAnswers.assertPrinted("signed add 1", part(passed, 1).toArray(), 9);
    // 0/0 is 0.
    Tensor zero = Tensor.zeros(a.shape());
    passed = new Norm(0).pass(engine, node, List.of(zero, zero), r);
    assertArrayEquals(new float[8], part(passed, 0).toArray());
  }

  @Test
  void gatesGetNothing() {
    Graph.Builder builder = Graph.builder("gate");
    Node x = builder.input("input", Shape.of(1, 2, 2, 2));
    Node gate = builder.add("gate", new Sigmoid(), x);
    Node product = builder.add("product", new Multiply(), gate, x);
    Node square = builder.add("square", new Multiply(), x, x);
    Tensor r = Det.tensor(9, 1, 2, 2, 2);
    Rule.Passed passed = Rules.GATE.pass(engine, product, List.of(r, r), r);
    assertNull(passed.relevance().get(0));
    assertArrayEquals(r.toArray(), part(passed, 1).toArray());
    Rule.Passed both = Rules.GATE.pass(engine, square, List.of(r, r), r);
    for (int k = 0; k < 2; k++) {
      float[] half = part(both, k).toArray();
      for (int i = 0; i < 8; i++) assertEquals(r.toArray()[i] / 2, half[i]);
    }
    Tensor scale = Tensor.zeros(Shape.of(1, 2, 1, 1));
    Rule.Passed excited = Rules.GATE.pass(engine, square, List.of(r, scale), r);
    assertArrayEquals(r.toArray(), part(excited, 0).toArray());
    assertNull(excited.relevance().get(1));
  }

  @Test
  void rulesOfOtherLayersAreRefusedByName() {
    Graph.Builder builder = Graph.builder("odd");
    Node node = builder.add("squash", new Sigmoid(), builder.input("input", Shape.of(1, 2, 2, 2)));
    assertEquals(
        "layer \"squash\" (Sigmoid) is not linear: it cannot have a linear rule",
        assertThrows(IllegalArgumentException.class, () -> LinearMap.of(node)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new Epsilon(-1));
    assertThrows(IllegalArgumentException.class, () -> new Gamma(Float.NaN));
    assertThrows(IllegalArgumentException.class, () -> new AlphaBeta(2, 2));
    assertThrows(IllegalArgumentException.class, () -> new ZBox(1, -1));
    assertThrows(IllegalArgumentException.class, () -> new Relprop(0.5f));
    assertThrows(IllegalArgumentException.class, () -> new ZPlus(-1));
    assertThrows(IllegalArgumentException.class, () -> new Norm(-1));
  }

  /** Captum's SimpleLRPModel, tests/attr/test_lrp.py, for x and 3x: of 3x all is three times. */
  @Test
  void twoLinearLayersAreCaptums() {
    var epsilon = new Epsilon(1e-9f);
    float[] twos = new float[9];
    Arrays.fill(twos, 2);
    assertTwoLayers(twos, epsilon, epsilon, List.of(36f, 36f, 36f), 18, 36, 54);
    float[] changed = twos.clone();
    changed[0] = -2;
    List<Float> hidden = List.of(24f, 36f, 36f);
    assertTwoLayers(changed, new Gamma(1), new Gamma(0.25f), hidden, 28 / 3f, 104 / 3f, 52);
    var alphaBeta = new AlphaBeta(1, 0);
    assertTwoLayers(changed, alphaBeta, alphaBeta, hidden, 12, 33.6f, 50.4f);
    LinearRule identity = (engine, layer, x, r) -> r;
    assertTwoLayers(changed, identity, epsilon, hidden, 24, 36, 36);
  }

  private void assertTwoLayers(
      float[] weights, LinearRule first, LinearRule second, List<Float> hidden, float... expected) {
    Tensor x = Tensor.of(Shape.of(2, 3), 1, 2, 3, 3, 6, 9);
    var one = new LinearMap(Dense.of(Parameter.of(Shape.of(3, 3), weights), null), null);
    var two = new LinearMap(Dense.of(Parameter.of(Shape.of(1, 3), 3, 3, 3), null), null);
    Tensor between = Contributions.plain(one, x).sum(engine);
    Tensor y = Contributions.plain(two, between).sum(engine);
    float[] atHidden = second.share(engine, two, between, y).toArray();
    float[] atInput = first.share(engine, one, x, Tensor.of(between.shape(), atHidden)).toArray();
    for (int i = 0; i < 3; i++) {
      // ε of at most 1e-6 against denominators of at least 4.
      for (int n = 0; n < 2; n++) {
        int times = n == 0 ? 1 : 3;
        assertEquals(times * hidden.get(i), atHidden[3 * n + i], times * 5e-5f);
        assertEquals(times * expected[i], atInput[3 * n + i], times * 5e-5f);
      }
    }
  }

  /** Captum's network with a tanh, which passes relevance: tests/attr/test_lrp.py. */
  @Test
  void linearLayersAroundATanhAreCaptums() {
    var epsilon = new Epsilon(1e-9f);
    float[] tenths = new float[9];
    Arrays.fill(tenths, 0.1f);
    var one = new LinearMap(Dense.of(Parameter.of(Shape.of(3, 3), tenths), null), null);
    var two = new LinearMap(Dense.of(Parameter.of(Shape.of(1, 3), .1f, .1f, .1f), null), null);
    float[] hidden = new float[3];
    Arrays.fill(hidden, (float) Math.tanh(0.6));
    Tensor between = Tensor.of(Shape.of(1, 3), hidden);
    Tensor y = Contributions.plain(two, between).sum(engine);
    Tensor r = epsilon.share(engine, two, between, y);
    assertArrayEquals(new float[] {.0537f, .0537f, .0537f}, r.toArray(), 5.0001e-5f);
    Tensor x = Tensor.of(Shape.of(1, 3), 1, 2, 3);
    assertArrayEquals(
        new float[] {.0269f, .0537f, .0806f},
        epsilon.share(engine, one, x, r).toArray(),
        5.0001e-5f);
  }

  private static Tensor part(Rule.Passed passed, int k) {
    return Objects.requireNonNull(passed.relevance().get(k));
  }
}
