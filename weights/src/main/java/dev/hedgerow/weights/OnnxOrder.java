package dev.hedgerow.weights;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a graph that its output depends on, each after the nodes it reads from: first those
 * that do not depend on the graph's input, then those that do, both as the file has them where that
 * is an order.
 */
final class OnnxOrder {
  private final OnnxFile file;
  private final OnnxGraph graph;
  private final String input;
  private final String output;
  private final Map<String, OnnxNode> producers = new HashMap<>();
  private final Map<String, List<OnnxNode>> consumers = new HashMap<>();
  private final List<OnnxNode> sorted = new ArrayList<>();

  /**
   * Sorts a graph.
   *
   * @param input the name of the tensor that nothing makes
   * @param output the name of the tensor that is asked for
   */
  OnnxOrder(OnnxFile file, OnnxGraph graph, String input, String output) throws FormatException {
    this.file = file;
    this.graph = graph;
    this.input = input;
    this.output = output;
    findProducers();
    sort(findNeeded());
  }

  /** Returns the nodes in their order. */
  List<OnnxNode> nodes() {
    Set<String> dynamic = new HashSet<>();
    dynamic.add(input);
    List<OnnxNode> first = new ArrayList<>(sorted.size());
    List<OnnxNode> then = new ArrayList<>();
    for (OnnxNode node : sorted) {
      if (node.inputs().stream().anyMatch(dynamic::contains)) {
        dynamic.addAll(node.outputs());
        then.add(node);
      } else {
        first.add(node);
      }
    }
    first.addAll(then);
    return first;
  }

  /** Returns the only node that reads a tensor; null if there are none or several. */
  @Nullable OnnxNode onlyConsumer(String tensor) {
    List<OnnxNode> readers = consumers.getOrDefault(tensor, List.of());
    return readers.size() == 1 ? readers.getFirst() : null;
  }

  private void findProducers() throws FormatException {
    for (OnnxNode node : graph.nodes()) {
      for (String made : node.outputs()) {
        if (made.isEmpty()) continue;
        OnnxNode other = producers.putIfAbsent(made, node);
        if (other != null) {
          throw file.error(node + " makes tensor \"" + made + "\", as " + other + " does");
        }
        if (made.equals(input) || graph.initializers().containsKey(made)) {
          throw file.error(node + " makes tensor \"" + made + "\", which the file gives already");
        }
      }
    }
  }

  private Set<OnnxNode> findNeeded() throws FormatException {
    Set<OnnxNode> needed = nodeSet();
    var open = new ArrayDeque<OnnxNode>();
    OnnxNode last = producers.get(output);
    if (last == null) {
      throw file.error("no node makes the output \"" + output + "\"");
    }
    checkFirstOutput(last, output, "is the graph's output");
    needed.add(last);
    open.add(last);
    while (!open.isEmpty()) {
      OnnxNode node = open.remove();
      for (String read : node.inputs()) {
        if (read.isEmpty()) continue;
        consumers.computeIfAbsent(read, name -> new ArrayList<>(2)).add(node);
        OnnxNode producer = producers.get(read);
        if (producer != null) {
          checkFirstOutput(producer, read, "is read by " + node);
          if (needed.add(producer)) open.add(producer);
        } else if (!read.equals(input) && !graph.initializers().containsKey(read)) {
          throw file.error(node + " reads tensor \"" + read + "\", which nothing makes");
        }
      }
    }
    return needed;
  }

  private void checkFirstOutput(OnnxNode node, String tensor, String use) throws FormatException {
    if (!tensor.equals(node.outputs().getFirst())) {
      throw file.error(
          node + ": output \"" + tensor + "\" " + use, "only the first output of a node in use");
    }
  }

  /** Depth-first, each node after its inputs; without recursion, as a file may be deep. */
  private void sort(Set<OnnxNode> needed) throws FormatException {
    Set<OnnxNode> entered = nodeSet();
    Set<OnnxNode> done = nodeSet();
    var path = new ArrayDeque<OnnxNode>();
    for (OnnxNode root : graph.nodes()) {
      if (!needed.contains(root) || done.contains(root)) continue;
      path.push(root);
      while (!path.isEmpty()) {
        OnnxNode node = path.peek();
        if (entered.add(node)) {
          for (String read : node.inputs()) {
            OnnxNode producer = producers.get(read);
            if (producer == null || done.contains(producer)) continue;
            if (entered.contains(producer)) {
              throw file.error(node + " and " + producer + " depend on each other");
            }
            path.push(producer);
          }
        } else {
          path.pop();
          if (done.add(node)) sorted.add(node);
        }
      }
    }
  }

  private static Set<OnnxNode> nodeSet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }
}
