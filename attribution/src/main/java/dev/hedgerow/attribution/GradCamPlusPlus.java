package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/**
 * Grad-CAM++ at the last spatial layer A: {@code max(0, Σ_c w_c A_c)}, enlarged bilinearly, with
 * the gradient {@code g = ∂y_t/∂A} and
 *
 * <pre>
 * w_c = Σ_hw a ⊙ max(0, g)                  (the paper's Eq. 5)
 * a   = g² / (2g² + Σ_hw(A_c) g³ + 1e-6)    (Eq. 19, for the score exp(y_t))
 * </pre>
 *
 * as pytorch-grad-cam computes it. In the variant {@code grad-cam++:relevance-cam}, of the
 * Relevance-CAM repository, the denominator is {@code 2g² + Σ_hw(A_c g³)}.
 */
final class GradCamPlusPlus implements Attributor {
  private static final double EPSILON = 1e-6;

  private final boolean cubesInside;

  GradCamPlusPlus() {
    this(false);
  }

  private GradCamPlusPlus(boolean cubesInside) {
    this.cubesInside = cubesInside;
  }

  @Override
  public String name() {
    return cubesInside ? "grad-cam++:relevance-cam" : "grad-cam++";
  }

  @Override
  public String title() {
    return "Grad-CAM++: max(0, sum of weighted positive gradient x activation)";
  }

  @Override
  public String reference() {
    return "A. Chattopadhay, A. Sarkar, P. Howlader, V. N. Balasubramanian: Grad-CAM++: Generalized"
        + " Gradient-based Visual Explanations for Deep Convolutional Networks";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(new GradCamPlusPlus(true));
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
    Tensor activation = Cam.activation(this, recording, layer);
    Score score = Score.of(recording, target, options);
    Tensor weights = weights(activation, score.gradient(engine, recording, layer));
    Tensor channels = Cam.weighted(engine, activation, weights);
    return Cam.explain(engine, this, target, Channels.SUM.map(engine, channels), recording);
  }

  /** Returns w, {@code [1, C]}; computed in double precision, since g³ of a float underflows. */
  Tensor weights(Tensor activation, Tensor gradient) {
    Shape shape = activation.shape();
    int area = shape.extent(2) * shape.extent(3);
    float[] a = activation.toArray();
    float[] g = gradient.toArray();
    float[] weights = new float[shape.extent(1)];
    for (int c = 0; c < weights.length; c++) {
      double sum = 0;
      for (int i = c * area; i < (c + 1) * area; i++) {
        sum += cubesInside ? a[i] * cube(g[i]) : a[i];
      }
      double weight = 0;
      for (int i = c * area; i < (c + 1) * area; i++) {
        if (g[i] <= 0) continue;
        double square = (double) g[i] * g[i];
        double denominator = 2 * square + (cubesInside ? sum : sum * cube(g[i]) + EPSILON);
        if (denominator != 0) weight += square / denominator * g[i];
      }
      weights[c] = (float) weight;
    }
    return Tensor.of(Shape.of(1, weights.length), weights);
  }

  private static double cube(double g) {
    return g * g * g;
  }
}
