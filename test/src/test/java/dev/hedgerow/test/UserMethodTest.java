package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Composites;
import dev.hedgerow.attribution.LayerKind;
import dev.hedgerow.attribution.LayerReport;
import dev.hedgerow.attribution.Lrp;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.RelevanceWalk;
import dev.hedgerow.attribution.Rule;
import dev.hedgerow.attribution.StartRelevance;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.weights.OnnxModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A method and a rule written outside the library, with what is public. */
class UserMethodTest {
  private final Engine engine = Engine.sequential();

  /** z⁺ from the logits to the pixels, of which additions take what a rule says. */
  private record Walked(Rule additions) implements Attributor {
    @Override
    public String name() {
      return "walked";
    }

    @Override
    public String title() {
      return "Walked: z+ with additions of one's own";
    }

    @Override
    public String reference() {
      return "none";
    }

    @Override
    public Attribution explain(Engine engine, Recording recording, int target, Options options) {
      Graph graph = recording.graph();
      var rules = Composites.Z_PLUS.with(LayerKind.ADD, additions).on(graph, graph.logits());
      List<String> warnings = new ArrayList<>();
      var walk = new RelevanceWalk(engine, recording, rules, warnings);
      Tensor start = StartRelevance.LOGIT.at(recording, target);
      Tensor map = walk.run(graph.logits(), start, Set.of(graph.input()));
      return Attribution.atInput(engine, this, target, map, walk.layers(), warnings);
    }
  }

  /** Everything to the first branch. */
  private static final Rule FIRST =
      (engine, node, inputs, r) -> {
        var parts = new ArrayList<Tensor>();
        for (Tensor input : inputs) parts.add(Tensor.zeros(input.shape()));
        parts.set(0, r);
        return new Rule.Passed(parts, 0);
      };

  @Test
  void areAsGoodAsTheLibrarys() throws IOException {
    Methods methods = Methods.standard().with(new Walked(FIRST));
    Attribution walked = explain(methods.find("walked"));
    Attribution lrp = explain(Lrp.of("own", "own", Composites.Z_PLUS.with(LayerKind.ADD, FIRST)));
    assertTrue(walked.heatmap().shape().equals(lrp.heatmap().shape()));
    assertArrayEquals(lrp.heatmap().toArray(), walked.heatmap().toArray());
    assertEquals(
        lrp.layers().stream().map(LayerReport::layer).toList(),
        walked.layers().stream().map(LayerReport::layer).toList());
    assertTrue(walked.layers().stream().anyMatch(layer -> layer.kind().equals("Add")));
    Methods taken = Methods.standard();
    assertThrows(IllegalArgumentException.class, () -> taken.with(taken.find("lrp")));
  }

  @Test
  void whatARuleOfOnesOwnDoesWrongIsReported() throws IOException {
    Rule growing =
        (engine, node, inputs, r) ->
            FIRST.pass(engine, node, inputs, Elementwise.scale(engine, r, 2000));
    List<String> warnings = explain(new Walked(growing)).warnings();
    assertEquals(1, warnings.size(), warnings.toString());
    assertTrue(
        warnings.getFirst().startsWith("relevance grows 2.00e+03-fold at "), warnings.toString());
    Rule broken =
        (engine, node, inputs, r) ->
            FIRST.pass(engine, node, inputs, Elementwise.scale(engine, r, Double.NaN));
    assertEquals(
        "relevance is not finite after " + additions().getFirst(),
        assertThrows(ArithmeticException.class, () -> explain(new Walked(broken))).getMessage());
  }

  /** Forty times at an addition is no jump, but at the next it makes 1,600 times in all. */
  @Test
  void growthOverManyLayersIsReported() throws IOException {
    Rule growing =
        (engine, node, inputs, r) ->
            FIRST.pass(engine, node, inputs, Elementwise.scale(engine, r, 40));
    assertEquals(
        List.of(
            "relevance grows 1.60e+03-fold down to %s: the map is not to be trusted"
                .formatted(additions().get(1))),
        explain(new Walked(growing)).warnings());
    // A rule that sets the magnitude may set it as it likes.
    Rule setting =
        new Rule() {
          @Override
          public Passed pass(Engine engine, Node node, List<Tensor> inputs, Tensor r) {
            return growing.pass(engine, node, inputs, r);
          }

          @Override
          public boolean normalises() {
            return true;
          }
        };
    assertEquals(List.of(), explain(new Walked(setting)).warnings());
  }

  /** The additions in the order in which relevance comes to them. */
  private static List<String> additions() throws IOException {
    Graph graph = OnnxModel.read(Shared.golden("resnet-mini.onnx")).graph();
    return graph.nodes().reversed().stream()
        .filter(node -> node.layer() instanceof Add)
        .map(Node::name)
        .toList();
  }

  private Attribution explain(Attributor method) throws IOException {
    Graph graph = OnnxModel.read(Shared.golden("resnet-mini.onnx")).graph();
    Tensor x = Tensor.zeros(graph.input().shape());
    float[] pixels = x.toArray();
    var random = new Random(5);
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    Options options = Options.standard();
    Recording recording =
        graph.record(engine, Tensor.of(x.shape(), pixels), method.keeps(graph, options));
    return method.explain(engine, recording, 1, options);
  }
}
