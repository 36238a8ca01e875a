package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/**
 * Layer-wise relevance propagation: the score {@code y_t} is handed down, layer by layer, by the
 * rules of a composite ({@link LayerMap}), to the network's input.
 *
 * <p>{@link Options#start} replaces the score, {@link Options#saliencyLayer} the input. A named
 * start layer has LRP-0 above it, so that relevance starts there as gradient × activation. How
 * additions are split is the composite's.
 */
public final class Lrp implements Attributor {
  private static final String BACH =
      "S. Bach, A. Binder, G. Montavon, F. Klauschen, K.-R. Müller, W. Samek: On Pixel-Wise"
          + " Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation";

  private static final String OVERVIEW =
      "G. Montavon, A. Binder, S. Lapuschkin, W. Samek, K.-R. Müller: Layer-Wise Relevance"
          + " Propagation: An Overview";

  /**
   * {@code lrp}: {@link Composites#Z_PLUS}, the LRP that Gradient Hedge is compared with, and the
   * only one here that is stable on every network.
   */
  static final Lrp STANDARD =
      new Lrp(
          "lrp",
          "LRP: R = x+ * w+ * (R / (w+ x+)) at every layer, z^B at the input",
          BACH,
          Composites.Z_PLUS,
          List.of(
              variant("epsilon", "LRP-epsilon, 1e-6", BACH, LayerMap.of(new Epsilon(1e-6f))),
              variant("gamma", "LRP-gamma, 0.25", OVERVIEW, LayerMap.of(new Gamma(0.25f))),
              variant("z-plus", "LRP-z+ with bias", BACH, LayerMap.of(new ZPlus())),
              variant("alpha2beta1", "LRP-alpha2beta1", BACH, LayerMap.of(new AlphaBeta(2, 1))),
              variant(
                  "relprop-alpha2",
                  "LRP-alpha2beta1, each term with its own denominator, no bias",
                  BACH,
                  LayerMap.of(new Relprop(2))
                      .with(LayerKind.INPUT_CONVOLUTION, ZBox.OF_IMAGE)
                      .with(LayerKind.AVERAGE_POOL, new Norm(0))
                      .with(LayerKind.ADD, Rules.ADD_CONSERVING)
                      .withMergedBatchNorm(false)),
              variant(
                  "signed-add",
                  "LRP, additions shared by signed value",
                  BACH,
                  Composites.Z_PLUS.with(LayerKind.ADD, new Norm(0))),
              variant(
                  "epsilon-plus",
                  "LRP composite: z+ for convolutions, epsilon for fully connected layers",
                  OVERVIEW,
                  Composites.EPSILON_PLUS),
              variant(
                  "epsilon-plus-flat",
                  "LRP composite: epsilon-plus, flat at the input",
                  OVERVIEW,
                  Composites.EPSILON_PLUS_FLAT),
              variant(
                  "epsilon-gamma-box",
                  "LRP composite: gamma 0.25, epsilon for fully connected layers, z^B at the input",
                  OVERVIEW,
                  Composites.EPSILON_GAMMA_BOX),
              variant(
                  "epsilon-alpha2beta1",
                  "LRP composite: alpha2beta1, epsilon for fully connected layers",
                  OVERVIEW,
                  Composites.EPSILON_ALPHA2_BETA1),
              variant(
                  "epsilon-alpha2beta1-flat",
                  "LRP composite: epsilon-alpha2beta1, flat at the input",
                  OVERVIEW,
                  Composites.EPSILON_ALPHA2_BETA1_FLAT)));

  /** {@code deep-taylor}. */
  static final Lrp DEEP_TAYLOR =
      new Lrp(
          "deep-taylor",
          "Deep Taylor decomposition: z+ at every layer, z^B at the input",
          "G. Montavon, S. Lapuschkin, A. Binder, W. Samek, K.-R. Müller: Explaining NonLinear"
              + " Classification Decisions with Deep Taylor Decomposition",
          Composites.DEEP_TAYLOR,
          List.of());

  private final String name;
  private final String title;
  private final String reference;
  private final LayerMap map;
  private final List<Attributor> variants;

  private Lrp(
      String name, String title, String reference, LayerMap map, List<Attributor> variants) {
    this.name = name;
    this.title = title;
    this.reference = reference;
    this.map = map;
    this.variants = List.copyOf(variants);
  }

  private static Lrp variant(String name, String title, String reference, LayerMap map) {
    return new Lrp("lrp:" + name, title, reference, map, List.of());
  }

  /**
   * Returns LRP with a composite of the user's, for {@link Methods#with}.
   *
   * @param name as users type it
   * @param title what it does, in a line
   */
  public static Lrp of(String name, String title, LayerMap map) {
    return new Lrp(name, title, OVERVIEW, map, List.of());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public String reference() {
    return reference;
  }

  @Override
  public List<Attributor> variants() {
    return variants;
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Descent.keeps(Descent.start(graph, options), Descent.saliency(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    var descent =
        new Descent(
            engine, recording, Descent.start(graph, options), Descent.saliency(graph, options));
    StartRelevance start = options.start() == null ? StartRelevance.LOGIT : options.start();
    Tensor relevance = descent.run(map, start.at(recording, target));
    return descent.attribution(this, target, relevance);
  }
}
