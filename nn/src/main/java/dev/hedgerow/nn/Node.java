package dev.hedgerow.nn;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.layer.Layer;
import java.util.List;

/** One layer in its place in a {@link Graph}. Nodes are compared by identity. */
public final class Node {
  private final int index;
  private final String name;
  private final String outputName;
  private final Layer layer;
  private final List<Node> inputs;
  private final Shape shape;

  Node(int index, String name, String outputName, Layer layer, List<Node> inputs, Shape shape) {
    this.index = index;
    this.name = name;
    this.outputName = outputName;
    this.layer = layer;
    this.inputs = List.copyOf(inputs);
    this.shape = shape;
  }

  /** Returns the position in the graph's topological order; the input node has 0. */
  public int index() {
    return index;
  }

  /** Returns the name, unique in the graph: {@code features.29}, {@code /layer4/layer4.1/Add}. */
  public String name() {
    return name;
  }

  /** Returns the name of the output tensor; the node's own name where the source has none. */
  public String outputName() {
    return outputName;
  }

  /** Returns what the node computes. */
  public Layer layer() {
    return layer;
  }

  /** Returns the nodes whose outputs this one reads, in the layer's order. */
  public List<Node> inputs() {
    return inputs;
  }

  /** Returns the only input. */
  public Node input() {
    if (inputs.size() != 1) {
      throw new IllegalStateException(name + " has " + inputs.size() + " inputs");
    }
    return inputs.getFirst();
  }

  /** Returns the shape of the output for a batch of one. */
  public Shape shape() {
    return shape;
  }

  @Override
  public String toString() {
    return name + " (" + layer.getClass().getSimpleName() + " " + shape + ")";
  }
}
