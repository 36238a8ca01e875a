package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.Set;

/**
 * Grad-CAM at the last spatial layer A: {@code max(0, Σ_c w_c A_c)} (the paper's Eq. 2) with {@code
 * w_c = mean_hw(∂y_t/∂A_c)} (Eq. 1), enlarged bilinearly to the input's size.
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
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Set.of(StartLayer.of(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Node layer = StartLayer.of(recording.graph(), options);
    Score score = Score.of(recording, target, options);
    Tensor channels = channels(engine, recording, score, layer);
    return Cam.explain(engine, this, target, Channels.SUM.map(engine, channels), recording);
  }

  /** Returns {@code w_c A_c}, {@code [1, C, h, w]}, signed. */
  Tensor channels(Engine engine, Recording recording, Score score, Node layer) {
    Tensor activation = Cam.activation(this, recording, layer);
    Tensor gradient = score.gradient(engine, recording, layer);
    return Cam.weighted(engine, activation, Reductions.spatialMean(engine, gradient));
  }
}
