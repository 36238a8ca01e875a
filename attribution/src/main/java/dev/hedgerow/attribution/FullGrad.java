package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Reductions.SignedSums;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.ReverseWalk;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Full-Gradient representation: the score is the sum of what the image and what every bias
 * contributes,
 *
 * <pre>F = Σ x ⊙ ∂F/∂x + Σ_l Σ b_l ⊙ ∂F/∂z_l        (the paper's Eq. 5)</pre>
 *
 * z_l being the output of a layer with the bias b_l: a convolution, a fully connected layer, batch
 * normalization with its implicit bias {@code shift − mean·scale/√(variance + ε)}, a constant
 * added. The map is {@code ψ(x ⊙ ∂F/∂x) + Σ_l ψ(b_l ⊙ ∂F/∂z_l)} (Eq. 6) over the layers with
 * pixels, summed over channels and enlarged bilinearly, corners on corners; ψ is the magnitude,
 * less its minimum, divided by its maximum then plus 1e-6, over all channels together.
 *
 * <p>The sum equals the score on networks whose only nonlinear layers are ReLU, LeakyReLU and max
 * pools. The note {@value #GAP} is the difference; above 1e-4 of the score, and what rounding
 * explains, there is a warning. In the variant {@code fullgrad:agf}, of the AGF repository, nothing
 * is added to the maximum, and maps are enlarged by pixel centres. Taken at the input alone,
 * whatever the saliency layer.
 */
final class FullGrad implements Attributor {
  /** The name of the note that says how far the decomposition is from complete. */
  static final String GAP = "completeness gap";

  private static final double INCOMPLETE = 1e-4;

  /** Of the sum of the magnitudes: float32 rounds every term on its way through the layers. */
  private static final double ROUNDING = 1e-6;

  private final boolean agf;

  FullGrad() {
    this(false);
  }

  private FullGrad(boolean agf) {
    this.agf = agf;
  }

  /** The contribution of one bias, or of the image: {@code b ⊙ ∂F/∂z}. */
  record Term(Node node, Tensor contribution) {}

  @Override
  public String name() {
    return agf ? "fullgrad:agf" : "fullgrad";
  }

  @Override
  public String title() {
    return "FullGrad: |x * dy/dx| + sum over layers of |bias * dy/dz|";
  }

  @Override
  public String reference() {
    return "S. Srinivas, F. Fleuret: Full-Gradient Representation for Neural Network Visualization";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(new FullGrad(true));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER, Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Score score = Score.of(recording, target, options);
    List<Term> terms = decompose(engine, recording, score);
    Shape input = recording.graph().input().shape();
    double[] map = new double[input.extent(2) * input.extent(3)];
    double sum = 0;
    double magnitude = 0;
    for (Term term : terms) {
      SignedSums sums = Reductions.signedSums(engine, term.contribution());
      sum += sums.total();
      magnitude += sums.magnitude();
      if (term.contribution().shape().rank() != 4) continue;
      float[] part = enlarged(normalised(engine, term.contribution()), input).toArray();
      for (int i = 0; i < map.length; i++) map[i] += part[i];
    }
    float[] values = new float[map.length];
    for (int i = 0; i < map.length; i++) values[i] = (float) map[i];
    Tensor relevance = Tensor.of(Shape.of(1, 1, input.extent(2), input.extent(3)), values);
    double expected = score.of(recording.logits());
    double gap = Math.abs(sum - expected);
    Attribution attribution =
        Attribution.of(engine, this, target, relevance, Channels.SUM, recording).withNote(GAP, gap);
    if (gap <= INCOMPLETE * Math.abs(expected) + ROUNDING * magnitude) return attribution;
    return attribution.withWarning(
        "image and biases add up to %.6g, not to the score %.6g: the decomposition is not complete"
            .formatted(sum, expected));
  }

  /** Returns what the biases, from the logits down, and at last the image contribute. */
  static List<Term> decompose(Engine engine, Recording recording, Score score) {
    Graph graph = recording.graph();
    Node logits = graph.logits();
    Node input = graph.input();
    List<Term> terms = new ArrayList<>();
    Tensor reached =
        ReverseWalk.run(
                engine,
                logits,
                score.seeds(recording).reshape(logits.shape()),
                Set.of(input),
                (node, g) -> {
                  Tensor contribution = contribution(engine, node, g);
                  if (contribution != null) terms.add(new Term(node, contribution));
                  return recording.gradient(engine, node, g);
                })
            .get(input);
    Tensor gradient = reached == null ? Tensor.zeros(input.shape()) : reached;
    Tensor x = recording.output(input);
    terms.add(new Term(input, Elementwise.multiply(engine, x, gradient)));
    return terms;
  }

  private static @Nullable Tensor contribution(Engine engine, Node node, Tensor g) {
    return switch (node.layer()) {
      case WeightedLayer layer when layer.bias() != null ->
          perChannel(engine, g, Objects.requireNonNull(layer.bias()).toArray());
      case BatchNorm norm -> perChannel(engine, g, norm.normalization().offset());
      case Affine affine -> {
        // The output at 0 is the shift, spread.
        Tensor shift = affine.forward(engine, List.of(Tensor.zeros(g.shape())));
        yield Elementwise.multiplyInPlace(engine, shift, g);
      }
      default -> null;
    };
  }

  private static Tensor perChannel(Engine engine, Tensor g, float[] bias) {
    Shape shape = g.shape().rank() == 4 ? Shape.of(1, bias.length, 1, 1) : Shape.of(1, bias.length);
    return Elementwise.multiply(engine, g, Tensor.of(shape, bias));
  }

  /** Returns {@code Σ_c ψ(v)}, {@code [h, w]}. */
  private Tensor normalised(Engine engine, Tensor v) {
    Tensor magnitude = Elementwise.absolute(engine, v);
    float lowest = Reductions.minimum(engine, magnitude);
    Tensor above = Elementwise.shift(engine, magnitude, -lowest);
    double highest = Reductions.maximum(engine, above) + (agf ? 0 : 1e-6);
    return Channels.SUM.map(
        engine, highest == 0 ? above : Elementwise.scaleInPlace(engine, above, 1 / highest));
  }

  private Tensor enlarged(Tensor map, Shape input) {
    return agf
        ? Resize.bilinear(map, input.extent(2), input.extent(3))
        : Resize.bilinearAligned(map, input.extent(2), input.extent(3));
  }
}
