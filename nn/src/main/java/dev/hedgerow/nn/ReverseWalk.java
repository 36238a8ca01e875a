package dev.hedgerow.nn;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A walk against the direction of a graph that carries one signal a node: a gradient or a
 * relevance, or several of them side by side. A node is visited when all its consumers on the way
 * have been; what they sent back has then been added up.
 */
public final class ReverseWalk {
  private ReverseWalk() {}

  /**
   * How a signal passes a node, from its output to its inputs.
   *
   * @param <S> the signal
   */
  @FunctionalInterface
  public interface Rule<S> {
    /**
     * Returns what each input of the node receives, in order; an element is null where it receives
     * nothing.
     *
     * @param signal what the node's output received; must not be modified
     */
    List<? extends @Nullable S> pass(Node node, S signal);
  }

  /**
   * Walks with a tensor from the output of {@code from} down to the nodes of {@code until}.
   *
   * @param seed what the output of {@code from} receives
   * @param until nodes that are not passed
   * @return what the output of each node of {@code until} received; a node that nothing reached is
   *     missing
   */
  public static Map<Node, Tensor> run(
      Engine engine, Node from, Tensor seed, Set<Node> until, Rule<Tensor> rule) {
    return run(from, seed, until, rule, (a, b) -> Elementwise.add(engine, a, b));
  }

  /**
   * Walks with several tensors that do not mix; otherwise as {@link #run}.
   *
   * @param seeds what the output of {@code from} receives, any number of tensors
   * @return as many tensors for each node that was reached
   */
  public static Map<Node, List<Tensor>> runAll(
      Engine engine, Node from, List<Tensor> seeds, Set<Node> until, Rule<List<Tensor>> rule) {
    return run(
        from,
        seeds,
        until,
        rule,
        (a, b) -> {
          var sums = new ArrayList<Tensor>(a.size());
          for (int k = 0; k < a.size(); k++) {
            sums.add(Elementwise.add(engine, a.get(k), b.get(k)));
          }
          return sums;
        });
  }

  private static <S> Map<Node, S> run(
      Node from, S seed, Set<Node> until, Rule<S> rule, BinaryOperator<S> add) {
    var signals = new HashMap<Node, S>();
    var reached = new HashMap<Node, S>();
    var order = new PriorityQueue<Node>((a, b) -> Integer.compare(b.index(), a.index()));
    signals.put(from, seed);
    order.add(from);
    // Below the lowest goal nothing leads to one.
    int lowest = until.stream().mapToInt(Node::index).min().orElse(0);
    for (Node node; (node = order.poll()) != null && node.index() >= lowest; ) {
      S signal = signals.remove(node);
      if (signal == null) throw new IllegalStateException("no signal at " + node);
      if (until.contains(node)) {
        reached.put(node, signal);
        continue;
      }
      if (node.inputs().isEmpty()) continue;
      List<? extends @Nullable S> passed = rule.pass(node, signal);
      for (int i = 0; i < passed.size(); i++) {
        S part = passed.get(i);
        if (part == null) continue;
        Node input = node.inputs().get(i);
        S known = signals.get(input);
        if (known == null) order.add(input);
        signals.put(input, known == null ? part : add.apply(known, part));
      }
    }
    return reached;
  }
}
