package dev.hedgerow.attribution;

import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds the main branch of a residual addition. */
final class Branches {
  private Branches() {}

  /**
   * Returns which input of a node ends the branch with the most weighted layers on its longest path
   * back to the fork, the last node that all paths from the network's input pass through; the first
   * on a tie.
   */
  static int heaviest(Node join) {
    Node fork = fork(join);
    var weights = new HashMap<Node, Integer>();
    weights.put(fork, 0);
    int heaviest = 0;
    for (int k = 1; k < join.inputs().size(); k++) {
      if (weight(join.inputs().get(k), fork, weights)
          > weight(join.inputs().get(heaviest), fork, weights)) {
        heaviest = k;
      }
    }
    return heaviest;
  }

  /** Weighted layers on the longest path from {@code fork}, exclusive, to {@code node}. */
  private static int weight(Node node, Node fork, Map<Node, Integer> known) {
    // In topological order, so that no path needs recursion.
    for (Node each : ancestors(node, fork.index() + 1)) {
      int longest = 0;
      for (Node input : each.inputs()) {
        longest = Math.max(longest, known.getOrDefault(input, 0));
      }
      known.put(each, longest + (each.layer() instanceof WeightedLayer ? 1 : 0));
    }
    return known.getOrDefault(node, 0);
  }

  /** {@code node} and what it depends on, from index {@code first} on, in topological order. */
  private static List<Node> ancestors(Node node, int first) {
    var found = new TreeMap<Integer, Node>();
    var open = new ArrayDeque<Node>();
    open.add(node);
    for (Node each; (each = open.poll()) != null; ) {
      if (each.index() < first || found.put(each.index(), each) != null) continue;
      open.addAll(each.inputs());
    }
    return List.copyOf(found.values());
  }

  /** The immediate dominator: the last node on every path from the network's input to here. */
  static Node fork(Node join) {
    // All paths cross the open nodes; once one is left, they meet in it.
    var open = new TreeMap<Integer, Node>();
    for (Node node = join; ; node = open.pollLastEntry().getValue()) {
      for (Node input : node.inputs()) open.put(input.index(), input);
      if (open.size() == 1) return open.firstEntry().getValue();
    }
  }
}
