package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** LRP, excitation backprop and Relevance-CAM of whole networks against their own code. */
class LrpMethodsTest {
  /** As Captum has it. */
  private static final Lrp LRP_0 = Lrp.of("captum", "", LayerMap.of(new Epsilon(1e-9f)));

  private final Engine engine = Engine.sequential();
  private final Tensor image = Det.tensor(26, 1, 3, 8, 8);
  private final Graph netA = Nets.a();

  @Test
  void lrpIsRelprop() {
    double[] sums = {0.540954355, 0, 0.614209453};
    for (int target : new int[] {0, 2}) {
      Attribution lrp = explain("lrp", target);
      KnownAnswers.assertPrinted("A LRP t" + target, lrp.heatmap().toArray(), 6);
      assertEquals(sums[target], lrp.sum(), 1e-6);
      assertEquals(List.of(), lrp.warnings());
      assertEquals("fc2", lrp.layers().getFirst().layer());
      assertEquals("conv1", lrp.layers().getLast().layer());
      // What the other classes, which share the logit, are contrasted with has the same sum.
      float[] others = new float[3];
      Arrays.fill(others, (float) sums[target] / 2);
      others[target] = 0;
      assertEquals(sums[target], sumFrom(Methods.standard().find("lrp"), others), 1e-6);
    }
  }

  @Test
  void contrastiveLrpIsItsAuthors() {
    for (int target : new int[] {0, 2}) {
      assertHeatmap("CLRP", "contrastive-lrp", target, 6);
      assertHeatmap("SGLRP", "contrastive-lrp:sglrp", target, 7);
      assertHeatmap("CLRP1", "contrastive-lrp:clrp1", target, 6);
    }
    assertHeatmap("CLRP2", "contrastive-lrp:clrp2", 0, 6);
  }

  @Test
  void contrastsHaveTheSumZero() {
    // Twice the logit to start with: the others are brought to the same sum.
    float[] two = {2 * netA.run(engine, image).toArray()[0], 0, 0};
    Options doubled =
        Options.standard().withStart(StartRelevance.of(Tensor.of(Shape.of(1, 3), two)));
    Attributor method = Methods.standard().find("contrastive-lrp");
    Attribution contrast = explain(method, netA, 0, doubled);
    assertEquals(0, contrast.sum(), 1e-6);
    float[] once = explain("contrastive-lrp", 0).heatmap().toArray();
    float[] twice = contrast.heatmap().toArray();
    for (int i = 0; i < once.length; i++) assertEquals(2 * once[i], twice[i], 1e-7);
  }

  @Test
  void lrpOfGuSumsToTheLogit() {
    double[] sums = {0.540954355, 0, 0.614209453};
    for (int target : new int[] {0, 2}) {
      var method = Lrp.of("gu", "", Composites.CONTRASTIVE);
      Attribution lrp = explain(method, netA, target, Options.standard());
      assertEquals(sums[target], lrp.sum(), 1e-6);
      float[] others = netA.run(engine, image).toArray();
      for (int k = 0; k < 3; k++) others[k] = k == target ? 0 : Math.abs(others[k]);
      double expected = target == 0 ? 1.398614313104468 : 1.3253592154782108;
      assertEquals(expected, sumFrom(method, others), 1e-6);
      Tensor share = Elementwise.scale(engine, lrp.heatmap(), 1 / lrp.sum());
      KnownAnswers.assertPrinted("A LRP/sum t" + target, share.toArray(), 6);
    }
  }

  private double sumFrom(Attributor method, float[] start) {
    StartRelevance relevance = StartRelevance.of(Tensor.of(Shape.of(1, 3), start));
    return explain(method, netA, 0, Options.standard().withStart(relevance)).sum();
  }

  @Test
  void nothingToContrastIsAWarning() {
    // No weight of the last layer is negative where its input is not 0.
    Attribution clrp2 = explain("contrastive-lrp:clrp2", 2);
    assertArrayEquals(new float[64], clrp2.heatmap().toArray());
    assertEquals(2, clrp2.warnings().size());
    Graph.Builder builder = Graph.builder("one class");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    node = builder.add("relu", new Relu(), builder.add("conv", Nets.conv(20, 21, 3, 4), node));
    node = builder.add("flatten", new Flatten(1), node);
    Graph graph = builder.build(builder.add("fc", Nets.linear(24, 25, 256, 1), node));
    for (String name :
        new String[] {"contrastive-lrp", "contrastive-lrp:clrp1", "contrastive-lrp:sglrp"}) {
      Attributor method = Methods.standard().find(name);
      Attribution attribution = explain(method, graph, 0, Options.standard());
      assertArrayEquals(new float[64], attribution.heatmap().toArray(), name);
      assertEquals(
          List.of(
              "no relevance of the other classes reaches the map: there is nothing to contrast,"
                  + " and the map is empty"),
          attribution.warnings());
    }
  }

  /** The factor p_t of the others' start, which may be 0 in floats, cancels. */
  @Test
  void softmaxContrastOfASureNetworkIsNotEmpty() {
    Graph.Builder builder = Graph.builder("sure");
    Node node = builder.input("input", Shape.of(1, 1, 1, 3));
    node = builder.add("flatten", new Flatten(1), node);
    float[] diagonal = {196, 0, 0, 0, 386, 0, 0, 0, 269};
    Graph graph = builder.build(builder.add("fc", Nets.linear(3, diagonal, 0, 0, 0), node));
    Recording recording = graph.record(engine, Tensor.of(Shape.of(1, 1, 1, 3), 1, 1, 1));
    Attributor method = Methods.standard().find("contrastive-lrp:sglrp");
    // Of the other classes, the one with the larger logit has all but e⁻⁷³ or less of the share.
    int[] strongest = {1, 2, 1};
    for (int target = 0; target < 3; target++) {
      Attribution contrast = method.explain(engine, recording, target, Options.standard());
      float[] map = contrast.relevance().toArray();
      assertEquals(List.of(), contrast.warnings());
      assertEquals(1e-8, map[target], 1e-14);
      assertEquals(-1e-8, map[strongest[target]], 1e-14);
      assertEquals(0, contrast.sum(), 1e-14);
    }
  }

  @Test
  void excitationBackpropIsTorchRays() {
    for (int target : new int[] {0, 2}) {
      Attribution eb = explain("excitation-backprop", target);
      float[] map = Heatmap.channelSum(engine, eb.relevance()).toArray();
      KnownAnswers.assertPrinted("A EB t" + target, map, 9);
      assertEquals(1, Reductions.sum(engine, eb.relevance()), 1e-6);
      Attribution contrastive = explain("contrastive-excitation-backprop", target);
      KnownAnswers.assertPrinted("A cEB t" + target, contrastive.relevance().toArray(), 9);
    }
    assertEquals(
        0.06142774343239736,
        Reductions.sum(engine, explain("contrastive-excitation-backprop", 0).relevance()),
        1e-6);
  }

  /** All is linear below the last layer: the difference may be taken there or at the map. */
  @Test
  void contrastiveExcitationIsTheDifferenceOfTwoWalks() {
    LayerMap excitation = Composites.EXCITATION_BACKPROP;
    for (Graph net : List.of(netA, Nets.b(), Nets.normalized(), twoClassifiers())) {
      LayerMap opposite = excitation;
      for (Node last : Classifier.of(net)) {
        opposite = opposite.with(last.name(), new Excitation(WeightView.NEGATIVE));
      }
      Options options = Options.standard().withSaliencyLayer("pool1");
      Attributor method = Methods.standard().find("contrastive-excitation-backprop");
      for (int target = 0; target < 3; target++) {
        Recording recording = net.record(engine, image);
        Tensor p = StartRelevance.ONE_HOT.at(recording, target);
        var descent = new Descent(engine, recording, null, net.node("pool1"));
        Tensor difference =
            Elementwise.subtract(engine, descent.run(excitation, p), descent.run(opposite, p));
        Tensor expected = Elementwise.positive(engine, Heatmap.channelSum(engine, difference));
        float tolerance = 1e-6f * Reductions.maximum(engine, expected);
        assertArrayEquals(
            expected.toArray(),
            explain(method, net, target, options).relevance().toArray(),
            tolerance);
      }
    }
  }

  @Test
  void allLastLayersScoreClasses() {
    Graph graph = twoClassifiers();
    assertEquals(Set.of(graph.node("fc1"), graph.node("fc2")), Classifier.of(graph));
    assertEquals(Set.of(netA.node("fc2")), Classifier.of(netA));
  }

  /** The sum of two linear layers. */
  private static Graph twoClassifiers() {
    Graph.Builder builder = Graph.builder("two classifiers");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    node = builder.add("relu1", new Relu(), builder.add("conv1", Nets.conv(20, 21, 3, 4), node));
    node = builder.add("pool1", new MaxPool2d(new MaxPool(Window.of(2, 2, 0), false)), node);
    node = builder.add("flatten", new Flatten(1), node);
    Node one = builder.add("fc1", Nets.linear(24, 25, 64, 3), node);
    Node two = builder.add("fc2", Nets.linear(27, 28, 64, 3), node);
    return builder.build(builder.add("add", new Add(), one, two));
  }

  /** Networks that score every position start at all of them, by the softmax of the score there. */
  @Test
  void excitationOfAConvolutionalNetworkIsAProbability() {
    Graph graph = convolutional(false);
    Recording recording = graph.record(engine, image, graph.node("conv2"));
    float[] scores = recording.output(graph.node("conv2")).toArray();
    Attributor method = Methods.standard().find("excitation-backprop");
    for (int target = 0; target < 3; target++) {
      double[] own = Versions.doubles(scores, target * 64, 64);
      assertTrue(
          Arrays.stream(own).anyMatch(y -> y > 0) && Arrays.stream(own).anyMatch(y -> y < 0));
      Options atHead = Options.standard().withSaliencyLayer("conv2");
      double[] p = Probability.softmax(own);
      float[] map = explain(method, graph, target, atHead).heatmap().toArray();
      for (int i = 0; i < 64; i++) assertEquals(p[i], map[i], 1e-7);
      for (String layer : List.of("conv2", "relu")) {
        Attribution attribution =
            explain(method, graph, target, Options.standard().withSaliencyLayer(layer));
        assertEquals(1, attribution.sum(), 1e-6);
        for (float value : attribution.heatmap().toArray()) assertTrue(value >= 0);
      }
    }
    // What only hands on, as a dropout layer does, changes nothing.
    for (int target = 0; target < 3; target++) {
      Options atRelu = Options.standard().withSaliencyLayer("relu");
      assertArrayEquals(
          explain(method, graph, target, atRelu).heatmap().toArray(),
          explain(method, convolutional(true), target, atRelu).heatmap().toArray());
    }
    // And so does the contrast, from what the last layer passes on and its opposite does.
    Tensor start = StartRelevance.ONE_HOT.at(recording, 0);
    var descent = new Descent(engine, recording, null, graph.node("relu"));
    LayerMap map = ExcitationBackprop.map(graph);
    Tensor opposite = descent.run(map.with("conv2", new Excitation(WeightView.NEGATIVE)), start);
    assertEquals(1, Reductions.sum(engine, opposite), 1e-6);
    Tensor difference = Elementwise.subtract(engine, descent.run(map, start), opposite);
    assertArrayEquals(
        Elementwise.positive(engine, Heatmap.channelSum(engine, difference)).toArray(),
        explain(
                Methods.standard().find("contrastive-excitation-backprop"),
                graph,
                0,
                Options.standard().withSaliencyLayer("relu"))
            .heatmap()
            .toArray(),
        1e-7f);
  }

  /** Scores of every position, and their mean; with layers of no effect in between, or without. */
  private static Graph convolutional(boolean dropout) {
    Graph.Builder builder = Graph.builder("convolutional head");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    node = builder.add("relu", new Relu(), builder.add("conv1", Nets.conv(20, 21, 3, 4), node));
    node = builder.add("conv2", Nets.conv(22, 23, 4, 3), node);
    if (dropout) node = builder.add("dropout1", new Identity(), node);
    node = builder.add("pool", new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1)), node);
    if (dropout) node = builder.add("dropout2", new Identity(), node);
    node = builder.add("flatten", new Flatten(1), node);
    return builder.build(dropout ? builder.add("dropout3", new Identity(), node) : node);
  }

  /** A network that computes nothing has no scores of positions. */
  @Test
  void excitationOfTheInputItself() {
    Graph.Builder builder = Graph.builder("nothing");
    Node input = builder.input("input", Shape.of(1, 3, 1, 1));
    Graph graph = builder.build(builder.add("flatten", new Flatten(1), input));
    assertSame(Composites.EXCITATION_BACKPROP, ExcitationBackprop.map(graph));
  }

  /** What is asked for above it cannot show a contrast that is made below. */
  @Test
  void aContrastOfTheLastLayerNeedsToBePassed() {
    Graph graph = convolutional(false);
    List.of("contrastive-excitation-backprop", "contrastive-lrp:clrp2")
        .forEach(
            name -> {
              Attributor method = Methods.standard().find(name);
              Options at = Options.standard().withSaliencyLayer("conv2");
              assertEquals(
                  "relevance that ends at layer \"conv2\" does not pass the last layer, which "
                      + name
                      + " contrasts",
                  assertThrows(IllegalArgumentException.class, () -> explain(method, graph, 0, at))
                      .getMessage());
              explain(method, graph, 0, at.withSaliencyLayer("relu"));
            });
  }

  @Test
  void relevancesThatWalkTogetherDoNotMix() {
    for (Graph net : List.of(netA, Nets.b(), Nets.normalized())) {
      Recording recording = net.record(engine, image);
      Tensor r = StartRelevance.LOGIT.at(recording, 0);
      Tensor d = StartRelevance.CONTRAST.at(recording, 1);
      for (LayerMap map :
          List.of(Composites.Z_PLUS, Composites.CONTRASTIVE, Composites.EPSILON_GAMMA_BOX)) {
        var descent = new Descent(engine, recording, null, null);
        List<Tensor> both = descent.runAll(map, List.of(r, d));
        assertArrayEquals(descent.run(map, r).toArray(), both.getFirst().toArray());
        assertArrayEquals(descent.run(map, d).toArray(), both.getLast().toArray());
      }
    }
  }

  @Test
  void relevanceCamIsItsAuthors() {
    for (int target : new int[] {0, 2}) {
      for (int layer : new int[] {4, 2}) {
        Options options = Options.standard().withSaliencyLayer(layer == 4 ? "relu2" : "pool1");
        Attribution cam = explain(Methods.standard().find("relevance-cam"), netA, target, options);
        String of = "l%d t%d".formatted(layer, target);
        KnownAnswers.assertPrinted("A RCAM cam " + of, cam.relevance().toArray(), 7);
        // The account's last sum is ΣR at the layer.
        double sum = KnownAnswers.get("A RCAM sum " + of)[0];
        assertEquals(sum, cam.layers().getLast().sum(), 1e-6);
        assertEquals(KnownAnswers.get("A RCAM sum fc1 t" + target)[0], sumAfter(cam, "fc1"), 1e-6);
        KnownAnswers.assertPrinted(
            "A RCAM w " + of, relevanceCamsWeights(options.saliencyLayer(), target), 8);
      }
      // The only stage begins at the pool.
      assertArrayEquals(
          explain(
                  Methods.standard().find("relevance-cam"),
                  netA,
                  target,
                  Options.standard().withSaliencyLayer("pool1"))
              .heatmap()
              .toArray(),
          explain("relevance-cam", target).heatmap().toArray());
    }
  }

  /** The means of R over the pixels, from where its definition starts. */
  private float[] relevanceCamsWeights(@Nullable String layer, int target) {
    Recording recording = netA.record(engine, image);
    float[] start = {-1 / 3f, -1 / 3f, -1 / 3f};
    start[target] = 1;
    Tensor r =
        new Descent(engine, recording, null, netA.node(Objects.requireNonNull(layer)))
            .run(Composites.RELEVANCE_CAM, Tensor.of(Shape.of(1, 3), start));
    return Reductions.spatialMean(engine, r).toArray();
  }

  private static double sumAfter(Attribution attribution, String layer) {
    return attribution.layers().stream()
        .filter(report -> report.layer().equals(layer))
        .mapToDouble(LayerReport::sum)
        .sum();
  }

  /** Captum's "OneConv": with the bias in z LRP-0 is gradient × input. */
  @Test
  void oneConvolutionIsCaptums() {
    Graph graph = Nets.oneConvolution();
    float[] pixels = new float[16];
    for (int i = 0; i < 16; i++) pixels[i] = i;
    Node conv = graph.node("conv1");
    Recording recording = graph.record(engine, Tensor.of(Shape.of(1, 1, 4, 4), pixels), conv);
    assertArrayEquals(
        new float[] {-5, 4, 31, 40, -30, -21, 6, 15}, recording.output(conv).toArray());
    assertArrayEquals(new float[] {54, 54, 54, 54}, recording.logits().toArray());
    Attribution map = LRP_0.explain(engine, recording, 0, Options.standard());
    assertArrayEquals(
        new float[] {0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 0, 0, 0},
        map.heatmap().toArray(),
        1e-5f);
    assertEquals(54, map.sum(), 1e-5);
    Tensor layer =
        new Descent(engine, recording, null, conv)
            .run(LayerMap.of(new Epsilon(1e-9f)), StartRelevance.LOGIT.at(recording, 0));
    assertArrayEquals(new float[] {0, 4, 31, 40, 0, 0, -6, -15}, layer.toArray(), 1e-5f);
  }

  /** Captum's max pools: of two numbers a row, after a linear layer on each, and of a square. */
  @Test
  void maxPoolsAreCaptums() {
    Graph.Builder builder = Graph.builder("rows");
    Node node = builder.input("input", Shape.of(1, 1, 2, 2));
    // Both of a row's outputs are 2 (x0 + x1): a kernel of three that reads zeros beside the row.
    Window row = new Window(1, 3, 1, 1, 1, 1, 0, 1, 0, 1);
    Parameter twos = Parameter.of(Shape.of(1, 1, 1, 3), 2, 2, 2);
    node = builder.add("linear", new Conv2d(Convolution.of(twos, null, row, 1)), node);
    Window pair = new Window(1, 2, 1, 2, 1, 1, 0, 0, 0, 0);
    node = builder.add("pool", new MaxPool2d(new MaxPool(pair, false)), node);
    Graph rows = builder.build(builder.add("flatten", new Flatten(1), node));
    Tensor x = Tensor.of(Shape.of(1, 1, 2, 2), 1, 2, 5, 6);
    assertArrayEquals(
        new float[] {0, 0, 10, 12},
        LRP_0.explain(engine, rows.record(engine, x), 1, Options.standard()).heatmap().toArray());
    builder = Graph.builder("square");
    node = builder.input("input", Shape.of(1, 1, 2, 2));
    node = builder.add("pool", new MaxPool2d(new MaxPool(Window.of(2, 2, 0), false)), node);
    Graph square = builder.build(builder.add("flatten", new Flatten(1), node));
    assertArrayEquals(
        new float[] {0, 0, 0, 6},
        LRP_0.explain(engine, square.record(engine, x), 0, Options.standard()).heatmap().toArray());
  }

  /** Captum's {@code BasicModel_MultiLayer} at x + 3x; it gives the whole to each of the two. */
  @Test
  void severalLinearLayersAreCaptums() {
    Tensor x = Tensor.of(Shape.of(1, 1, 1, 3), 4, 8, 12);
    Attribution map =
        LRP_0.explain(engine, Nets.multiLayer().record(engine, x), 0, Options.standard());
    assertArrayEquals(new float[] {16, 32, 48}, map.relevance().toArray(), 1e-5f);
  }

  /** Captum's skip connection: y = L x + x, an addition that splits in proportion. */
  @Test
  void skipConnectionIsCaptums() {
    Graph.Builder builder = Graph.builder("skip");
    Node input = builder.input("input", Shape.of(1, 2, 1, 1));
    Node x = builder.add("flatten", new Flatten(1), input);
    Node linear =
        builder.add(
            "linear", new Linear(Dense.of(Parameter.of(Shape.of(2, 2), 5, 5, 5, 5), null)), x);
    Graph graph = builder.build(builder.add("add", new Add(), linear, x));
    Recording recording = graph.record(engine, Tensor.of(Shape.of(1, 2, 1, 1), 2, 3));
    Attribution map = LRP_0.explain(engine, recording, 1, Options.standard());
    assertArrayEquals(new float[] {10, 18}, map.relevance().toArray(), 1e-5f);
  }

  @Test
  void startAndSaliencyLayersAreHonoured() {
    Attributor epsilon = Lrp.of("lrp-0", "", LayerMap.of(new Epsilon(0)));
    Attribution whole = explain(epsilon, netA, 0, Options.standard());
    // Above the start layer LRP-0 rules anyway.
    Attribution started = explain(epsilon, netA, 0, Options.standard().withStartLayer("relu2"));
    assertArrayEquals(whole.heatmap().toArray(), started.heatmap().toArray(), 1e-6f);
    assertEquals("relu2", started.layers().getFirst().layer());
    Attribution stopped = explain(epsilon, netA, 0, Options.standard().withSaliencyLayer("relu1"));
    assertEquals(Shape.of(1, 4, 8, 8), stopped.relevance().shape());
    // Twice the start, twice the map.
    float[] two = new float[3];
    two[0] = 2 * netA.run(engine, image).toArray()[0];
    Attribution twice =
        explain(
            epsilon,
            netA,
            0,
            Options.standard().withStart(StartRelevance.of(Tensor.of(Shape.of(1, 3), two))));
    assertEquals(2 * whole.sum(), twice.sum(), 1e-6);
    assertEquals(
        "layer \"relu2\" of the map is not below \"relu1\", where relevance starts",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    explain(
                        epsilon,
                        netA,
                        0,
                        Options.standard().withStartLayer("relu1").withSaliencyLayer("relu2")))
            .getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> explain(epsilon, netA, 0, Options.standard().withSaliencyLayer("fc1")));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            explain(
                Lrp.of("x", "", LayerMap.of(new Flat()).with("nowhere", new Flat())),
                netA,
                0,
                Options.standard()));
  }

  @Test
  void aRuleIsOfANodeByEitherName() {
    Graph graph = withOutputNames();
    Attribution byNode = explain(lrpWithFlat("conv1"), graph, 0, Options.standard());
    Attribution byOutput = explain(lrpWithFlat("conv1_out"), graph, 0, Options.standard());
    assertArrayEquals(byNode.heatmap().toArray(), byOutput.heatmap().toArray());
    assertFalse(
        Arrays.equals(
            byNode.heatmap().toArray(),
            explain(lrpWithFlat(), graph, 0, Options.standard()).heatmap().toArray()));
    assertEquals(
        "layer \"conv1\" has two rules, one by its output's name",
        assertThrows(
                IllegalArgumentException.class,
                () -> explain(lrpWithFlat("conv1", "conv1_out"), graph, 0, Options.standard()))
            .getMessage());
  }

  /** Zero at the normalization: no map, unless it is merged and passes R on. */
  @Test
  void aRuleOfANormalizationIsNotLostInMerging() {
    LinearRule epsilon = new Epsilon(1e-6f);
    Rule nothing =
        (engine, node, inputs, r) -> Rule.Passed.of(Tensor.zeros(inputs.getFirst().shape()));
    LayerMap named = LayerMap.of(epsilon).with("bn1", nothing);
    LayerMap ofKind = LayerMap.of(epsilon).with(LayerKind.BATCH_NORM, nothing);
    for (LayerMap map : List.of(named, ofKind)) {
      Attribution none = explain(Lrp.of("x", "", map), Nets.normalized(), 0, Options.standard());
      assertArrayEquals(new float[64], none.heatmap().toArray());
    }
    // Of a kind, it may be for those that have nothing to be merged with.
    LayerMap rest = ofKind.withMergedBatchNorm(true);
    assertArrayEquals(
        explain(Lrp.of("x", "", LayerMap.of(epsilon)), Nets.normalized(), 0, Options.standard())
            .heatmap()
            .toArray(),
        explain(Lrp.of("x", "", rest), Nets.normalized(), 0, Options.standard())
            .heatmap()
            .toArray());
  }

  /** A convolution whose output is not called as it is. */
  private static Graph withOutputNames() {
    Graph.Builder builder = Graph.builder("output names");
    Node node = builder.input("input", Shape.of(1, 3, 8, 8));
    node = builder.add("conv1", "conv1_out", Nets.conv(20, 21, 3, 4), List.of(node));
    node = builder.add("flatten", new Flatten(1), builder.add("relu", new Relu(), node));
    return builder.build(builder.add("fc", Nets.linear(24, 25, 256, 3), node));
  }

  /** LRP-ε, flat at some nodes. */
  private static Lrp lrpWithFlat(String... nodes) {
    LayerMap map = LayerMap.of(new Epsilon(1e-6f));
    for (String node : nodes) map = map.with(node, new Flat());
    return Lrp.of("flat", "", map);
  }

  /** The example of the README: a rule of one's own, and a method made of it. */
  @Test
  void ownRules() {
    LinearRule byMagnitude =
        (engine, layer, x, r) -> {
          LinearOperator w = layer.operator();
          Tensor a = Elementwise.absolute(engine, x);
          Tensor z = w.forward(engine, WeightView.ABSOLUTE, a);
          Tensor s = Elementwise.quotient(engine, r, z);
          return Elementwise.multiply(
              engine, a, w.reverse(engine, WeightView.ABSOLUTE, s, a.shape()));
        };
    LayerMap map =
        Composites.EPSILON_PLUS
            .with(LayerKind.CONVOLUTION, byMagnitude)
            .with(LayerKind.INPUT_CONVOLUTION, new Flat())
            .with("fc2", new Epsilon(0.25f));
    Methods methods = Methods.standard().with(Lrp.of("magnitude", "LRP-|z|", map));

    Attribution attribution = explain(methods.find("magnitude"), netA, 0, Options.standard());
    assertEquals("magnitude", attribution.method());
    // Both rules below conserve.
    assertEquals(sumAfter(attribution, "fc1"), attribution.sum(), 1e-6);
  }

  private void assertHeatmap(String answer, String method, int target, int decimals) {
    Attribution attribution = explain(method, target);
    KnownAnswers.assertPrinted(
        "A " + answer + " t" + target, attribution.heatmap().toArray(), decimals);
    assertEquals(List.of(), attribution.warnings());
  }

  private Attribution explain(String name, int target) {
    return explain(Methods.standard().find(name), netA, target, Options.standard());
  }

  private Attribution explain(Attributor method, Graph graph, int target, Options options) {
    Recording recording = graph.record(engine, image, method.keeps(graph, options));
    return method.explain(engine, recording, target, options);
  }
}
