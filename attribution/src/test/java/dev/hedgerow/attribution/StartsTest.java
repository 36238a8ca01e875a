package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Options.Choice;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method from every start, and at every layer; none leaves out silently what was asked. */
class StartsTest {
  /** Have their map at the input, or at the start layer, by definition. */
  private static final Set<String> ELSEWHERE =
      Set.of(
          "integrated-gradients",
          "grad-cam",
          "grad-cam++",
          "score-cam",
          "fullgrad",
          "guided-grad-cam",
          "occlusion",
          "rise",
          "random");

  /** Make one map of the channels, by definition. */
  private static final Set<String> MAPS =
      Set.of("contrastive-excitation-backprop", "relevance-cam");

  /** Start at the logits, or at the classifier, by definition. */
  private static final Set<String> FROM_THE_TOP =
      Set.of(
          "gradient",
          "input-x-gradient",
          "smoothgrad",
          "integrated-gradients",
          "guided-backprop",
          "deconvnet",
          "fullgrad",
          "rap",
          "agf",
          "occlusion",
          "rise",
          "random");

  /** Refuse another start layer, and why. */
  private static final Map<String, String> START_AT_THE_LOGITS =
      Map.of(
          "contrastive-lrp", "logits, which contrastive-lrp contrasts",
          "contrastive-lrp:sglrp", "logits, which contrastive-lrp:sglrp contrasts",
          "contrastive-lrp:clrp2", "last layer, which contrastive-lrp:clrp2 contrasts");

  private static final StartRelevance MIXED =
      StartRelevance.of(Tensor.of(Shape.of(1, 3), -1, 2, .5f));

  private final Engine engine = Engine.sequential();
  private final Options options = Options.standard().withSamples(5);
  private final Tensor image = Det.tensor(26, 1, 3, 8, 8);

  static List<Attributor> methods() {
    return Methods.standard().allWithVariants();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void everyStartRelevance(Attributor method) {
    Options mixed = options.withStart(MIXED);
    for (StartRelevance start :
        List.of(StartRelevance.LOGIT, StartRelevance.ONE_HOT, StartRelevance.CONTRAST)) {
      assertFinite(method, heatmap(method, 0, options.withStart(start)));
    }
    assertFinite(method, heatmap(method, 0, mixed));
    boolean same = Arrays.equals(heatmap(method, 0, options), heatmap(method, 0, mixed));
    assertEquals(method.name().equals("random"), same, method.name());
  }

  /** A start of 1 at another class explains that class, whichever was asked for. */
  @ParameterizedTest
  @MethodSource("methods")
  void theStartReplacesTheClass(Attributor method) {
    // One contrasts with the classes that were not asked for, the other has no start.
    if (Set.of("contrastive-lrp", "random").contains(base(method))) return;
    Options given = options.withStart(StartRelevance.of(Tensor.of(Shape.of(1, 3), 0, 0, 1)));
    Options oneHot = options.withStart(StartRelevance.ONE_HOT);
    assertArrayEquals(heatmap(method, 2, oneHot), heatmap(method, 0, given), method.name());
  }

  /** The gradient of a sigmoid is of its own logit alone. */
  @Test
  void theContrastIsTheGradientOfTheProbability() {
    Graph graph = Nets.a();
    Recording recording = graph.record(engine, image);
    Recording labels = graph.multiLabel().record(engine, image);
    float[] y = recording.logits().toArray();
    for (int t = 0; t < 3; t++) {
      float[] softmax = StartRelevance.CONTRAST.at(recording, t).toArray();
      float[] sigmoid = StartRelevance.CONTRAST.at(labels, t).toArray();
      for (int k = 0; k < 3; k++) {
        double step = 1e-6;
        assertEquals(
            (softmax(y, t, k, step) - softmax(y, t, k, -step)) / 2 / step, softmax[k], 1e-7);
        double p = 1 / (1 + Math.exp(-y[t]));
        assertEquals(k == t ? p * (1 - p) : 0, sigmoid[k], 1e-7);
      }
    }
  }

  /** Returns the softmax at t with logit k moved. */
  private static double softmax(float[] y, int t, int k, double step) {
    double sum = 0;
    for (int i = 0; i < y.length; i++) sum += Math.exp(y[i] + (i == k ? step : 0));
    return Math.exp(y[t] + (t == k ? step : 0)) / sum;
  }

  @Test
  void aStartThatIsNotFiniteIsRefusedWhereItIsGiven() {
    for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      Tensor given = Tensor.of(Shape.of(1, 3), 1, value, 0);
      assertEquals(
          "start relevance has " + value,
          assertThrows(IllegalArgumentException.class, () -> StartRelevance.of(given))
              .getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void everySaliencyLayer(Attributor method) {
    Attribution attribution = explain(method, 0, options.withSaliencyLayer("pool1"));
    assertFinite(method, attribution.heatmap().toArray());
    int side = attribution.relevance().shape().extent(2);
    int own = explain(method, 0, options).relevance().shape().extent(2);
    assertEquals(ELSEWHERE.contains(base(method)) ? own : 4, side, method.name());
    if (ELSEWHERE.contains(base(method))) return;
    int channels = attribution.relevance().shape().extent(1);
    assertEquals(MAPS.contains(base(method)) ? 1 : 4, channels, method.name());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void everyStartLayer(Attributor method) {
    String contrast = START_AT_THE_LOGITS.get(method.name());
    if (contrast != null) {
      Options below = options.withStartLayer("relu1");
      var refused = assertThrows(IllegalArgumentException.class, () -> explain(method, 0, below));
      assertEquals(
          "relevance that starts at layer \"relu1\" does not pass the " + contrast,
          refused.getMessage());
      assertFinite(method, heatmap(method, 0, options.withStartLayer("fc2")));
      return;
    }
    String base = base(method);
    float[] own = heatmap(method, 0, options);
    for (String layer : List.of("relu1", "conv2", "relu2", "pool2")) {
      assertFinite(method, heatmap(method, 0, options.withStartLayer(layer)));
    }
    boolean same = Arrays.equals(own, heatmap(method, 0, options.withStartLayer("relu1")));
    assertEquals(FROM_THE_TOP.contains(base), same, method.name());
  }

  /** Beside each of the other choices, and beside both. */
  @ParameterizedTest
  @MethodSource("methods")
  void whatIsIgnoredAndNothingElseChangesNothing(Attributor method) {
    for (Set<Choice> choices : everySet()) {
      // Refused.
      if (START_AT_THE_LOGITS.containsKey(method.name()) && choices.contains(Choice.START_LAYER)) {
        continue;
      }
      Options all = options(choices);
      float[] map = heatmap(method, 0, all);
      var same = EnumSet.noneOf(Choice.class);
      for (Choice choice : choices) {
        var others = EnumSet.copyOf(choices);
        others.remove(choice);
        if (Arrays.equals(map, heatmap(method, 0, options(others)))) same.add(choice);
      }
      var ignored = EnumSet.copyOf(choices);
      ignored.retainAll(method.ignores(all));
      assertEquals(same, ignored, method.name() + " with " + choices);
    }
  }

  private static List<EnumSet<Choice>> everySet() {
    List<EnumSet<Choice>> sets = List.of(EnumSet.noneOf(Choice.class));
    for (Choice choice : Choice.values()) {
      sets =
          sets.stream()
              .flatMap(
                  set -> {
                    var with = EnumSet.copyOf(set);
                    with.add(choice);
                    return Stream.of(set, with);
                  })
              .toList();
    }
    return sets;
  }

  private Options options(Set<Choice> choices) {
    return options
        .withStart(choices.contains(Choice.START) ? MIXED : null)
        .withStartLayer(choices.contains(Choice.START_LAYER) ? "relu1" : null)
        .withSaliencyLayer(choices.contains(Choice.SALIENCY_LAYER) ? "conv1" : null);
  }

  private static String base(Attributor method) {
    int colon = method.name().indexOf(':');
    return colon < 0 ? method.name() : method.name().substring(0, colon);
  }

  private static void assertFinite(Attributor method, float[] map) {
    assertEquals(64, map.length);
    for (float value : map) assertTrue(Float.isFinite(value), method.name() + " has " + value);
  }

  private float[] heatmap(Attributor method, int target, Options options) {
    return explain(method, target, options).heatmap().toArray();
  }

  private Attribution explain(Attributor method, int target, Options options) {
    Graph net = Nets.a();
    Recording recording = net.record(engine, image, method.keeps(net, options));
    return method.explain(engine, recording, target, options);
  }
}
