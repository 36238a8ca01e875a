package dev.hedgerow.attribution;

import static dev.hedgerow.attribution.LayerKind.ACTIVATION;
import static dev.hedgerow.attribution.LayerKind.ADD;
import static dev.hedgerow.attribution.LayerKind.AVERAGE_POOL;
import static dev.hedgerow.attribution.LayerKind.BATCH_NORM;
import static dev.hedgerow.attribution.LayerKind.CONCAT;
import static dev.hedgerow.attribution.LayerKind.CONVOLUTION;
import static dev.hedgerow.attribution.LayerKind.INPUT_CONVOLUTION;
import static dev.hedgerow.attribution.LayerKind.LINEAR;
import static dev.hedgerow.attribution.LayerKind.MAX_POOL;
import static dev.hedgerow.attribution.LayerKind.MULTIPLY;
import static dev.hedgerow.attribution.LayerKind.RESCALING;
import static dev.hedgerow.attribution.LayerKind.STRUCTURE;
import static dev.hedgerow.attribution.LayerKind.SUBTRACT;

import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.BatchNorm;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rules for kinds of layers, for whatever network: the description of a {@link Composite}.
 * Immutable; those of the literature are {@link Composites}.
 *
 * <p>A batch normalization behind a layer with a {@link LinearRule} that nothing else reads is, if
 * so chosen, merged with it: the layer's rule sees the weights {@code a ⊙ w} and the bias {@code a
 * ⊙ b + c}, and the normalization passes R on. No network is rewritten for it. For {@link Epsilon}
 * with ε = 0 and the bias in z this is the same as that rule on the normalization itself; {@link
 * ZPlus} and the like take other weights for positive where a is negative.
 */
public final class LayerMap {
  private final Map<LayerKind, Rule> rules;
  private final Map<String, Rule> named;
  private final boolean merging;

  private LayerMap(Map<LayerKind, Rule> rules, Map<String, Rule> named, boolean merging) {
    this.rules = Map.copyOf(rules);
    this.named = Map.copyOf(named);
    this.merging = merging;
  }

  /**
   * Returns a rule for all convolutions and fully connected layers, and for the rest what is usual:
   * {@link Norm} for average pools and additions, shares of the magnitudes for differences; all to
   * the first maximum of a max pool, to the signal of a gate; R back where it came from in layers
   * that move elements; R unchanged in all others. Batch normalization is merged.
   */
  public static LayerMap of(Rule weighted) {
    var norm = new Norm(LinearRule.STABILIZER);
    return new LayerMap(
        Map.ofEntries(
            Map.entry(CONVOLUTION, weighted),
            Map.entry(LINEAR, weighted),
            Map.entry(BATCH_NORM, Rules.UNCHANGED),
            Map.entry(ACTIVATION, Rules.UNCHANGED),
            Map.entry(RESCALING, Rules.UNCHANGED),
            Map.entry(MAX_POOL, Rules.ADJOINT),
            Map.entry(AVERAGE_POOL, norm),
            Map.entry(ADD, norm),
            Map.entry(SUBTRACT, Rules.ADD_CONSERVING),
            Map.entry(CONCAT, Rules.ADJOINT),
            Map.entry(MULTIPLY, Rules.GATE),
            Map.entry(STRUCTURE, Rules.ADJOINT)),
        Map.of(),
        true);
  }

  /**
   * Returns this map with another rule for a kind of layer. One for batch normalization ends its
   * merging; {@link #withMergedBatchNorm} afterwards leaves it to what cannot be merged.
   */
  public LayerMap with(LayerKind kind, Rule rule) {
    var more = new HashMap<>(rules);
    more.put(kind, rule);
    return new LayerMap(more, named, merging && kind != BATCH_NORM);
  }

  /**
   * Returns this map with another rule for one node, whatever its kind; a batch normalization with
   * one is not merged.
   *
   * @param node the node's name, or its output tensor's
   */
  public LayerMap with(String node, Rule rule) {
    var more = new HashMap<>(named);
    more.put(node, rule);
    return new LayerMap(rules, more, merging);
  }

  /** Returns this map with batch normalization merged into the layer before it, or not. */
  public LayerMap withMergedBatchNorm(boolean merged) {
    return new LayerMap(rules, named, merged);
  }

  /**
   * Returns the composite of a network.
   *
   * @param start where relevance starts; nodes that it does not depend on have no part in it
   * @throws IllegalArgumentException if there is no node of a name that a rule is given to, or two
   *     are of one node
   */
  public Composite on(Graph graph, Node start) {
    Map<Node, Rule> own = own(graph);
    Set<Node> below = graph.ancestors(start);
    InputConvolutions input = InputConvolutions.below(graph, start);
    return node -> {
      if (node.layer() instanceof BatchNorm
          && norm(node.input(), graph, below, input, own) == node) {
        return Rules.UNCHANGED;
      }
      Rule rule = rule(node, input, own);
      Node norm = norm(node, graph, below, input, own);
      return norm != null && rule instanceof LinearRule linear
          ? linear.on(merged(node, norm))
          : rule;
    };
  }

  /** The rules of nodes that have one of their own. */
  private Map<Node, Rule> own(Graph graph) {
    var own = new HashMap<Node, Rule>();
    named.forEach(
        (name, rule) -> {
          Node node = graph.node(name);
          if (own.put(node, rule) != null) {
            throw new IllegalArgumentException(
                "layer \"%s\" has two rules, one by its output's name".formatted(node.name()));
          }
        });
    return own;
  }

  private Rule rule(Node node, InputConvolutions input, Map<Node, Rule> own) {
    Rule ofNode = own.get(node);
    if (ofNode != null) return ofNode;
    Rule first = rules.get(INPUT_CONVOLUTION);
    if (first != null && input.contains(node)) return first;
    return Objects.requireNonNull(rules.get(LayerKind.of(node.layer())));
  }

  /** The batch normalization that a node is merged with, null if it is not. */
  private @Nullable Node norm(
      Node node, Graph graph, Set<Node> below, InputConvolutions input, Map<Node, Rule> own) {
    LayerKind kind = LayerKind.of(node.layer());
    if (!merging || (kind != CONVOLUTION && kind != LINEAR)) return null;
    List<Node> readers = graph.consumers(node);
    return readers.size() == 1
            && readers.getFirst().layer() instanceof BatchNorm
            && !own.containsKey(readers.getFirst())
            && below.contains(readers.getFirst())
            && rule(node, input, own) instanceof LinearRule
        ? readers.getFirst()
        : null;
  }

  private static LinearMap merged(Node node, Node norm) {
    return LinearMap.of(node)
        .followedBy(((BatchNorm) norm.layer()).normalization(), node.shape().rank());
  }
}
