package dev.hedgerow.nn;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a forward pass left behind: the logits, and the values a reverse walk reads. */
public final class Recording {
  private final Graph graph;
  private final @Nullable Tensor[] values;
  private final boolean[] overwritten;

  Recording(Graph graph, @Nullable Tensor[] values, boolean[] overwritten) {
    this.graph = graph;
    this.values = values;
    this.overwritten = overwritten;
  }

  /** Returns the graph that was run. */
  public Graph graph() {
    return graph;
  }

  /** Returns the logits, {@code [N, classes]}. */
  public Tensor logits() {
    Tensor logits = tensor(graph.logits());
    int batch = logits.shape().extent(0);
    return logits.reshape(Shape.of(batch, logits.shape().size() / batch));
  }

  /**
   * Returns the output of a node.
   *
   * @throws IllegalStateException if an element-wise consumer has overwritten it; record it with
   *     {@code keep}
   */
  public Tensor output(Node node) {
    graph.checkOwn(node);
    if (overwritten[node.index()]) {
      throw new IllegalStateException("the output of " + node + " was not kept");
    }
    return tensor(node);
  }

  /** Returns the inputs of a node, of which some may have been overwritten. */
  public List<Tensor> inputs(Node node) {
    return node.inputs().stream().map(this::tensor).toList();
  }

  /**
   * Returns the product of a gradient with the Jacobian of a node's layer, for every input: the
   * step of a {@link ReverseWalk} that carries the ordinary gradient.
   *
   * @param gradient of the shape of the node's output; not modified
   */
  public List<Tensor> gradient(Engine engine, Node node, Tensor gradient) {
    return node.layer().gradient(engine, inputs(node), tensor(node), gradient);
  }

  /**
   * Returns the recording of one image of a batch, with copies of its values.
   *
   * @param n the image, counted from 0
   * @throws IndexOutOfBoundsException if there is no such image
   */
  public Recording image(int n) {
    var image = new @Nullable Tensor[values.length];
    for (int i = 0; i < values.length; i++) {
      Tensor value = values[i];
      if (value != null) image[i] = value.image(n);
    }
    return new Recording(graph, image, overwritten);
  }

  /** Returns the output of a node, of which only the shape is sure. */
  Tensor tensor(Node node) {
    graph.checkOwn(node);
    Tensor value = values[node.index()];
    if (value == null) throw new IllegalStateException("no value of " + node + " was recorded");
    return value;
  }

  /**
   * Returns the gradient of one logit with respect to all of them: 1 at the target.
   *
   * @throws IllegalArgumentException if there is no such class, or more than one image
   */
  Tensor oneHot(int target) {
    Shape shape = tensor(graph.logits()).shape();
    int classes = graph.classes();
    if (shape.size() != classes) {
      throw new IllegalArgumentException(
          "a recording of " + shape.extent(0) + " images; a gradient is taken for one");
    }
    if (target < 0 || target >= classes) {
      throw new IllegalArgumentException(
          "target " + target + " is outside the " + classes + " classes of " + graph.name());
    }
    float[] seed = new float[classes];
    seed[target] = 1;
    return Tensor.of(Shape.of(classes), seed).reshape(shape);
  }
}
