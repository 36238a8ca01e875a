package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.CountingEngine;
import dev.hedgerow.engine.Dense;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of the methods says what each costs; here the multiplications are counted. */
class CostTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| \\[([^]]+)\\]\\([^)]*\\.md\\) \\|.*\\| ([^|]*) \\|$");

  /** Of methods with a number of samples of their own that is large, how many are enough here. */
  private static final int SAMPLES = 40;

  private static final int CHANNELS = 64;

  private final CountingEngine counting = new CountingEngine();
  private final Graph graph = network();
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
   * Convolutions on 28×28 to 7×7 pixels and a linear layer. Channels fill blocks, so that nothing
   * is multiplied by padding; kernels are too large for Winograd's algorithm.
   */
  private static Graph network() {
    Graph.Builder builder = Graph.builder("plain");
    Node node = builder.input("input", Shape.of(1, 16, 28, 28));
    int[][] stages = {{16, CHANNELS}, {CHANNELS, CHANNELS}, {CHANNELS, CHANNELS}};
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
        Parameter weight = HeWeights.of(name + ".weight", Shape.of(outputs, inputs, 5, 5));
        Parameter bias = HeWeights.of(name + ".bias", Shape.of(outputs));
        Convolution convolution = Convolution.of(weight, bias, Window.of(5, 1, 2), 1);
        node = builder.add(name, new Conv2d(convolution), node);
        node = builder.add("relu" + name, new Relu(), node);
        inputs = outputs;
      }
    }
    node = builder.add("flatten", new Flatten(1), node);
    int features = CHANNELS * 49;
    Dense dense =
        Dense.of(
            HeWeights.of("fc.weight", Shape.of(5, features)), HeWeights.of("fc.bias", Shape.of(5)));
    return builder.build(builder.add("fc", new Linear(dense), node));
  }

  private static Tensor image(Shape shape) {
    return Tensor.of(shape, HeWeights.of("image", shape).toArray());
  }
}
