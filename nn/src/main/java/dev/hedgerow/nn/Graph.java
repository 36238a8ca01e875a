package dev.hedgerow.nn;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Reshape;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Softmax;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A network: an immutable directed acyclic graph of named nodes with one input, an image batch
 * {@code [N, C, H, W]}, and one output.
 */
public final class Graph {
  private final String name;
  private final List<Node> nodes;
  private final List<List<Node>> consumers;
  private final Node output;
  private final @Nullable Node startLayer;

  /** Whether every class has a probability of its own, by a closing sigmoid or without one. */
  private final boolean multiLabel;

  private final Map<String, Node> byName = new HashMap<>();

  /** How to run this without recording anything, exactly and faster; made when first run. */
  private volatile @Nullable ForwardPlan exactPlan;

  private volatile @Nullable ForwardPlan fusedPlan;

  private Graph(
      String name, List<Node> nodes, Node output, @Nullable Node startLayer, boolean multiLabel) {
    this.name = name;
    this.nodes = List.copyOf(nodes);
    this.output = output;
    this.startLayer = startLayer;
    this.multiLabel = multiLabel || closing().layer() instanceof Sigmoid;
    var consumers = new ArrayList<List<Node>>();
    for (Node node : nodes) {
      consumers.add(new ArrayList<>());
      for (Node input : node.inputs()) {
        List<Node> known = consumers.get(input.index());
        // A node that reads one output twice does so in a row.
        if (known.isEmpty() || known.getLast() != node) known.add(node);
      }
      byName.putIfAbsent(node.outputName(), node);
    }
    for (Node node : nodes) byName.put(node.name(), node);
    this.consumers = consumers.stream().map(List::copyOf).toList();
  }

  /** Returns a builder of a graph with the given name. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** Returns the name of the network. */
  public String name() {
    return name;
  }

  /** Returns all nodes, inputs before their consumers. */
  public List<Node> nodes() {
    return nodes;
  }

  /** Returns the node that stands for the network's input. */
  public Node input() {
    return nodes.getFirst();
  }

  /** Returns the node whose output is the network's. */
  public Node output() {
    return output;
  }

  /**
   * Returns the node whose output are the logits: the last one before a closing softmax or sigmoid,
   * or the output node where there is none.
   */
  public Node logits() {
    Node closing = closing();
    return closing.layer() instanceof Softmax || closing.layer() instanceof Sigmoid
        ? closing.input()
        : output;
  }

  /**
   * Returns whether every class has a probability of its own, the sigmoid of its logit, and not its
   * share of a softmax. Neither need be part of the network.
   */
  public boolean isMultiLabel() {
    return multiLabel;
  }

  /** Returns this network as one of which every class has a probability of its own. */
  public Graph multiLabel() {
    return multiLabel ? this : new Graph(name, nodes, output, startLayer, true);
  }

  /** The last node that does not just hand on what it reads. */
  private Node closing() {
    Node node = output;
    while (isView(node.layer())) node = node.input();
    return node;
  }

  /**
   * Returns the node at whose output explanations of this network begin, where whoever built it
   * knows: a model family does, a file does not.
   */
  public Optional<Node> startLayer() {
    return Optional.ofNullable(startLayer);
  }

  /** Returns the number of classes: the size of the logits of one image. */
  public int classes() {
    return logits().shape().size();
  }

  /** Returns the nodes that read the output of {@code node}, each once, in topological order. */
  public List<Node> consumers(Node node) {
    checkOwn(node);
    return consumers.get(node.index());
  }

  /**
   * Returns the node with the given name, or whose output tensor has it.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Node node(String nodeOrOutput) {
    Node node = byName.get(nodeOrOutput);
    if (node == null) {
      throw new IllegalArgumentException(
          name + " has no layer \"" + nodeOrOutput + "\"; the last is \"" + output.name() + "\"");
    }
    return node;
  }

  /** Returns {@code node} and every node its output depends on. */
  public Set<Node> ancestors(Node node) {
    checkOwn(node);
    boolean[] reached = new boolean[node.index() + 1];
    reached[node.index()] = true;
    var ancestors = new LinkedHashSet<Node>();
    for (int i = node.index(); i >= 0; i--) {
      if (!reached[i]) continue;
      ancestors.add(nodes.get(i));
      for (Node input : nodes.get(i).inputs()) reached[input.index()] = true;
    }
    return ancestors;
  }

  /**
   * Runs the network and forgets every intermediate value as soon as it can. On an engine that is
   * not exact, batch normalizations, ReLUs and max pools are computed by the convolutions before
   * them.
   *
   * @param x images {@code [N, C, H, W]}, preprocessed; not modified
   * @return the logits, {@code [N, classes]}
   */
  public Tensor run(Engine engine, Tensor x) {
    checkInput(x);
    ForwardPlan plan = engine.isExact() ? exactPlan : fusedPlan;
    if (plan == null) {
      plan = ForwardPlan.of(this, !engine.isExact());
      if (engine.isExact()) exactPlan = plan;
      else fusedPlan = plan;
    }
    Tensor logits = plan.run(engine, x);
    int batch = x.shape().extent(0);
    return logits.reshape(Shape.of(batch, logits.shape().size() / batch));
  }

  /**
   * Runs the network and keeps what a later reverse walk reads, on {@link Engine#forRecordings}.
   *
   * @param x images {@code [N, C, H, W]}, preprocessed; not modified, and kept
   * @param keep nodes whose outputs must be kept although no reverse walk reads them
   */
  public Recording record(Engine engine, Tensor x, Collection<Node> keep) {
    for (Node node : keep) checkOwn(node);
    checkInput(x);
    Set<Node> kept = Set.copyOf(keep);
    Engine recording = engine.forRecordings();
    var values = new @Nullable Tensor[nodes.size()];
    boolean[] overwritten = new boolean[nodes.size()];
    for (Node node : nodes) {
      if (node.index() > logits().index()) break;
      values[node.index()] = compute(recording, node, x, values, kept, overwritten);
    }
    return new Recording(this, values, overwritten);
  }

  /** Runs the network as {@link #record(Engine, Tensor, Collection)}. */
  public Recording record(Engine engine, Tensor x, Node... keep) {
    return record(engine, x, List.of(keep));
  }

  private Tensor compute(
      Engine engine,
      Node node,
      Tensor x,
      @Nullable Tensor[] values,
      Set<Node> keep,
      boolean[] overwritten) {
    Layer layer = node.layer();
    if (layer instanceof Input) return x;
    List<Tensor> inputs = new ArrayList<>(node.inputs().size());
    for (Node input : node.inputs()) {
      Tensor value = values[input.index()];
      if (value == null) throw new IllegalStateException(input + " was dropped before " + node);
      inputs.add(value);
    }
    // Relevance rules read what a batch normalization normalized.
    if (layer.worksInPlace() && !(layer instanceof BatchNorm)) {
      Node input = node.input();
      if (!keep.contains(input) && mayOverwrite(input)) {
        overwritten[input.index()] = true;
        return layer.forwardInPlace(engine, inputs.getFirst());
      }
    }
    return layer.forward(engine, inputs);
  }

  /** Whether nobody but one element-wise consumer reads what {@code node} computed. */
  private boolean mayOverwrite(Node node) {
    if (consumers(node).size() > 1 || node == input() || isView(node.layer())) return false;
    return !node.layer().gradientReadsOutput();
  }

  /** Whether the layer's output may share storage with its input. */
  static boolean isView(Layer layer) {
    return layer instanceof Identity || layer instanceof Flatten || layer instanceof Reshape;
  }

  /**
   * Checks that a node is of this graph, not one that its builder handed out.
   *
   * @throws IllegalArgumentException if it is not
   */
  void checkOwn(Node node) {
    if (node.index() >= nodes.size() || nodes.get(node.index()) != node) {
      throw new IllegalArgumentException(node + " is not a node of " + name + "; see node(name)");
    }
  }

  private void checkInput(Tensor x) {
    Shape expected = input().shape();
    Shape shape = x.shape();
    if (shape.rank() != expected.rank()
        || shape.extent(0) < 1
        || !shape.with(0, 1).equals(expected)) {
      throw new IllegalArgumentException(
          name + ": input is " + shape + " but the network expects " + expected.toString());
    }
  }

  /**
   * Returns {@code ∂y_target/∂v} for the output v of a node, y being the logits.
   *
   * @param recording of one image
   * @param target class index
   * @param at the node
   * @return the gradient, of the shape of the node's output
   */
  public Tensor gradient(Engine engine, Recording recording, int target, Node at) {
    return gradient(engine, recording, recording.oneHot(target), at);
  }

  /**
   * Returns {@code ∂⟨seed, y⟩/∂v} for the output v of a node, y being the logits.
   *
   * @param seed what each logit of each image counts, {@code [N, classes]}; not modified
   * @param at the node
   * @return the gradient, of the shape of the node's output
   */
  public Tensor gradient(Engine engine, Recording recording, Tensor seed, Node at) {
    return Objects.requireNonNull(gradients(engine, recording, seed, Set.of(at)).get(at));
  }

  /**
   * Returns {@code ∂⟨seed, y⟩/∂v} for the outputs v of several nodes, y being the logits, out of
   * one walk.
   *
   * @param seed what each logit of each image counts, {@code [N, classes]}; not modified
   * @param at the nodes; others' gradients are dropped as soon as they can be
   * @return the gradients, of the shapes of the outputs
   */
  public Map<Node, Tensor> gradients(
      Engine engine, Recording recording, Tensor seed, Set<Node> at) {
    for (Node node : at) checkOwn(node);
    var gradients = new HashMap<Node, Tensor>();
    if (at.isEmpty()) return gradients;
    Node lowest = Collections.min(at, Comparator.comparingInt(Node::index));
    gradients.putAll(
        ReverseWalk.run(
            engine,
            logits(),
            seed.reshape(recording.tensor(logits()).shape()),
            Set.of(lowest),
            (node, s) -> {
              if (at.contains(node)) gradients.put(node, s);
              return recording.gradient(engine, node, s);
            }));
    for (Node node : at) {
      gradients.computeIfAbsent(node, none -> Tensor.zeros(recording.tensor(none).shape()));
    }
    return gradients;
  }

  /** Adds nodes, inputs before consumers, and infers their shapes. */
  public static final class Builder {
    private final String name;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Node> byName = new HashMap<>();
    private @Nullable Node startLayer;

    private Builder(String name) {
      this.name = name;
    }

    /** Adds the input node; it must be the first. */
    public Node input(String name, Shape shape) {
      if (!nodes.isEmpty()) throw new IllegalStateException("the input must be the first node");
      return add(name, new Input(shape));
    }

    /** Adds a node whose output tensor has the node's name. */
    public Node add(String name, Layer layer, Node... inputs) {
      return add(name, name, layer, List.of(inputs));
    }

    /**
     * Adds a node.
     *
     * @throws IllegalArgumentException if the name is taken or the layer does not take the inputs'
     *     shapes; the message starts with the node's name
     */
    public Node add(String name, String outputName, Layer layer, List<Node> inputs) {
      Shape shape;
      try {
        shape = layer.outputShape(inputs.stream().map(Node::shape).toList());
      } catch (IllegalArgumentException wrong) {
        throw new IllegalArgumentException(name + ": " + wrong.getMessage(), wrong);
      }
      var node = new Node(nodes.size(), name, outputName, layer, inputs, shape);
      if (byName.putIfAbsent(name, node) != null) {
        throw new IllegalArgumentException(this.name + " has two nodes named \"" + name + "\"");
      }
      nodes.add(node);
      return node;
    }

    /** Says at whose output explanations begin; the graph's output must depend on it. */
    public void startLayer(Node node) {
      startLayer = node;
    }

    /**
     * Returns the graph that ends in {@code output}; nodes it does not depend on are dropped.
     *
     * @throws IllegalArgumentException if it does not depend on the start layer
     */
    public Graph build(Node output) {
      var needed = new boolean[nodes.size()];
      needed[0] = true;
      needed[output.index()] = true;
      for (int i = output.index(); i >= 0; i--) {
        if (!needed[i]) continue;
        for (Node input : nodes.get(i).inputs()) needed[input.index()] = true;
      }
      var kept = new ArrayList<Node>();
      var moved = new HashMap<Node, Node>();
      for (Node node : nodes) {
        if (!needed[node.index()]) continue;
        var copy =
            new Node(
                kept.size(),
                node.name(),
                node.outputName(),
                node.layer(),
                node.inputs().stream().map(moved::get).toList(),
                node.shape());
        moved.put(node, copy);
        kept.add(copy);
      }
      Node start = startLayer == null ? null : moved.get(startLayer);
      if (startLayer != null && start == null) {
        throw new IllegalArgumentException(
            name + ": " + output + " does not depend on the start layer " + startLayer);
      }
      return new Graph(name, kept, Objects.requireNonNull(moved.get(output)), start, false);
    }
  }
}
