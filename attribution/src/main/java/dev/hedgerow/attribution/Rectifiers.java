package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.ReverseWalk;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Relu;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The gradient with a rule of its own at rectifiers: ReLU, and {@code Clip(0, high)}, of which
 * ReLU6 is one. Every other layer, a LeakyReLU or a hard swish among them, passes the ordinary
 * gradient.
 */
final class Rectifiers {
  private Rectifiers() {}

  /** How a gradient passes a rectifier. */
  @FunctionalInterface
  interface Rule {
    /**
     * Returns the gradient at the rectifier's input.
     *
     * @param g at its output; not modified
     */
    Tensor pass(Engine engine, Recording recording, Node node, Tensor g);
  }

  /** {@code max(0, g)}, wherever the input was. */
  static final Rule DECONVOLUTION = (engine, recording, node, g) -> positive(engine, g);

  /** {@code max(0, g) · [0 ≤ x < high]}: an input of exactly 0 passes. */
  static final Rule GUIDED =
      (engine, recording, node, g) -> {
        Tensor x = recording.output(node.input());
        Tensor minusX = Elementwise.scale(engine, x, -1);
        Tensor kept =
            Elementwise.multiplyInPlace(
                engine, Elementwise.indicatorNotPositive(engine, minusX), positive(engine, g));
        if (!(node.layer() instanceof Clip clip)) return kept;
        Tensor below =
            Elementwise.indicatorPositive(engine, Elementwise.shift(engine, minusX, clip.high()));
        return Elementwise.multiplyInPlace(engine, kept, below);
      };

  /** {@code max(0, g) · [0 < x < high]}. */
  static final Rule GUIDED_STRICTLY =
      (engine, recording, node, g) ->
          positive(engine, recording.gradient(engine, node, g).getFirst());

  private static Tensor positive(Engine engine, Tensor g) {
    return Elementwise.positive(engine, g);
  }

  private static boolean isRectifier(Node node) {
    return node.layer() instanceof Relu
        || (node.layer() instanceof Clip clip && clip.low() == 0 && clip.high() > 0);
  }

  /** Returns what {@link #GUIDED} reads: the nodes whose outputs are rectified. */
  static Set<Node> inputs(Graph graph) {
    return graph.ancestors(graph.logits()).stream()
        .filter(Rectifiers::isRectifier)
        .map(Node::input)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Returns the modified {@code ∂F/∂v} for the output v of a node. */
  static Tensor gradient(Engine engine, Recording recording, Score score, Node at, Rule rule) {
    Graph graph = recording.graph();
    Node logits = graph.logits();
    Tensor reached =
        ReverseWalk.run(
                engine,
                logits,
                score.seeds(recording).reshape(logits.shape()),
                Set.of(at),
                (node, g) ->
                    isRectifier(node)
                        ? List.of(rule.pass(engine, recording, node, g))
                        : recording.gradient(engine, node, g))
            .get(at);
    return reached == null ? Tensor.zeros(at.shape()) : reached;
  }
}
