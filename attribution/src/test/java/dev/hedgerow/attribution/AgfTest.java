package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.RelativeMethods.explain;
import static dev.hedgerow.attribution.RelativeMethods.netA;
import static dev.hedgerow.attribution.RelativeMethods.netR;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Linear;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Attribution-Guided Factorization against the numbers of its authors' code. */
class AgfTest {
  private final Engine engine = Engine.sequential();

  @Test
  void wholeNets() {
    for (int target : new int[] {0, 2}) {
      KnownAnswers.assertPrinted(
          "A agf t" + target, explain("agf", netA(), target).heatmap().toArray(), 6);
      KnownAnswers.assertClose(
          "R agf t" + target, explain("agf", netR(), target).heatmap().toArray(), 1e-5);
    }
  }

  @Test
  void sumsAreThoseOfTheStart() {
    for (int target : new int[] {0, 2}) {
      double expected = KnownAnswers.get("A agf sum t" + target)[0];
      for (LayerReport layer : explain("agf", netA(), target).layers()) {
        assertEquals(expected, layer.sum(), 1e-6 * layer.magnitude() + 1e-7, layer.layer());
      }
    }
    for (LayerReport layer : explain("agf", netR(), 0).layers()) {
      assertEquals(0, layer.leak(), 1e-5 * layer.magnitude(), layer.layer());
    }
  }

  @Test
  void relevanceLayerByLayer() {
    Graph graph = netA();
    Node hidden = graph.node("relu3");
    Node flat = graph.node("flatten");
    Node pool = graph.node("pool1");
    Recording recording = graph.record(engine, RelativeMethods.IMAGE, graph.nodes());
    for (int target : new int[] {0, 2}) {
      Map<Node, Tensor> gradients =
          graph.gradients(
              engine, recording, AgfSeed.at(engine, recording, target), Set.of(hidden, flat, pool));
      Tensor start =
          Elementwise.multiply(
              engine, recording.output(hidden), Objects.requireNonNull(gradients.get(hidden)));
      assertEquals(
          KnownAnswers.get("A agf sum t" + target)[0], Reductions.sum(engine, start), 1e-6);
      Linear linear = (Linear) graph.node("fc1").layer();
      Rule rule =
          new AgfFlatRule(
              linear.dense(), Shape.of(1, 6, 2, 2), Objects.requireNonNull(gradients.get(flat)));
      Tensor passed = RelativeMethods.pass(rule, start, recording.output(flat)).getFirst();
      // The first 23 of 24 were printed.
      KnownAnswers.assertPrinted("A agf flat t" + target, Arrays.copyOf(passed.toArray(), 23), 6);

      Rule max = Rules.maxPool(new MaxPool(Window.of(2, 2, 0), false));
      passed = passed.reshape(Shape.of(1, 6, 2, 2));
      passed = RelativeMethods.pass(max, passed, recording.output(graph.node("relu2"))).getFirst();
      rule = new AgfRule(convolution(graph, "conv2"), Objects.requireNonNull(gradients.get(pool)));
      passed = RelativeMethods.pass(rule, passed, recording.output(pool)).getFirst();
      assertEquals(57, Reductions.countNonZero(engine, passed));
      passed = RelativeMethods.pass(max, passed, recording.output(graph.node("relu1"))).getFirst();
      rule = ZBox.OF_IMAGE.on(new LinearMap(convolution(graph, "conv1"), null));
      passed = RelativeMethods.pass(rule, passed, RelativeMethods.IMAGE).getFirst();
      assertEquals(192, Reductions.countNonZero(engine, passed));
      Tensor map = Heatmap.channelSum(engine, Saliency.perMaximum(engine, passed));
      KnownAnswers.assertPrinted("A agf t" + target, map.toArray(), 6);
    }
  }

  private static Convolution convolution(Graph graph, String name) {
    return ((Conv2d) graph.node(name).layer()).convolution();
  }

  @Test
  void theSeedIsTheGradientOfItsProbability() {
    for (int target : new int[] {0, 2}) {
      float[] logits = floats(KnownAnswers.get("R logits"));
      KnownAnswers.assertClose("R agf seed t" + target, seed(logits, target), 1e-6);
    }
    var random = new Random(1);
    for (int trial = 0; trial < 20; trial++) {
      float[] y = new float[2 + random.nextInt(6)];
      for (int k = 0; k < y.length; k++) y[k] = (float) random.nextGaussian();
      int t = random.nextInt(y.length);
      float[] seed = seed(y, t);
      for (int k = 0; k < y.length; k++) {
        double h = 1e-3;
        double up = probability(y, t, k, h);
        double down = probability(y, t, k, -h);
        assertEquals((up - down) / (2 * h), seed[k], 2e-3 * (1 + Math.abs(seed[k])));
      }
    }
    assertArrayEquals(new float[3], seed(new float[] {2, 2, 2}, 1));
  }

  @Test
  void factorisationSeparatesTwoTextures() {
    // Channel 0 is active on the left, where relevance is positive, channel 1 on the right.
    Tensor a = Tensor.of(Shape.of(1, 2, 1, 2), 5, -5, -5, 5);
    Tensor c = Tensor.of(Shape.of(1, 2, 1, 2), 1, -1, 1, -1);
    float[] f = Factorization.guidedBy(engine, c).of(engine, a).toArray();
    // H = [[1, 0], [0, 1]] to 5e-5, r⁻ = (0, 1), r⁺ = (1, 0): W = ½ rᵀH, F = (½, 0).
    assertArrayEquals(new float[] {0.5f, 0}, f, 1e-4f);
  }

  private float[] seed(float[] y, int t) {
    Graph.Builder builder = Graph.builder("logits");
    Node input = builder.input("input", Shape.of(1, y.length, 1, 1));
    Graph graph = builder.build(builder.add("flat", new Flatten(1), input));
    Recording recording = graph.record(engine, Tensor.of(Shape.of(1, y.length, 1, 1), y));
    return AgfSeed.at(engine, recording, t).toArray();
  }

  /** p_t with y_k moved by h. */
  private static double probability(float[] logits, int t, int k, double h) {
    double[] y = new double[logits.length];
    for (int i = 0; i < y.length; i++) y[i] = logits[i] + (i == k ? h : 0);
    double sigma = 0;
    for (double value : y) sigma = Math.max(sigma, Math.abs(value - y[t]));
    var exponentials = new ArrayList<Double>();
    for (double value : y) {
      double d = (value - y[t]) / sigma;
      exponentials.add(Math.exp(y[t] * Math.exp(-0.5 * d * d)));
    }
    double sum = 0;
    for (double value : exponentials) sum += value;
    return exponentials.get(t) / sum;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) floats[i] = (float) values[i];
    return floats;
  }
}
