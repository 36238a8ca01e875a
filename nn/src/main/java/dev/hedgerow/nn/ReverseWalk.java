package dev.hedgerow.nn;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A walk against the direction of a graph that carries one tensor a node, a gradient or a
 * relevance. A node is visited when all its consumers on the way have been; what they sent back has
 * then been added up.
 */
public final class ReverseWalk {
  private ReverseWalk() {}

  /** How a tensor passes a node, from its output to its inputs. */
  @FunctionalInterface
  public interface Rule {
    /**
     * Returns what each input of the node receives, in order; an element is null where it receives
     * nothing.
     *
     * @param signal what the node's output received; must not be modified
     */
    List<? extends @Nullable Tensor> pass(Node node, Tensor signal);
  }

  /**
   * Walks from the output of {@code from} down to the nodes of {@code until}.
   *
   * @param seed what the output of {@code from} receives
   * @param until nodes that are not passed
   * @return what the output of each node of {@code until} received; a node that nothing reached is
   *     missing
   */
  public static Map<Node, Tensor> run(
      Engine engine, Graph graph, Node from, Tensor seed, Set<Node> until, Rule rule) {
    var signals = new HashMap<Node, Tensor>();
    var reached = new HashMap<Node, Tensor>();
    var order = new PriorityQueue<Node>((a, b) -> Integer.compare(b.index(), a.index()));
    signals.put(from, seed);
    order.add(from);
    // Below the lowest goal nothing leads to one.
    int lowest = until.stream().mapToInt(Node::index).min().orElse(0);
    for (Node node; (node = order.poll()) != null && node.index() >= lowest; ) {
      Tensor signal = signals.remove(node);
      if (signal == null) throw new IllegalStateException("no signal at " + node);
      if (until.contains(node)) {
        reached.put(node, signal);
        continue;
      }
      if (node.inputs().isEmpty()) continue;
      List<? extends @Nullable Tensor> passed = rule.pass(node, signal);
      for (int i = 0; i < passed.size(); i++) {
        Tensor part = passed.get(i);
        if (part == null) continue;
        Node input = node.inputs().get(i);
        Tensor known = signals.get(input);
        if (known == null) order.add(input);
        signals.put(input, known == null ? part : Elementwise.add(engine, known, part));
      }
    }
    return reached;
  }
}
