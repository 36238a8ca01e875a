package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
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
import java.util.List;
import java.util.Set;

/**
 * Relative Attributing Propagation: the logit is handed down so that what a neuron receives grows
 * with the magnitude of its contribution, of either sign, and a uniform shift of each layer then
 * turns the least important negative. ΣR is the logit at every layer.
 *
 * <p>The rules are {@link RapRule} for weighted layers, {@link ZBox} for the convolution that reads
 * the input, and {@link Rules} for the rest. At the classifier the authors split the bias over the
 * signed contributions {@code x_i w_it} in proportion and then spread the logit by magnitude, so
 * that the bias cancels: {@link Rules#magnitudes}. Pools and additions share in proportion to |x|;
 * where no x is negative this is the authors' share by x. Relevance starts at the logits whatever
 * {@link Options#startLayer}.
 */
final class Rap implements Attributor {
  /** What of a method's own choices a variant makes otherwise. */
  private enum Choice {
    STANDARD("", ""),
    /** The 1×1 convolution of the copy in AGF's repository: {@code J(|x|, |w|, R)}, no shift. */
    AGF(":agf", ", 1x1 convolutions by magnitude as in AGF's copy"),
    /** The published split of additions. */
    SIGNED_ADD(":signed-add", ", additions shared by signed x as published");

    private final String suffix;
    private final String title;

    Choice(String suffix, String title) {
      this.suffix = suffix;
      this.title = title;
    }
  }

  private final Choice choice;

  Rap() {
    this(Choice.STANDARD);
  }

  private Rap(Choice choice) {
    this.choice = choice;
  }

  @Override
  public String name() {
    return "rap" + choice.suffix;
  }

  @Override
  public String title() {
    return "RAP: positive and negative weights both attract relevance, then a uniform shift"
        + choice.title;
  }

  @Override
  public String reference() {
    return "W.-J. Nam, S. Gur, J. Choi, L. Wolf, S.-W. Lee: Relative Attributing Propagation:"
        + " Interpreting the Comparative Contributions of Individual Units in Deep Neural Networks";
  }

  @Override
  public List<Attributor> variants() {
    return choice == Choice.STANDARD
        ? List.of(new Rap(Choice.AGF), new Rap(Choice.SIGNED_ADD))
        : List.of();
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, graph.logits());
    return SaliencyLayer.nodes(graph, graph.logits(), inputConvolutions, options);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Node logits = graph.logits();
    InputConvolutions inputConvolutions = InputConvolutions.below(graph, logits);
    Set<Node> until = SaliencyLayer.nodes(graph, logits, inputConvolutions, options);
    StartRelevance start = options.start() == null ? StartRelevance.LOGIT : options.start();
    Tensor relevance = start.at(recording, target).reshape(logits.shape());
    var warnings = new ArrayList<String>();
    Set<Node> classifier = Classifier.of(graph);
    var walk =
        new RelevanceWalk(
            engine, recording, node -> rule(node, classifier, inputConvolutions), warnings);
    Tensor map = walk.run(logits, relevance, until);
    return SaliencyLayer.attribution(
        engine, this, recording, target, options, map, walk.layers(), warnings);
  }

  private Rule rule(Node node, Set<Node> classifier, InputConvolutions inputConvolutions) {
    return switch (node.layer()) {
      case Conv2d conv when inputConvolutions.contains(node) -> ZBox.OF_IMAGE;
      case Conv2d conv when choice == Choice.AGF && conv.convolution().window().isPoint() ->
          Rules.magnitudes(conv.convolution());
      case Conv2d conv -> new RapRule(conv.convolution(), true);
      case Linear linear when classifier.contains(node) -> Rules.magnitudes(linear.dense());
      case Linear linear -> new RapRule(linear.dense(), false);
      case MaxPool2d max -> Rules.maxPool(max.pool());
      case AveragePool2d average -> Rules.magnitudes(average.pool());
      case AdaptiveAveragePool2d average -> Rules.magnitudes(average.pool());
      case BatchNorm norm -> Rules.batchNorm(norm.normalization());
      case Concat concat -> Rules.CONCAT;
      case Add add -> choice == Choice.SIGNED_ADD ? Rules.ADD_SIGNED : Rules.ADD_CONSERVING;
      default -> Rules.passive(name(), node);
    };
  }
}
