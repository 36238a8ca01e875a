package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.attribution.LayerCases.Case;
import dev.hedgerow.attribution.NaiveHedge.Even;
import dev.hedgerow.attribution.NaiveHedge.Hedged;
import dev.hedgerow.attribution.NaiveHedge.Sliding;
import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
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
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * The rule of each kind of layer against {@link NaiveHedge} and {@link NaiveRelative}, and the
 * account of what it places.
 *
 * <p>Rules work in float32, u = 2⁻²⁴. J's denominators are sums of up to 500 terms of one sign,
 * good to about √500 u = 1.3e-6; maps are compared to 1e-5 of their largest magnitude, which leaves
 * room for shares of both signs that cancel. The errors of a whole sum average out: it is compared
 * to 2e-6 of Σ|R|.
 */
class LayerPropertiesTest {
  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<Case> convolutions() {
    return LayerCases.convolutions();
  }

  /** Nothing is sparse, and the first two channels of each group are active and inactive. */
  @Provide
  Arbitrary<Case> supportedConvolutions() {
    return LayerCases.convolutions()
        .map(c -> new Case(c.layer(), c.gamma(), 0, false, LayerCases.Signs.BOTH, c.seed()))
        .filter(
            c ->
                c.layer().inputs() / c.layer().groups() > 1
                    && c.layer().outputSize() > 1
                    && NaiveHedge.reached(c.layer(), doubles(ones(c.layer().outputSize())))
                        == c.layer().outputSize());
  }

  /** A linear layer, as a convolution of one pixel. */
  @Provide
  Arbitrary<Case> linearLayers() {
    return LayerCases.linearLayers();
  }

  @Provide
  Arbitrary<Case> pools() {
    return LayerCases.pools();
  }

  @Property(tries = 500, seed = "11")
  void hedgeIsTheNaiveRule(@ForAll("convolutions") Case c) {
    Hedged expected =
        NaiveHedge.hedge(c.layer(), doubles(c.w()), doubles(c.x()), doubles(c.r()), c.gamma());
    Assume.that(expected.settled());
    Rule.Passed passed = hedge(c, c.x());
    assertMap(expected.relevance(), first(passed));
    // Three sections, scaled in float32: a few u each.
    assertEquals(expected.leak(), passed.leak(), 1e-6);
  }

  /** A linear layer is a convolution of one pixel. */
  @Property(tries = 200, seed = "20")
  void hedgeOfALinearLayerIsTheNaiveRule(@ForAll("linearLayers") Case c) {
    Hedged expected =
        NaiveHedge.hedge(c.layer(), doubles(c.w()), doubles(c.x()), doubles(c.r()), 1);
    Assume.that(expected.settled());
    Rule.Passed passed = passLinear(HedgeRule.point(dense(c)), c);
    assertMap(expected.relevance(), first(passed));
    assertEquals(expected.leak(), passed.leak(), 1e-6);
  }

  @Property(tries = 300, seed = "21")
  void relativeAttributionIsTheNaiveRule(@ForAll("convolutions") Case c) {
    assertShifted(
        NaiveRelative.rap(c.layer(), doubles(c.w()), doubles(c.x()), doubles(c.r()), true),
        passConvolution(new RapRule(convolution(c).operator(), true), c));
  }

  @Property(tries = 200, seed = "22")
  void relativeAttributionOfALinearLayerIsTheNaiveRule(@ForAll("linearLayers") Case c) {
    assertShifted(
        NaiveRelative.rap(c.layer(), doubles(c.w()), doubles(c.x()), doubles(c.r()), false),
        passLinear(new RapRule(dense(c), false), c));
  }

  @Property(tries = 300, seed = "23")
  void relativeSectionsAreTheNaiveRule(@ForAll("convolutions") Case c) {
    assertShifted(
        NaiveRelative.rsp(
            c.layer(), c.w().length, doubles(c.x()), doubles(c.r()), !c.layer().isPoint()),
        passConvolution(RspRule.of(convolution(c)), c));
  }

  @Property(tries = 200, seed = "24")
  void relativeSectionsOfALinearLayerAreTheNaiveRule(@ForAll("linearLayers") Case c) {
    assertShifted(
        NaiveRelative.rsp(c.layer(), c.w().length, doubles(c.x()), doubles(c.r()), false),
        passLinear(RspRule.of(new Linear(dense(c))), c));
  }

  private static void assertShifted(NaiveRelative.Shifted expected, Rule.Passed passed) {
    Assume.that(expected.settled());
    assertMap(expected.relevance(), expected.shares(), first(passed));
  }

  /** C and A of AGF. */
  @Property(tries = 300, seed = "25")
  void sharesByMagnitudeAreTheNaiveOnes(@ForAll("convolutions") Case c) {
    Convolution convolution = convolution(c).convolution();
    assertShares(c, absolute(c.x()), first(passConvolution(Rules.magnitudes(convolution), c)));
    float[] ones = ones(c.x().length);
    assertShares(
        c,
        doubles(ones),
        Redistribution.j(engine, convolution, input(c, ones), WeightView.ABSOLUTE, output(c))
            .relevance());
  }

  @Property(tries = 200, seed = "26")
  void sharesByMagnitudeOfALinearLayerAreTheNaiveOnes(@ForAll("linearLayers") Case c) {
    assertShares(c, absolute(c.x()), first(passLinear(Rules.magnitudes(dense(c)), c)));
  }

  private static void assertShares(Case c, double[] a, Tensor actual) {
    double[] v = absolute(c.w());
    double[] positive = NaiveHedge.j(c.layer(), a, v, absolute(c.r()));
    assertMap(
        NaiveHedge.j(c.layer(), a, v, doubles(c.r())),
        Arrays.stream(positive).max().orElse(0),
        actual);
  }

  @Property(tries = 500, seed = "12")
  void hedgedSumsAddUp(@ForAll("convolutions") Case c) {
    Rule.Passed passed = hedge(c, c.x());
    assertHedged(
        c.layer().isPoint() ? 0 : c.gamma() - 2,
        Reductions.sum(engine, first(passed)) + passed.leak(),
        first(passed));
  }

  @Property(tries = 300, seed = "13")
  void nothingLeaksWhereEveryPositionHasSupport(@ForAll("supportedConvolutions") Case c) {
    float[] x = c.x();
    int area = c.layer().height() * c.layer().width();
    int channelsPerGroup = c.layer().inputs() / c.layer().groups();
    for (int i = 0; i < x.length; i++) {
      int channel = i / area % channelsPerGroup;
      if (channel == 0) x[i] = Math.abs(x[i]) + 0.1f;
      if (channel == 1) x[i] = -Math.abs(x[i]);
    }
    Hedged expected =
        NaiveHedge.hedge(c.layer(), doubles(c.w()), doubles(x), doubles(c.r()), c.gamma());
    Assume.that(expected.complete() && expected.settled());
    Rule.Passed passed = hedge(c, x);
    assertEquals(0, passed.leak(), 1e-6);
    assertHedged(
        c.layer().isPoint() ? 0 : c.gamma() - 2,
        Reductions.sum(engine, first(passed)),
        first(passed));
  }

  @Property(tries = 300, seed = "14")
  void inputConvolutionIsTheNaiveBoxAndConserves(@ForAll("convolutions") Case c) {
    NaiveHedge.Boxed expected =
        NaiveHedge.zBox(c.layer(), doubles(c.w()), doubles(c.x()), doubles(c.r()));
    Node node = node(c, convolution(c));
    Tensor passed =
        first(
            GradientHedge.rule(
                    node,
                    new InputConvolutions(Set.of(node), Set.of()),
                    List.of(Options.standard()))
                .pass(engine, node, List.of(input(c, c.x())), output(c)));
    assertMap(expected.relevance(), passed);
    assertConserved(expected.supported(), c.r(), passed);
  }

  @Property(tries = 300, seed = "15")
  void maxPoolIsTheNaiveRuleAndConserves(@ForAll("pools") Case c) {
    Tensor passed = pass(c, new MaxPool2d(new MaxPool(c.window(), c.layer().ceil())));
    assertMap(NaiveHedge.maxPool(c.layer(), doubles(c.x()), doubles(c.r())), passed);
    assertConserved(NaiveHedge.reached(c.layer(), doubles(c.r())), c.r(), passed);
  }

  @Property(tries = 300, seed = "16")
  void averagePoolIsTheNaiveRuleAndConserves(
      @ForAll("pools") Case c, @ForAll boolean countPadding) {
    var pool = new AveragePool(c.window(), countPadding, c.layer().ceil());
    Tensor passed = pass(c, new AveragePool2d(pool));
    assertMap(NaiveHedge.averagePool(c.layer(), doubles(c.x()), doubles(c.r())), passed);
    assertConserved(NaiveHedge.reached(c.layer(), doubles(c.r())), c.r(), passed);
  }

  @Property(tries = 200, seed = "17")
  void adaptiveAveragePoolIsTheNaiveRuleAndConserves(
      @ForAll("pools") Case c,
      @ForAll @IntRange(min = 1, max = 7) int rows,
      @ForAll @IntRange(min = 1, max = 7) int columns) {
    var even = new Even(c.layer().inputs(), c.layer().height(), c.layer().width(), rows, columns);
    float[] r = gaussians(c.seed(), even.outputSize());
    Node node = node(c, new AdaptiveAveragePool2d(new AdaptiveAveragePool(rows, columns)));
    Tensor relevance = Tensor.of(Shape.of(1, even.channels(), rows, columns), r);
    Tensor passed = first(rule(node).pass(engine, node, List.of(input(c, c.x())), relevance));
    assertMap(NaiveHedge.averagePool(even, doubles(c.x()), doubles(r)), passed);
    assertConserved(NaiveHedge.sum(doubles(r)), r, passed);
  }

  /** Nothing is computed, so the elements that pass are the same bits. */
  @Property(tries = 200, seed = "18")
  void batchNormKeepsWhatIsNotMultipliedByZero(@ForAll("pools") Case c) {
    int channels = c.layer().inputs();
    float[] scale = gaussians(c.seed() + 1, channels);
    scale[channels / 2] = 0;
    Parameter ones = Parameter.of(Shape.of(channels), ones(channels));
    Node node =
        node(
            c,
            new BatchNorm(
                BatchNormalization.of(
                    Parameter.of(Shape.of(channels), scale), ones, ones, ones, 0)));
    float[] x = c.x();
    float[] r = gaussians(c.seed() + 2, x.length);
    float[] expected = new float[r.length];
    int area = x.length / channels;
    for (int i = 0; i < r.length; i++) {
      if (x[i] != 0 && scale[i / area] != 0) expected[i] = r[i];
    }
    Tensor passed = first(rule(node).pass(engine, node, List.of(input(c, x)), input(c, r)));
    assertArrayEquals(expected, passed.toArray());
  }

  /** Nothing is computed, so the elements that pass are the same bits. */
  @Property(tries = 200, seed = "19")
  void concatKeepsWhatIsNotZero(
      @ForAll("pools") Case c,
      @ForAll @Size(min = 2, max = 4) List<@IntRange(min = 1, max = 20) Integer> channels) {
    Shape image = Shape.of(1, 1, c.layer().height(), c.layer().width());
    Graph.Builder builder = Graph.builder("concat");
    Node input = builder.input("input", image);
    var nodes = new ArrayList<Node>();
    var inputs = new ArrayList<Tensor>();
    var random = new Random(c.seed());
    for (int width : channels) {
      nodes.add(builder.add("part" + nodes.size(), widen(width), input));
      Shape shape = nodes.getLast().shape();
      float[] x = new float[shape.size()];
      for (int i = 0; i < x.length; i++) x[i] = random.nextInt(-1, 2);
      inputs.add(Tensor.of(shape, x));
    }
    Node node = builder.add("concat", new Concat(1), nodes.toArray(Node[]::new));
    float[] r = gaussians(c.seed() + 2, node.shape().size());
    Rule.Passed passed = rule(node).pass(engine, node, inputs, Tensor.of(node.shape(), r));
    int at = 0;
    for (int part = 0; part < inputs.size(); part++) {
      float[] x = inputs.get(part).toArray();
      float[] expected = Arrays.copyOfRange(r, at, at + x.length);
      for (int i = 0; i < x.length; i++) if (x[i] == 0) expected[i] = 0;
      assertArrayEquals(expected, part(passed, part).toArray());
      at += x.length;
    }
    assertEquals(r.length, at);
  }

  private static Layer widen(int channels) {
    Parameter weight = Parameter.of(Shape.of(channels, 1, 1, 1), new float[channels]);
    return new Conv2d(Convolution.of(weight, null, Window.of(1, 1, 0), 1));
  }

  private static void assertMap(double[] expected, Tensor actual) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    assertEqualTo(1e-5 * largest, expected, actual);
  }

  /** Of shares that may cancel: to 2e-6 of what they were before. */
  private static void assertMap(double[] expected, double shares, Tensor actual) {
    assertEqualTo(2e-6 * shares, expected, actual);
  }

  private static void assertEqualTo(double tolerance, double[] expected, Tensor actual) {
    float[] values = actual.toArray();
    assertEquals(expected.length, values.length);
    for (int i = 0; i < values.length; i++) {
      assertEquals(expected[i], values[i], tolerance, "element " + i);
    }
  }

  /** Σ|R| is at least the sections' own magnitude: what cancels within R_in has rounded before. */
  private void assertHedged(double expected, double actual, Tensor relevance) {
    double magnitude = Math.max(1, Reductions.signedSums(engine, relevance).magnitude());
    assertEquals(expected, actual, 2e-6 * magnitude);
  }

  private void assertConserved(double expected, float[] r, Tensor passed) {
    double magnitude = 0;
    for (float value : r) magnitude += Math.abs(value);
    assertEquals(expected, Reductions.sum(engine, passed), 2e-6 * magnitude);
  }

  private Rule.Passed hedge(Case c, float[] x) {
    Node node = node(c, convolution(c));
    return GradientHedge.rule(
            node,
            new InputConvolutions(Set.of(), Set.of()),
            List.of(Options.standard().withGamma(c.gamma())))
        .pass(engine, node, List.of(input(c, x)), output(c));
  }

  private Tensor pass(Case c, Layer layer) {
    Node node = node(c, layer);
    return first(rule(node).pass(engine, node, List.of(input(c, c.x())), output(c)));
  }

  private static Rule rule(Node node) {
    return GradientHedge.rule(
        node, new InputConvolutions(Set.of(), Set.of()), List.of(Options.standard()));
  }

  private Rule.Passed passConvolution(Rule rule, Case c) {
    return rule.pass(engine, node(c, convolution(c)), List.of(input(c, c.x())), output(c));
  }

  private Rule.Passed passLinear(Rule rule, Case c) {
    Tensor x = Tensor.of(Shape.of(1, c.layer().inputs()), c.x());
    Tensor r = Tensor.of(Shape.of(1, c.layer().outputs()), c.r());
    Graph.Builder builder = Graph.builder("one");
    Node node = builder.add("layer", new Linear(dense(c)), builder.input("input", x.shape()));
    return rule.pass(engine, node, List.of(x), r);
  }

  private static Conv2d convolution(Case c) {
    Sliding layer = c.layer();
    Shape weight =
        Shape.of(
            layer.outputs(),
            layer.inputs() / layer.groups(),
            layer.kernelHeight(),
            layer.kernelWidth());
    return new Conv2d(
        Convolution.of(Parameter.of(weight, c.w()), null, c.window(), layer.groups()));
  }

  private static Dense dense(Case c) {
    return Dense.of(Parameter.of(Shape.of(c.layer().outputs(), c.layer().inputs()), c.w()), null);
  }

  private static Node node(Case c, Layer layer) {
    Graph.Builder builder = Graph.builder("one");
    Sliding shape = c.layer();
    Node input = builder.input("input", Shape.of(1, shape.inputs(), shape.height(), shape.width()));
    return builder.add("layer", layer, input);
  }

  private static Tensor input(Case c, float[] x) {
    return Tensor.of(Shape.of(1, c.layer().inputs(), c.layer().height(), c.layer().width()), x);
  }

  private static Tensor output(Case c) {
    return Tensor.of(
        Shape.of(1, c.layer().outputs(), c.layer().outputHeight(), c.layer().outputWidth()), c.r());
  }

  private static Tensor first(Rule.Passed passed) {
    return part(passed, 0);
  }

  private static Tensor part(Rule.Passed passed, int k) {
    return Objects.requireNonNull(passed.relevance().get(k));
  }

  private static float[] gaussians(long seed, int count) {
    var random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = (float) random.nextGaussian();
    return values;
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static double[] absolute(float[] values) {
    return Arrays.stream(doubles(values)).map(Math::abs).toArray();
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) doubles[i] = values[i];
    return doubles;
  }
}
