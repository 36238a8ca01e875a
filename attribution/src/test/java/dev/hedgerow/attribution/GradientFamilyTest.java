package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Subtract;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients and what is made of them, against the numbers of the methods' own code. */
class GradientFamilyTest {
  private final Engine engine = Engine.sequential();
  private final Options options = Options.standard();
  private final Tensor image = Det.tensor(26, 1, 3, 8, 8);
  private final Graph netA = Nets.a();

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void largestGradientIsTorchRays(int target) {
    KnownAnswers.assertPrinted(
        "A gradient t" + target, heatmap("gradient:largest", netA, image, target), 6);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void guidedBackpropIsTorchRays(int target) {
    KnownAnswers.assertPrinted(
        "A guided t" + target, heatmap("guided-backprop", netA, image, target), 6);
    KnownAnswers.assertClose(
        "A guided captum t" + target,
        explain("guided-backprop:captum", netA, image, target, options).relevance().toArray(),
        1e-5);
    KnownAnswers.assertClose(
        "A guided smoothed t" + target,
        heatmap("guided-backprop:smoothed", netA, image, target),
        1e-5);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void rectifiersOfAllKinds(int target) {
    Graph netC = Nets.c();
    float[] pixels = Det.values(45, 192, 1);
    for (int i = 0; i < 192; i++) if (i % 64 / 8 < 5 && i % 8 < 4) pixels[i] = 0;
    Tensor black = Tensor.of(Shape.of(1, 3, 8, 8), pixels);
    KnownAnswers.assertClose("C logits", netC.run(engine, black).toArray(), 1e-6);
    String[][] names = {
      {"plain", "gradient"},
      {"deconv", "deconvnet"},
      {"guided", "guided-backprop"},
      {"captum", "guided-backprop:captum"}
    };
    for (String[] name : names) {
      KnownAnswers.assertClose(
          "C " + name[0] + " t" + target,
          explain(name[1], netC, black, target, options).relevance().toArray(),
          1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void deconvnetOnNetA(int target) {
    KnownAnswers.assertClose(
        "A deconvnet t" + target,
        explain("deconvnet", netA, image, target, options).relevance().toArray(),
        1e-5);
  }

  @Test
  void guidedBackpropAndDeconvnetAreCaptums() {
    Graph net = Nets.oneConvolution();
    Tensor a = ramp(0);
    Tensor sum = ramp(1);
    float[] deconvolved = {2, 3, 3, 1, 3, 5, 5, 2, 3, 5, 5, 2, 1, 2, 2, 1};
    assertArrayEquals(
        new float[] {0, 1, 1, 1, 1, 3, 3, 2, 1, 3, 3, 2, 1, 2, 2, 1},
        heatmap("guided-backprop:captum", net, a, 0));
    assertArrayEquals(
        new float[] {1, 2, 2, 1, 2, 4, 4, 2, 2, 4, 4, 2, 1, 2, 2, 1},
        heatmap("guided-backprop:captum", net, sum, 0));
    assertArrayEquals(deconvolved, heatmap("deconvnet", net, a, 0));
    assertArrayEquals(deconvolved, heatmap("deconvnet", net, sum, 0));
  }

  /** 0, 1, …, 15 plus a constant. */
  private static Tensor ramp(int constant) {
    float[] values = new float[16];
    for (int i = 0; i < 16; i++) values[i] = i + constant;
    return Tensor.of(Shape.of(1, 1, 4, 4), values);
  }

  @Test
  void gradientTimesActivationIsCaptums() {
    Graph net = Nets.multiLayer();
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 3), 0, 100, 0);
    assertAt(net, x, "linear0", 0, 400, 0);
    assertAt(net, x, "linear1", 90, 101, 101, 101);
    assertAt(net, x, "linear2", 392, 0);
    assertAt(net, Tensor.of(Shape.of(1, 1, 1, 3), 3, 4, 0), "relu", 0, 8, 8, 8);
  }

  private void assertAt(Graph net, Tensor x, String layer, float... expected) {
    Attribution attribution =
        explain("input-x-gradient", net, x, 0, options.withSaliencyLayer(layer));
    assertArrayEquals(expected, attribution.relevance().toArray());
    assertEquals(Shape.of(1, 3), attribution.heatmap().shape());
  }

  @Test
  void gradientOfAReluAtZeroIsZero() {
    float[] x = {1, 2, 3, 0, -1, 7};
    float[] expected = {0, 0, 0, 1, 1, 0};
    for (int i = 0; i < x.length; i++) {
      Graph.Builder builder = Graph.builder("1 - relu(1 - x)");
      Node node = builder.input("input", Shape.of(1, 1, 1, 1));
      node = builder.add("flatten", new Flatten(1), node);
      node = builder.add("minus", linear(1, new float[] {-1}, 1), node);
      node = builder.add("relu", new Relu(), node);
      Graph graph = builder.build(builder.add("again", linear(1, new float[] {-1}, 1), node));
      Tensor at = Tensor.of(Shape.of(1, 1, 1, 1), x[i]);
      assertEquals(expected[i], heatmap("gradient", graph, at, 0)[0]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void integratedGradients(int target) {
    String t = " t" + target;
    double difference = KnownAnswers.get("A ig difference" + t)[0];
    float black = netA.run(engine, Tensor.zeros(image.shape())).toArray()[target];
    assertEquals(difference, netA.run(engine, image).toArray()[target] - black, 1e-6);
    for (String rule : List.of("midpoint", "trapezoid", "agf")) {
      Attribution attribution =
          explain("integrated-gradients:" + rule, netA, image, target, options);
      double expected = KnownAnswers.get("A ig " + rule + " sum" + t)[0];
      assertEquals(
          Math.abs(expected - difference),
          attribution.notes().getOrDefault(IntegratedGradients.GAP, Double.NaN),
          1e-6,
          rule);
      if (!rule.equals("agf")) assertEquals(expected, attribution.sum(), 1e-6, rule);
    }
    KnownAnswers.assertPrinted(
        "A ig midpoint" + t, heatmap("integrated-gradients:midpoint", netA, image, target), 7);
    KnownAnswers.assertClose(
        "A ig agf" + t, heatmap("integrated-gradients:agf", netA, image, target), 1e-5);
    KnownAnswers.assertClose(
        "A ig" + t, heatmap("integrated-gradients", netA, image, target), 1e-5);
  }

  /** f = relu(relu(x1) − 1 − relu(x2)) and f = relu(relu(x1 − 1) − relu(x2)), both (1.5, −0.5). */
  @Test
  void integratedGradientsAreCaptumsForBothImplementations() {
    for (boolean inside : new boolean[] {false, true}) {
      Graph.Builder builder = Graph.builder("two ways");
      Node input = builder.input("input", Shape.of(1, 1, 1, 2));
      Node flat = builder.add("flatten", new Flatten(1), input);
      Node first = builder.add("x1", linear(2, new float[] {1, 0}, inside ? -1 : 0), flat);
      first = builder.add("relu1", new Relu(), first);
      if (!inside) first = builder.add("less", linear(1, new float[] {1}, -1), first);
      Node second = builder.add("x2", linear(2, new float[] {0, 1}, 0), flat);
      second = builder.add("relu2", new Relu(), second);
      Node difference = builder.add("difference", new Subtract(), first, second);
      Graph graph = builder.build(builder.add("relu", new Relu(), difference));
      Tensor x = Tensor.of(Shape.of(1, 1, 1, 2), 3, 1);
      Attribution attribution =
          explain("integrated-gradients:midpoint", graph, x, 0, options.withSamples(1000));
      assertArrayEquals(new float[] {1.5f, -0.5f}, attribution.relevance().toArray(), 1e-6f);
      assertEquals(0, attribution.notes().getOrDefault(IntegratedGradients.GAP, Double.NaN), 1e-6);
      // Captum's own test allows its 50-step rule 0.01.
      attribution = explain("integrated-gradients", graph, x, 0, options);
      assertArrayEquals(new float[] {1.5f, -0.5f}, attribution.relevance().toArray(), 0.02f);
    }
  }

  /** The mean over images and classes; the gap of one may by chance be small with few steps. */
  @Test
  void theGapFallsWithTheSteps() {
    for (String rule : List.of("", ":midpoint", ":trapezoid")) {
      double before = Double.POSITIVE_INFINITY;
      for (int steps : new int[] {2, 16, 128}) {
        double gap = 0;
        for (int k = 0; k < 12; k++) {
          Tensor x = Det.tensor(26 + k / 3, 1, 3, 8, 8);
          gap +=
              explain("integrated-gradients" + rule, netA, x, k % 3, options.withSamples(steps))
                      .notes()
                      .getOrDefault(IntegratedGradients.GAP, Double.NaN)
                  / 12;
        }
        assertTrue(gap < before / 2, rule + " with " + steps + ": " + gap + " after " + before);
        before = gap;
      }
      // Kinks on the way leave an error of the order of a step.
      assertEquals(0, before, 1.0 / 128);
    }
  }

  @Test
  void gaussAndLegendresRuleIsExactOnPolynomials() {
    for (int n : new int[] {1, 2, 3, 7, 50}) {
      PathRule.Sum sum = PathRule.GAUSS_LEGENDRE.of(n);
      for (int degree = 0; degree < 2 * n; degree++) {
        double integral = 0;
        for (int k = 0; k < n; k++) {
          integral += sum.weights()[k] * Math.pow(sum.points()[k], degree);
        }
        assertEquals(1.0 / (degree + 1), integral, 1e-14);
      }
    }
  }

  /** The sum over noisy images, one at a time, in the order of the definition. */
  @Test
  void smoothGradIsTheMeanGradient() {
    double range = Reductions.maximum(engine, image) - (double) Reductions.minimum(engine, image);
    assertSmooth("smoothgrad", 0.15 * range, Channels.SUM);
    assertSmooth("smoothgrad:agf", Math.pow(4 / range, 2), Channels.MAGNITUDE);
    Tensor constant = Tensor.zeros(image.shape());
    assertArrayEquals(
        heatmap("gradient", netA, constant, 0),
        explain("smoothgrad", netA, constant, 0, options.withSamples(4)).heatmap().toArray(),
        1e-7f);
  }

  private void assertSmooth(String name, double deviation, Channels channels) {
    int n = 20;
    double[] mean = new double[192];
    for (int k = 0; k < n; k++) {
      Random random = Versions.random(5, k);
      float[] noisy = image.toArray();
      for (int i = 0; i < 192; i++) noisy[i] += (float) (deviation * random.nextGaussian());
      float[] gradient =
          explain("gradient", netA, Tensor.of(image.shape(), noisy), 2, options)
              .relevance()
              .toArray();
      for (int i = 0; i < 192; i++) mean[i] += gradient[i] / (double) n;
    }
    Attribution smooth = explain(name, netA, image, 2, options.withSamples(n).withSeed(5));
    float[] values = smooth.relevance().toArray();
    for (int i = 0; i < 192; i++) assertEquals(mean[i], values[i], 1e-6);
    assertArrayEquals(
        channels.map(engine, smooth.relevance()).toArray(), smooth.heatmap().toArray());
    assertNotEquals(
        smooth.sum(), explain(name, netA, image, 2, options.withSamples(n).withSeed(6)).sum());
    assertEquals(
        smooth.sum(), explain(name, netA, image, 2, options.withSamples(n).withSeed(5)).sum());
  }

  /** Twice the seed is twice the gradient, and so on, for every method that is linear in it. */
  @Test
  void theStartRelevanceIsTheSeed() {
    Options mixed = options.withStart(StartRelevance.of(Tensor.of(Shape.of(1, 3), 2, 0, -1)));
    for (String name : List.of("gradient", "input-x-gradient", "integrated-gradients")) {
      float[] first = explain(name, netA, image, 0, options).relevance().toArray();
      float[] second = explain(name, netA, image, 2, options).relevance().toArray();
      float[] both = explain(name, netA, image, 1, mixed).relevance().toArray();
      for (int i = 0; i < both.length; i++) {
        assertEquals(2 * first[i] - second[i], both[i], 1e-6, name);
      }
    }
  }

  @Test
  void gradientsAtAnotherLayer() {
    for (String name : List.of("gradient", "smoothgrad", "guided-backprop", "deconvnet")) {
      Attribution attribution =
          explain(name, netA, image, 0, options.withSaliencyLayer("relu2").withSamples(4));
      assertEquals(Shape.of(1, 6, 4, 4), attribution.relevance().shape());
      assertEquals(Shape.of(8, 8), attribution.heatmap().shape());
    }
    float[] gradient =
        explain("gradient", netA, image, 0, options.withSaliencyLayer("relu2"))
            .relevance()
            .toArray();
    double[] means = KnownAnswers.get("A gradcam weights t0");
    for (int c = 0; c < 6; c++) {
      double mean = 0;
      for (int i = 0; i < 16; i++) mean += gradient[c * 16 + i] / 16;
      assertEquals(means[c], mean, 1e-7);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> explain("gradient", netA, image, 0, options.withSaliencyLayer("nowhere")));
  }

  @Test
  void gradientsOfABatchAreThoseOfItsImages() {
    List<Tensor> images = new ArrayList<>();
    for (int n = 0; n < 3; n++) images.add(Det.tensor(26 + n, 1, 3, 8, 8));
    Graph net = Nets.normalized();
    Recording batch = net.record(engine, Structure.stack(images));
    var score = new Score(Tensor.of(Shape.of(1, 3), 0.5f, -1, 2));
    Tensor gradients = score.gradient(engine, batch, net.input());
    for (int n = 0; n < 3; n++) {
      Recording alone = net.record(engine, images.get(n));
      assertArrayEquals(
          score.gradient(engine, alone, net.input()).toArray(), gradients.image(n).toArray());
    }
  }

  private float[] heatmap(String name, Graph graph, Tensor x, int target) {
    return explain(name, graph, x, target, options).heatmap().toArray();
  }

  private Attribution explain(String name, Graph graph, Tensor x, int target, Options options) {
    Attributor method = Methods.standard().find(name);
    Recording recording = graph.record(engine, x, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }

  private static Linear linear(int inputs, float[] weight, float... bias) {
    return new Linear(
        Dense.of(
            Parameter.of(Shape.of(bias.length, inputs), weight),
            Parameter.of(Shape.of(bias.length), bias)));
  }
}
