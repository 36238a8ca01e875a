package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/**
 * Integrated Gradients along the straight line from the baseline x' = 0, the mean colour of most
 * preprocessings (the paper's Eq. 1):
 *
 * <pre>IG = (x − x') ⊙ ∫ ∂F/∂x(x' + α(x − x')) dα</pre>
 *
 * by Gauss and Legendre's rule with 50 points, or {@link Options#samples}. The paper's own sum (its
 * Eq. 3) differs from {@code integrated-gradients:trapezoid} and {@code :midpoint} by less than a
 * step. The note {@value #GAP} is {@code |Σ IG − (F(x) − F(x'))|}, which is 0 but for the rule's
 * error (the paper's Proposition 1). Taken at the input alone, whatever the saliency layer.
 *
 * <p>The variant {@code integrated-gradients:agf} is the baseline of the AGF repository: the
 * gradients at the 51 ends of 50 steps divided by 50, not multiplied by x; the map is {@code Σ_c
 * |R_c|}, and the note counts the product with x.
 */
final class IntegratedGradients implements Attributor {
  /** The name of the note that says how far the map is from complete. */
  static final String GAP = "completeness gap";

  private static final int STEPS = 50;

  private final String name;
  private final PathRule rule;
  private final boolean product;
  private final Channels channels;

  IntegratedGradients() {
    this("integrated-gradients", PathRule.GAUSS_LEGENDRE, true, Channels.SUM);
  }

  private IntegratedGradients(String name, PathRule rule, boolean product, Channels channels) {
    this.name = name;
    this.rule = rule;
    this.product = product;
    this.channels = channels;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean usesSamples() {
    return true;
  }

  @Override
  public String title() {
    return product
        ? "Integrated Gradients: x * integral of dy/dx from 0 to x"
        : "Integrated Gradients: |integral of dy/dx from 0 to x|";
  }

  @Override
  public String reference() {
    return "M. Sundararajan, A. Taly, Q. Yan: Axiomatic Attribution for Deep Networks";
  }

  @Override
  public String cost() {
    int more = rule.of(1).points().length;
    return "n + "
        + (more + 1)
        + " forward and n"
        + (more > 1 ? " + 1" : "")
        + " backward passes, n = 50 or the number of samples";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(
        new IntegratedGradients(
            "integrated-gradients:midpoint", PathRule.MIDPOINT, true, Channels.SUM),
        new IntegratedGradients(
            "integrated-gradients:trapezoid", PathRule.TRAPEZOID, true, Channels.SUM),
        new IntegratedGradients(
            "integrated-gradients:agf", PathRule.ENDS, false, Channels.MAGNITUDE));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER, Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Tensor x = recording.output(graph.input());
    PathRule.Sum path = rule.of(options.samples(STEPS));
    var versions =
        new Versions(
            engine,
            graph,
            path.points().length,
            k -> Elementwise.scale(engine, x, path.points()[k]),
            options.progress());
    Score score = Score.of(recording, target, options);
    Tensor mean = versions.gradients(score, graph.input(), k -> path.weights()[k]);
    Tensor attributed = Elementwise.multiply(engine, x, mean);
    Tensor baseline = Tensor.zeros(x.shape());
    double difference = score.of(recording.logits()) - score.of(graph.run(engine, baseline));
    return Attribution.of(engine, this, target, product ? attributed : mean, channels, recording)
        .withNote(GAP, Math.abs(Reductions.sum(engine, attributed) - difference));
  }
}
