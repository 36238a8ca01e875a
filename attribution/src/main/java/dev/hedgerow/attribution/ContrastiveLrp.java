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
import org.jspecify.annotations.Nullable;

/**
 * Contrastive LRP: the relevance R of class t minus the relevance D of what speaks for all others,
 * brought to the same sum. Both come from the logits together, by {@link Composites#Z_PLUS} or, in
 * the forms of Gu et al., by the like of it that their code has; additions are shared by magnitude.
 * As the factor of D is known at the map alone, their difference cannot walk in their stead.
 *
 * <p>Signed; Gu et al. show its positive part. A network that has nothing to contrast with, such as
 * one with a single class, has an empty map and a warning.
 */
final class ContrastiveLrp implements Attributor {
  /** How R and D start, and what is made of them. */
  enum Form {
    /**
     * {@code R − D·ΣR/ΣD}; R starts as {@code y_t} at t, D as {@code y_t/(K−1)} at every other
     * class. The form of the code of AGF and Attribution Equilibrium.
     */
    SHARED("", "LRP(t) - LRP(others), the others sharing y_t"),
    /** {@code R/ΣR − D/ΣD}; R starts as {@code |y_t|} at t, D as {@code |y_k|} at the others. */
    CLRP1(":clrp1", "CLRP1: LRP(t)/sum - LRP(others)/sum"),
    /**
     * {@code R/ΣR − D/ΣD}; both start as {@code |y_t|}, D with the last layer's weights negated.
     */
    CLRP2(":clrp2", "CLRP2: LRP(t)/sum - LRP(t, last weights negated)/sum"),
    /**
     * {@code R − D·ΣR/ΣD}; R starts as {@code p_t(1 − p_t)}, D as {@code p_t p_k}, p the softmax,
     * also of logits that have sigmoids of their own. As no factor of D matters it starts as {@code
     * p_k / Σ_j≠t p_j}.
     */
    SOFTMAX_GRADIENT(":sglrp", "SGLRP: LRP of the softmax's gradient, t minus others");

    private final String suffix;
    private final String title;

    Form(String suffix, String title) {
      this.suffix = suffix;
      this.title = title;
    }

    private boolean isOfGu() {
      return this == CLRP1 || this == CLRP2;
    }
  }

  /** Keeps the softmax's gradient from 0 where the network is sure. */
  private static final float SURE = 1e-8f;

  /** z⁺ without bias of the layer with its weights negated: {@code c = (x_i w_ij)⁻}. */
  static final LinearRule NEGATED =
      (engine, layer, x, r) ->
          Contributions.lowering(engine, layer, x).share(engine, layer.withoutBias(), r, 0);

  /** z⁺ without bias for R, {@link #NEGATED} for D. */
  private static final JointLinearRule OPPOSITES =
      (engine, layer, x, both) ->
          List.of(
              Composites.CONSERVING_Z_PLUS.share(engine, layer, x, both.get(0)),
              NEGATED.share(engine, layer, x, both.get(1)));

  private final Form form;

  ContrastiveLrp(Form form) {
    this.form = form;
  }

  @Override
  public String name() {
    return "contrastive-lrp" + form.suffix;
  }

  @Override
  public String title() {
    return "Contrastive LRP: " + form.title;
  }

  @Override
  public String reference() {
    return form == Form.SOFTMAX_GRADIENT
        ? "B. K. Iwana, R. Kuroki, S. Uchida: Explaining Convolutional Neural Networks using Softmax"
            + " Gradient Layer-wise Relevance Propagation"
        : "J. Gu, Y. Yang, V. Tresp: Understanding Individual Decisions of CNNs via Contrastive"
            + " Backpropagation";
  }

  @Override
  public List<Attributor> variants() {
    if (form != Form.SHARED) return List.of();
    return Arrays.stream(Form.values())
        .filter(other -> other != Form.SHARED)
        .<Attributor>map(ContrastiveLrp::new)
        .toList();
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Descent.keeps(start(graph, options), Descent.saliency(graph, options));
  }

  /**
   * Returns the start layer of the options, null if they name none.
   *
   * @throws IllegalArgumentException if the contrast is lost above it. A start layer sees the
   *     relevance r of logits y as {@code r ⊘ y}: where the others share one relevance, those of
   *     small logits would outweigh all. And CLRP2's D is R there, as it differs in the last layer
   *     alone, which LRP-0 crosses with its weights negated as without
   */
  private @Nullable Node start(Graph graph, Options options) {
    Node start = Descent.start(graph, options);
    if (form != Form.CLRP1 && start != null && !start.equals(graph.logits())) {
      throw new IllegalArgumentException(
          "relevance that starts at layer \"%s\" does not pass the %s, which %s contrasts"
              .formatted(start.name(), form == Form.CLRP2 ? "last layer" : "logits", name()));
    }
    return start;
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node saliency = Descent.saliency(graph, options);
    var descent = new Descent(engine, recording, start(graph, options), saliency);
    Tensor ofTarget =
        options.start() == null
            ? ofTarget(recording, target)
            : options.start().at(recording, target);
    Tensor ofOthers = form == Form.CLRP2 ? ofTarget : ofOthers(recording, target);
    List<Tensor> both = descent.runAll(map(graph, saliency), List.of(ofTarget, ofOthers));
    Tensor r = both.get(0);
    Tensor d = both.get(1);
    double sumR = Reductions.sum(engine, r);
    double sumD = Reductions.sum(engine, d);
    if (sumD == 0 || (sumR == 0 && form.isOfGu())) {
      descent.warn(
          "no relevance of %s reaches the map: there is nothing to contrast, and the map is empty"
              .formatted(sumD == 0 ? "the other classes" : "the class"));
      return descent.attribution(this, target, Tensor.zeros(r.shape()));
    }
    Tensor contrast =
        form.isOfGu()
            ? Elementwise.subtract(
                engine,
                Elementwise.scale(engine, r, 1 / sumR),
                Elementwise.scale(engine, d, 1 / sumD))
            : Elementwise.subtract(engine, r, Elementwise.scale(engine, d, sumR / sumD));
    return descent.attribution(this, target, contrast);
  }

  private Tensor ofTarget(Recording recording, int target) {
    float[] r = StartRelevance.LOGIT.at(recording, target).toArray();
    r[target] =
        switch (form) {
          case SHARED -> r[target];
          case CLRP1, CLRP2 -> Math.abs(r[target]);
          case SOFTMAX_GRADIENT -> slope(recording, target) + SURE;
        };
    return Tensor.of(Shape.of(1, r.length), r);
  }

  /** Returns {@code p_t Σ_k≠t p_k}, which is {@code p_t (1 − p_t)}. */
  private static float slope(Recording recording, int target) {
    double[] p = Probability.softmax(doubles(recording));
    return (float) (p[target] * Probability.ofOthers(p, target));
  }

  private Tensor ofOthers(Recording recording, int target) {
    double[] y = doubles(recording);
    float[] d = new float[y.length];
    double[] others = y.clone();
    others[target] = Double.NEGATIVE_INFINITY;
    // p_k but for a factor, which cancels and may be 0 in floats.
    double[] share = Probability.softmax(others);
    for (int k = 0; k < d.length; k++) {
      if (k == target) continue;
      d[k] =
          switch (form) {
            case SHARED -> (float) y[target] / (d.length - 1);
            case CLRP1, CLRP2 -> (float) Math.abs(y[k]);
            case SOFTMAX_GRADIENT -> (float) share[k];
          };
    }
    return Tensor.of(Shape.of(1, d.length), d);
  }

  private static double[] doubles(Recording recording) {
    float[] y = recording.logits().toArray();
    return Versions.doubles(y, 0, y.length);
  }

  private LayerMap map(Graph graph, @Nullable Node saliency) {
    return switch (form) {
      case SHARED, SOFTMAX_GRADIENT -> Composites.Z_PLUS;
      case CLRP1 -> Composites.CONTRASTIVE;
      case CLRP2 ->
          Classifier.contrasted(Composites.CONTRASTIVE, OPPOSITES, name(), graph, saliency);
    };
  }
}
