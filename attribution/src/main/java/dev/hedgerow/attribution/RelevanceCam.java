package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Relevance-CAM at a layer A (Eq. 8 and 9): {@code Σ_c w_c A_c} with {@code w_c = mean_hw R_c},
 * signed, enlarged bilinearly to the input's size. R comes from the logits by z⁺ with the
 * convolutions' bias counted twice in the denominator, as in its authors' code; there additions
 * share by signed value, which the variant {@code relevance-cam:signed-add} does; the default
 * shares by magnitude. Relevance starts as 1 at the class t and {@code −1/K} at each of the others.
 *
 * <p>A is where the last stage but one begins ({@link Stages}): {@code pool3} of a VGG, {@code
 * layer2} of a ResNet. Networks with fewer stages have it where the last one begins, or at the
 * start layer ({@link StartLayer}), which has no other part, and none beside a saliency layer.
 */
final class RelevanceCam implements Attributor {
  /** 1 at t, −1/K elsewhere. */
  private static final StartRelevance CONTRAST =
      new StartRelevance(
          (recording, target) -> {
            float[] r = new float[recording.graph().classes()];
            Arrays.fill(r, -1f / r.length);
            r[target] = 1;
            return Tensor.of(Shape.of(1, r.length), r);
          });

  private final String name;
  private final LayerMap map;
  private final List<Attributor> variants;

  private RelevanceCam(String name, LayerMap map, List<Attributor> variants) {
    this.name = name;
    this.map = map;
    this.variants = variants;
  }

  static final RelevanceCam STANDARD =
      new RelevanceCam(
          "relevance-cam",
          Composites.RELEVANCE_CAM,
          List.of(
              new RelevanceCam(
                  "relevance-cam:signed-add",
                  Composites.RELEVANCE_CAM.with(LayerKind.ADD, new Norm(0)),
                  List.of())));

  @Override
  public String name() {
    return name;
  }

  @Override
  public String title() {
    return "Relevance-CAM: sum of mean relevance x activation";
  }

  @Override
  public String reference() {
    return "J. R. Lee, S. Kim, I. Park, T. Eo, D. Hwang: Relevance-CAM: Your Model Already Knows"
        + " Where to Look";
  }

  @Override
  public List<Attributor> variants() {
    return variants;
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return options.saliencyLayer() == null ? Set.of() : Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Set.of(layer(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Node layer = layer(recording.graph(), options);
    var descent = new Descent(engine, recording, null, layer);
    StartRelevance start = options.start() == null ? CONTRAST : options.start();
    Tensor r = descent.run(map, start.at(recording, target));
    Tensor a = recording.output(layer);
    Tensor w = Reductions.spatialMean(engine, r).reshape(Shape.of(1, a.shape().extent(1), 1, 1));
    Tensor cam = Heatmap.channelSum(engine, Elementwise.multiply(engine, a, w));
    return descent.attributionOfMap(this, target, cam);
  }

  private static Node layer(Graph graph, Options options) {
    Node named = Descent.saliency(graph, options);
    if (named != null) return named;
    Node start = StartLayer.of(graph, options);
    List<Node> begins =
        Stages.begins(start).stream().filter(node -> node != graph.input()).toList();
    if (begins.isEmpty()) return start;
    return begins.get(Math.min(1, begins.size() - 1));
  }
}
