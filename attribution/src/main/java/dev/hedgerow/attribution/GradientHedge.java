package dev.hedgerow.attribution;

import static java.util.stream.Collectors.groupingBy;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Reductions.SignedSums;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Gradient Hedge: relevance starts as gradient × activation at the last spatial layer, and its
 * positive and negative parts hedge each other at every convolution on the way to the input, so
 * that few, truly salient pixels stay positive.
 *
 * <p>The rules are {@link HedgeRule} for convolutions, {@link ZBox} for the one that reads the
 * input, and {@link Rules} for the rest. A layer without a rule below the start is refused.
 *
 * <p>The variants are the paper's ablation (Table 2): {@code gradient-hedge:without-a} and the like
 * leave a term of the rule out.
 */
final class GradientHedge implements Attributor {
  private final String name;
  private final String title;
  private final Set<HedgeRule.Term> leftOut;

  GradientHedge() {
    this(
        "gradient-hedge",
        "Gradient Hedge: (C - Psi) + A + U at every convolution, sums to (gamma - 2)",
        Set.of());
  }

  private GradientHedge(String name, String title, Set<HedgeRule.Term> leftOut) {
    this.name = name;
    this.title = title;
    this.leftOut = leftOut;
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
  public List<Attributor> variants() {
    return List.of(
        without("c", "A + U", HedgeRule.Term.C),
        without("psi", "C + A + U", HedgeRule.Term.PSI),
        without("a", "(C - Psi) + U", HedgeRule.Term.A),
        without("u", "(C - Psi) + A", HedgeRule.Term.U));
  }

  private static GradientHedge without(String name, String rest, HedgeRule.Term term) {
    return new GradientHedge(
        "gradient-hedge:without-" + name,
        "Gradient Hedge, an ablation: " + rest + " at every convolution",
        Set.of(term));
  }

  @Override
  public String reference() {
    return "W.-J. Nam, S.-W. Lee: Gradient Hedging for Intensively Exploring Salient Interpretation"
        + " beyond Neuron Activation";
  }

  @Override
  public boolean usesGamma() {
    return true;
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Descent.keeps(StartLayer.of(graph, options), Descent.saliency(graph, options));
  }

  /** The nodes at whose outputs the walk ends. */
  private static Set<Node> until(Graph graph, Node start, Options options) {
    return SaliencyLayer.nodes(graph, start, InputConvolutions.below(graph, start), options);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    return walk(engine, recording, List.of(new Request(target, options))).getFirst();
  }

  @Override
  public boolean sharesWork() {
    return true;
  }

  /** What requests must have in common to share a walk; γ, start and target may differ. */
  private record Way(Node start, Set<Node> until, AddPolicy addPolicy) {}

  @Override
  public List<Attribution> explainAll(Engine engine, Recording recording, List<Request> requests) {
    Graph graph = recording.graph();
    Function<Request, Way> way =
        request -> {
          Options options = request.options();
          Node start = StartLayer.of(graph, options);
          return new Way(start, until(graph, start, options), options.addPolicy());
        };
    var answers = new HashMap<Request, Attribution>();
    for (List<Request> together : requests.stream().distinct().collect(groupingBy(way)).values()) {
      List<Attribution> walked = walk(engine, recording, together);
      for (int k = 0; k < walked.size(); k++) answers.put(together.get(k), walked.get(k));
    }
    return requests.stream().map(answers::get).toList();
  }

  /** Explains in one walk what has the same {@link Way}. */
  private List<Attribution> walk(Engine engine, Recording recording, List<Request> requests) {
    Graph graph = recording.graph();
    List<Options> options = requests.stream().map(Request::options).toList();
    Node start = StartLayer.of(graph, options.getFirst());
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, start);
    var warnings = new ArrayList<List<String>>();
    var relevances = new ArrayList<Tensor>();
    for (Request request : requests) {
      var ofRequest = new ArrayList<String>();
      Score score = Score.of(recording, request.target(), request.options());
      relevances.add(startRelevance(engine, recording, score, start, ofRequest));
      warnings.add(ofRequest);
    }
    var walk =
        new RelevanceWalk(
            engine, recording, warnings, node -> ablated(rule(node, inputConvolutions, options)));
    List<Tensor> maps = walk.runAll(start, relevances, until(graph, start, options.getFirst()));
    var attributions = new ArrayList<Attribution>();
    for (int k = 0; k < maps.size(); k++) {
      attributions.add(
          SaliencyLayer.attribution(
              engine,
              this,
              recording,
              requests.get(k).target(),
              options.get(k),
              maps.get(k),
              walk.layers(k),
              warnings.get(k)));
    }
    return attributions;
  }

  /**
   * Returns the start relevance (Eq. 4-5): {@code G = x ⊙ mean_hw(∂F/∂x)}, kept for each channel
   * and signed, divided by |ΣG|; the score F is {@code y_t} unless {@link Options#start} says
   * otherwise.
   */
  static Tensor startRelevance(
      Engine engine, Recording recording, Score score, Node start, List<String> warnings) {
    Tensor x = recording.output(start);
    Tensor gradient = score.gradient(engine, recording, start);
    if (x.shape().rank() == 4) {
      Tensor mean = Reductions.spatialMean(engine, gradient);
      gradient = mean.reshape(Shape.of(1, x.shape().extent(1), 1, 1));
    }
    Tensor g = Elementwise.multiply(engine, x, gradient);
    SignedSums sums = Reductions.signedSums(engine, g);
    double positive = sums.positive();
    double negative = sums.negative();
    double sum = Math.abs(sums.total());
    if (!Double.isFinite(sum)) {
      throw new ArithmeticException("gradient x activation is not finite at " + start.name());
    }
    if (positive == 0 && negative == 0) {
      warnings.add("the start relevance at " + start.name() + " is 0: the map is empty");
    } else if (positive == 0 || negative == 0) {
      warnings.add(
          "the start relevance at "
              + start.name()
              + " has no "
              + (positive == 0 ? "positive" : "negative")
              + " part: there is nothing to hedge");
    } else if (sum == 0) {
      warnings.add("the start relevance at " + start.name() + " sums to 0 and is not normalised");
    }
    return sum == 0 ? g : Elementwise.scale(engine, g, 1 / sum);
  }

  private Rule ablated(Rule rule) {
    return rule instanceof HedgeRule hedge ? hedge.without(leftOut) : rule;
  }

  /**
   * The composite: which rule a node has.
   *
   * @param options of each relevance that is passed; they differ in γ alone
   */
  static Rule rule(Node node, InputConvolutions inputConvolutions, List<Options> options) {
    return switch (node.layer()) {
      case Conv2d conv when inputConvolutions.contains(node) -> ZBox.OF_IMAGE;
      case Conv2d conv when conv.convolution().window().isPoint() ->
          HedgeRule.point(conv.convolution());
      case Conv2d conv ->
          HedgeRule.spatial(conv.convolution(), options.stream().map(Options::gamma).toList());
      case Linear linear -> HedgeRule.point(linear.dense());
      case MaxPool2d max -> Rules.maxPool(max.pool());
      case AveragePool2d average -> Rules.averagePool(average.pool());
      case AdaptiveAveragePool2d average -> Rules.averagePool(average.pool());
      case BatchNorm norm -> Rules.batchNorm(norm.normalization());
      case Concat concat -> Rules.CONCAT;
      case Add add ->
          options.getFirst().addPolicy() == AddPolicy.PUBLISHED
              ? Rules.ADD_PUBLISHED
              : Rules.ADD_CONSERVING;
      default -> Rules.passive("gradient-hedge", node);
    };
  }
}
