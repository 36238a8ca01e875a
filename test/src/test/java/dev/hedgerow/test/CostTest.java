package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Attributor.Request;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.CountingEngine;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of the methods says what each costs; here the multiplications are counted. */
class CostTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| \\[([^]]+)\\]\\([^)]*\\.md\\) \\|.*\\| ([^|]*) \\|$");

  /** Of methods with a number of samples of their own that is large, how many are enough here. */
  private static final int SAMPLES = 40;

  private static final int CHANNELS = 64;

  private final CountingEngine counting = new CountingEngine();

  /** Its kernels are too large for Winograd's algorithm. */
  private final Graph graph = network(28, 16, 5);

  private final Tensor x = image(graph.input().shape());

  CostTest() {
    // Weights are arranged at their first use.
    graph.run(counting.engine(), x);
  }

  @Test
  void methodsCostWhatTheTableSays() throws IOException {
    Map<String, String> said = table();
    assertEquals(
        Methods.standard().all().stream().map(Attributor::name).toList(),
        List.copyOf(said.keySet()));
    List<String> wrong = new ArrayList<>();
    for (Attributor method : Methods.standard().all()) {
      String cost = said.getOrDefault(method.name(), "");
      if (method.name().equals("rise")) {
        assertEquals("4001", cost);
        cost = String.valueOf(SAMPLES + 1);
      }
      double passes = passes(method);
      if (!agrees(cost, passes))
        wrong.add("%s: %s, not %.2f".formatted(method.name(), cost, passes));
    }
    assertEquals(List.of(), wrong);
  }

  /** What the pages say of variants that cost more than their method, or no more. */
  @ParameterizedTest
  @CsvSource({
    "lrp:epsilon, about 3",
    "lrp:gamma, about 5",
    "lrp:epsilon-gamma-box, about 5",
    "lrp:alpha2beta1, about 5",
    "lrp:relprop-alpha2, about 5",
    "contrastive-lrp:clrp1, about 4",
    "contrastive-lrp:clrp2, about 4",
    "contrastive-lrp:sglrp, about 4"
  })
  void variantsCostWhatTheirPagesSay(String variant, String cost) {
    double passes = passes(Methods.standard().find(variant));
    assertTrue(agrees(cost, passes), () -> "%s, not %.2f".formatted(cost, passes));
  }

  /**
   * Multiplications where channels fill blocks and images fill tiles, so that none is of padding.
   * The convolution that reads the image has 16 channels, too few for Winograd's algorithm, and
   * takes I; the linear layer takes L, and its gradient F, the number of features. The others take
   * P, a quarter by that algorithm, as 36 products of a tile's 4×4 outputs with an input channel
   * take the place of 16 · 9.
   *
   * <ul>
   *   <li>A forward pass is {@code I + P + L}.
   *   <li>The walk divides by {@code |w|*x⁺} and {@code |w|*α}, on an exact engine by {@code |w|*β}
   *       too, otherwise by their difference from {@code |w|*1}, which is computed of one channel
   *       of 3×3 pixels; it goes back with C, A and U. At the image z^B goes forward and back with
   *       w⁺ and w⁻. Together {@code 4I + 5P + F}, exact {@code 4I + 6P + F}.
   *   <li>A further target of the same image has all that is divided by, and only goes back: {@code
   *       2I + 3P + F}.
   * </ul>
   *
   * A thousandth more is allowed for: sums that are not trusted are computed anew.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void convolutionsOf3x3CostAQuarter(boolean exact) {
    int side = 48;
    Engine engine = exact ? counting.engine().exact() : counting.engine();
    Graph plain = network(side, CHANNELS, 3);
    Tensor image = image(plain.input().shape());
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Recording recording = plain.record(engine, image, hedge.keeps(plain, Options.standard()));
    hedge.explainAll(engine, recording, requests(1)); // Weights are summed at their first use.
    counting.take();
    plain.run(engine, image);
    double forward = counting.take();
    hedge.explainAll(engine, recording, requests(1));
    double one = counting.take();
    hedge.explainAll(engine, recording, requests(2));
    double further = counting.take() - one;

    double first = 9.0 * 16 * CHANNELS * side * side;
    double others = 0;
    double ones = 0;
    for (Node node : plain.nodes()) {
      if (!(node.layer() instanceof Conv2d) || node.input() == plain.input()) continue;
      others += 9.0 * CHANNELS * node.shape().size();
      if (!exact) ones += 9.0 * CHANNELS * 3 * 3;
    }
    double passed = exact ? others : others / 4;
    double features = CHANNELS * (side / 4.0) * (side / 4.0);
    assertEquals(first + passed + 5 * features, forward);
    double walk = 4 * first + (exact ? 6 : 5) * passed + features + ones;
    assertEquals(walk, one, 0.001 * walk);
    assertEquals(2 * first + 3 * passed + features, further);
  }

  private static List<Request> requests(int targets) {
    return IntStream.range(0, targets)
        .mapToObj(target -> new Request(target, Options.standard()))
        .toList();
  }

  private double passes(Attributor method) {
    Options options = Options.standard().withSamples(method.name().equals("rise") ? SAMPLES : 0);
    Set<Node> keep = method.keeps(graph, options);
    counting.take();
    graph.run(counting.engine(), x);
    double forward = counting.take();
    Recording recording = graph.record(counting.engine(), x, keep);
    method.explain(counting.engine(), recording, 1, options);
    return counting.take() / forward;
  }

  /** {@code 2}, {@code under 2}, {@code about 5} within a half, {@code 1 + channels}. */
  private static boolean agrees(String cost, double passes) {
    if (cost.startsWith("under ")) return passes <= Double.parseDouble(cost.substring(6));
    if (cost.equals("1 + channels")) return Math.abs(passes - 1 - CHANNELS) < 1;
    if (cost.startsWith("about ")) {
      return Math.abs(passes - Double.parseDouble(cost.substring(6))) <= 0.5;
    }
    double exactly = Double.parseDouble(cost);
    return Math.abs(passes - exactly) <= 0.01 * exactly;
  }

  private static Map<String, String> table() throws IOException {
    String page = Files.readString(Shared.root().resolve("docs/methods/README.md"));
    var table = new LinkedHashMap<String, String>();
    ROW.matcher(page).results().forEach(row -> table.put(row.group(1), row.group(2)));
    return table;
  }

  /**
   * Convolutions, two before and after each of two pools that halve the image, and a linear layer.
   * Channels fill blocks, so that nothing is multiplied by padding. Winograd's algorithm computes
   * kernels of 3×3 of as many channels, on 12×12 pixels or more.
   *
   * @param side of the image
   * @param first channels of the first convolution
   * @param kernel side of the kernels
   */
  private static Graph network(int side, int first, int kernel) {
    Graph.Builder builder = Graph.builder("plain");
    Node node = builder.input("input", Shape.of(1, 16, side, side));
    int[][] stages = {{first, CHANNELS}, {CHANNELS, CHANNELS}, {CHANNELS, CHANNELS}};
    int inputs = 16;
    int layer = 0;
    for (int stage = 0; stage < stages.length; stage++) {
      if (stage > 0) {
        node =
            builder.add(
                "pool" + stage, new MaxPool2d(new MaxPool(Window.of(2, 2, 0), false)), node);
      }
      for (int outputs : stages[stage]) {
        String name = "conv" + layer++;
        Parameter weight =
            HeWeights.of(name + ".weight", Shape.of(outputs, inputs, kernel, kernel));
        Parameter bias = HeWeights.of(name + ".bias", Shape.of(outputs));
        Convolution convolution = Convolution.of(weight, bias, Window.of(kernel, 1, kernel / 2), 1);
        node = builder.add(name, new Conv2d(convolution), node);
        node = builder.add("relu" + name, new Relu(), node);
        inputs = outputs;
      }
    }
    node = builder.add("flatten", new Flatten(1), node);
    int features = node.shape().extent(1);
    Dense dense =
        Dense.of(
            HeWeights.of("fc.weight", Shape.of(5, features)), HeWeights.of("fc.bias", Shape.of(5)));
    return builder.build(builder.add("fc", new Linear(dense), node));
  }

  private static Tensor image(Shape shape) {
    return Tensor.of(shape, HeWeights.of("image", shape).toArray());
  }
}
