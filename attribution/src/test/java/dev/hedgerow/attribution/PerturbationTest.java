package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Sigmoid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods that change the image and look at the logits, and what holds for every method. */
class PerturbationTest {
  private final Engine engine = Engine.sequential();
  private final Options options = Options.standard();
  private final Tensor image = Det.tensor(26, 1, 3, 8, 8);
  private final Graph netA = Nets.a();

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void occlusionOnNetA(int target) {
    KnownAnswers.assertClose(
        "A occlusion t" + target,
        explain(new Occlusion(3, 2, 0.25f), netA, image, target, options).heatmap().toArray(),
        2e-6);
  }

  @Test
  void occlusionIsCaptums() {
    Tensor x = row(20, 50, 30);
    assertOccluded(new Occlusion(1, 1, 0), x, 80, 200, 120);
    assertOccluded(new Occlusion(2, 1, 10), x, 200, 220, 240);
    assertOccluded(new Occlusion(2, 2, 0), x, 280, 280, 120);
    assertOccluded(new Occlusion(1, 1, 0), row(2, 10, 3), 8, 35, 12);
    assertThrows(IllegalArgumentException.class, () -> new Occlusion(1, 2, 0));
  }

  private void assertOccluded(Attributor occlusion, Tensor x, float... expected) {
    assertArrayEquals(
        expected, explain(occlusion, Nets.multiLayer(), x, 0, options).relevance().toArray());
  }

  private static Tensor row(float... values) {
    return Tensor.of(Shape.of(1, 1, 1, values.length), values);
  }

  @Test
  void occlusionCoversEveryPixel() {
    for (int[] size : new int[][] {{1, 1}, {1, 30}, {31, 20}, {224, 224}}) {
      Graph.Builder builder = Graph.builder("input alone");
      Graph net = builder.build(builder.input("input", Shape.of(1, 1, size[0], size[1])));
      Tensor ones = Tensor.zeros(Shape.of(1, 1, size[0], size[1]));
      List<Integer> totals = new ArrayList<>();
      Attribution attribution =
          explain(
              new Occlusion(),
              net,
              ones,
              0,
              options.withProgress((done, total) -> totals.add(total)));
      assertEquals(0, attribution.sum());
      if (size[0] == 224) assertEquals(169, totals.getFirst());
    }
  }

  /** Masks and the mean, one image at a time, in the order of the definition. */
  @Test
  void riseIsTheWeightedMeanOfItsMasks() {
    int n = 50;
    double[] expected = new double[64];
    for (int k = 0; k < n; k++) {
      float[] mask = Rise.mask(3, k, 8, 8);
      Tensor m = Tensor.of(Shape.of(1, 1, 8, 8), mask);
      Tensor all = Structure.concat(engine, List.of(m, m, m), 1);
      float[] y = netA.run(engine, Elementwise.multiply(engine, image, all)).toArray();
      double p = Math.exp(y[2]) / (Math.exp(y[0]) + Math.exp(y[1]) + Math.exp(y[2]));
      for (int i = 0; i < 64; i++) expected[i] += p * mask[i] / (n * 0.5);
    }
    float[] map =
        explain(new Rise(), netA, image, 2, options.withSamples(n).withSeed(3)).heatmap().toArray();
    for (int i = 0; i < 64; i++) assertEquals(expected[i], map[i], 1e-6);
  }

  @Test
  void masksShowHalfOfEveryPixel() {
    int n = 2000;
    double[] mean = new double[20 * 33];
    for (int k = 0; k < n; k++) {
      float[] mask = Rise.mask(0, k, 20, 33);
      for (int i = 0; i < mask.length; i++) {
        assertTrue(mask[i] >= 0 && mask[i] <= 1);
        mean[i] += (double) mask[i] / n;
      }
    }
    // A pixel's mask has a standard deviation of at most 1/2, its mean of at most 0.0112.
    for (double value : mean) assertEquals(0.5, value, 5 * 0.0112);
  }

  /** Of five rows a cell, two are flat at the top of the enlarged grid: two shifts of five. */
  @Test
  void masksAreShiftedByLessThanACell() {
    int n = 1000;
    int flatRows = 0;
    int flatColumns = 0;
    for (int k = 0; k < n; k++) {
      float[] mask = Rise.mask(0, k, 32, 32);
      boolean row = true;
      boolean column = true;
      for (int i = 0; i < 32; i++) {
        row &= mask[i] == mask[32 + i];
        column &= mask[32 * i] == mask[32 * i + 1];
      }
      flatRows += row ? 1 : 0;
      flatColumns += column ? 1 : 0;
    }
    // A standard deviation of 0.0155.
    assertEquals(0.4, (double) flatRows / n, 5 * 0.0155);
    assertEquals(0.4, (double) flatColumns / n, 5 * 0.0155);
  }

  /** The logits are what a closing sigmoid reads, and a class has a probability of its own. */
  @Test
  void aClosingSigmoidGivesProbabilities() {
    Graph.Builder builder = Graph.builder("labels");
    Node node = builder.input("input", Shape.of(1, 1, 1, 3));
    node = builder.add("flatten", new Flatten(1), node);
    node = builder.add("fc", Nets.linear(3, new float[] {1, 0, 0, 0, 60, 0}, 0, 0), node);
    Graph open = builder.build(node);
    assertFalse(open.isMultiLabel());
    Graph graph = builder.build(builder.add("sigmoid", new Sigmoid(), node));
    assertTrue(graph.isMultiLabel());
    assertTrue(open.multiLabel().isMultiLabel());
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 3), 1, 1, 1);
    int n = 50;
    double[] expected = new double[3];
    for (int k = 0; k < n; k++) {
      float[] mask = Rise.mask(0, k, 1, 3);
      double p = 1 / (1 + Math.exp(-mask[0]));
      for (int i = 0; i < 3; i++) expected[i] += p * mask[i] / (0.5 * n);
    }
    float[] rise = explain(new Rise(), graph, x, 0, options.withSamples(n)).heatmap().toArray();
    for (int i = 0; i < 3; i++) assertEquals(expected[i], rise[i], 1e-6);
    assertArrayEquals(
        rise,
        explain(new Rise(), open.multiLabel(), x, 0, options.withSamples(n)).heatmap().toArray());
    // The sigmoid of 60 is 1, and its slope 0.
    assertArrayEquals(
        new float[] {0, 60, 0},
        explain(Methods.standard().find("gradient"), graph, x, 1, options).heatmap().toArray());
  }

  @Test
  void randomMapsAreStandardNormal() {
    Graph.Builder builder = Graph.builder("input alone");
    Graph net = builder.build(builder.input("input", Shape.of(1, 1, 100, 100)));
    Tensor x = Tensor.zeros(Shape.of(1, 1, 100, 100));
    double mean = 0;
    double square = 0;
    int beyond = 0;
    for (float value : explain(new RandomMap(), net, x, 0, options).heatmap().toArray()) {
      mean += value / 1e4;
      square += value * value / 1e4;
      beyond += Math.abs(value) > 1.96 ? 1 : 0;
    }
    assertEquals(0, mean, 5 * 0.01);
    assertEquals(1, square, 5 * 0.0142);
    assertEquals(0.05, beyond / 1e4, 5 * 0.0022);
  }

  @Test
  void randomMapsFollowFromSeedImageAndClass() {
    Attributor random = new RandomMap();
    float[] map = explain(random, netA, image, 0, options).heatmap().toArray();
    assertArrayEquals(map, explain(random, netA, image, 0, options).heatmap().toArray());
    Tensor other = Det.tensor(27, 1, 3, 8, 8);
    for (Attribution different :
        List.of(
            explain(random, netA, image, 1, options),
            explain(random, netA, other, 0, options),
            explain(random, netA, image, 0, options.withSeed(1)))) {
      assertFalse(Arrays.equals(map, different.heatmap().toArray()));
    }
    assertThrows(IllegalArgumentException.class, () -> explain(random, netA, image, 3, options));
  }

  @Test
  void progressIsToldOfEveryBatchAndChangesNothing() {
    for (String name : List.of("smoothgrad", "integrated-gradients", "score-cam", "rise")) {
      Attributor method = Methods.standard().find(name);
      List<Integer> done = new ArrayList<>();
      List<Integer> totals = new ArrayList<>();
      Options chosen = options.withSamples(40);
      Attribution silent = explain(method, netA, image, 0, chosen);
      Attribution told =
          explain(
              method,
              netA,
              image,
              0,
              chosen.withProgress(
                  (now, total) -> {
                    done.add(now);
                    totals.add(total);
                  }));
      int expected = name.equals("score-cam") ? 6 : 40;
      assertEquals(expected, done.getLast(), name);
      assertEquals(List.of(expected), totals.stream().distinct().toList());
      assertEquals(done.stream().distinct().sorted().toList(), done);
      if (expected == 40) assertEquals(List.of(16, 32, 40), done);
      assertArrayEquals(silent.heatmap().toArray(), told.heatmap().toArray());
    }
    assertThrows(IllegalArgumentException.class, () -> options.withSamples(-1));
  }

  @Test
  void seedsMatterToTheMethodsThatDrawNumbersAlone() {
    for (Attributor method : Methods.standard().all()) {
      Attribution zero = explain(method, netA, image, 0, options.withSamples(10));
      Attribution one = explain(method, netA, image, 0, options.withSamples(10).withSeed(1));
      boolean same = Arrays.equals(zero.heatmap().toArray(), one.heatmap().toArray());
      assertNotEquals(List.of("smoothgrad", "rise", "random").contains(method.name()), same);
    }
  }

  @Test
  void anImageOfABatchIsExplainedAsTheImageAlone() {
    Tensor other = Det.tensor(27, 1, 3, 8, 8);
    for (Attributor method : Methods.standard().allWithVariants()) {
      Graph net = Nets.normalized();
      Options chosen = options.withSamples(5);
      Set<Node> keep = method.keeps(net, chosen);
      Recording batch = net.record(engine, Structure.stack(List.of(other, image)), keep);
      Attribution alone = explain(method, net, image, 2, chosen);
      Attribution one = method.explain(engine, batch.image(1), 2, chosen);
      assertArrayEquals(alone.relevance().toArray(), one.relevance().toArray(), method.name());
      assertArrayEquals(alone.heatmap().toArray(), one.heatmap().toArray(), method.name());
      assertEquals(alone.notes(), one.notes());
      assertThrows(IllegalArgumentException.class, () -> method.explain(engine, batch, 2, chosen));
    }
  }

  @Test
  void everyVariantIsFoundByItsNameAndSaysWhatItIs() {
    for (Attributor method : Methods.standard().allWithVariants()) {
      assertEquals(method.name(), Methods.standard().find(method.name()).name());
      assertFalse(method.title().isBlank());
      assertFalse(method.reference().isBlank());
      assertFalse(method.cost().isBlank());
      Attribution attribution = explain(method, netA, image, 0, options.withSamples(3));
      assertEquals(method.name(), attribution.method());
      assertEquals(Shape.of(8, 8), attribution.heatmap().shape());
    }
  }

  private Attribution explain(
      Attributor method, Graph graph, Tensor x, int target, Options options) {
    Recording recording = graph.record(engine, x, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }
}
