package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/**
 * Grad-CAM at the last spatial layer A: {@code max(0, Σ_c w_c A_c)} with {@code w_c =
 * mean_hw(∂y_t/∂A_c)}, enlarged bilinearly to the input's size.
 */
final class GradCam implements Attributor {
  @Override
  public String name() {
    return "grad-cam";
  }

  @Override
  public String title() {
    return "Grad-CAM: max(0, sum of mean gradient x activation)";
  }

  @Override
  public String reference() {
    return "R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh, D. Batra: Grad-CAM:"
        + " Visual Explanations from Deep Networks via Gradient-based Localization";
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Set.of(StartLayer.of(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node layer = StartLayer.of(graph, options);
    Tensor map = map(engine, recording, target, layer);
    Tensor rectified = Elementwise.positive(engine, map);
    return Attribution.atLayer(engine, this, target, rectified, recording, List.of(), List.of());
  }

  /** Returns {@code Σ_c w_c A_c}, {@code [h, w]}, signed. */
  static Tensor map(Engine engine, Recording recording, int target, Node layer) {
    Tensor activation = recording.output(layer);
    if (activation.shape().rank() != 4) {
      throw new IllegalArgumentException(
          "grad-cam: layer \"" + layer.name() + "\" is not spatial but " + layer.shape());
    }
    Tensor gradient = recording.graph().gradient(engine, recording, target, layer);
    Tensor weights =
        Reductions.spatialMean(engine, gradient)
            .reshape(Shape.of(1, activation.shape().extent(1), 1, 1));
    return Heatmap.channelSum(Elementwise.multiply(engine, activation, weights));
  }
}
