package dev.hedgerow.nn.train;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.BatchStatistics;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.ReverseWalk;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A forward pass of a batch in which batch normalizations use the batch's own statistics, and the
 * way back, which gives the gradient of every parameter. Parameters go by the names that {@code
 * Modules} gives them: those of a node are below its own name.
 */
final class TrainingPass {
  private final Engine engine;
  private final Graph graph;
  private final Map<String, Parameter> parameters;
  private final @Nullable Tensor[] values;
  private final Map<Node, BatchStatistics> statistics = new HashMap<>();

  /**
   * Runs a batch.
   *
   * @param graph of {@code parameters}
   * @param x images {@code [N, C, H, W]}; not modified
   */
  TrainingPass(Engine engine, Graph graph, Map<String, Parameter> parameters, Tensor x) {
    this.engine = engine;
    this.graph = graph;
    this.parameters = parameters;
    this.values = new @Nullable Tensor[graph.nodes().size()];
    for (Node node : graph.nodes()) values[node.index()] = forward(node, x);
  }

  /** Returns the logits, {@code [N, classes]}. */
  Tensor logits() {
    return value(graph.logits());
  }

  /** Returns the statistics of the batch by the names of the normalizations. */
  Map<String, BatchStatistics> statistics() {
    var named = new HashMap<String, BatchStatistics>();
    statistics.forEach((node, of) -> named.put(node.name(), of));
    return named;
  }

  private Tensor forward(Node node, Tensor x) {
    List<Tensor> inputs = node.inputs().stream().map(this::value).toList();
    return switch (node.layer()) {
      case Input input -> x;
      case BatchNorm norm -> {
        var of = BatchStatistics.of(engine, inputs.getFirst());
        statistics.put(node, of);
        yield BatchNormalization.of(
                parameter(node, "weight"),
                parameter(node, "bias"),
                of.mean(),
                of.variance(),
                norm.normalization().epsilon())
            .forward(engine, inputs.getFirst());
      }
      case Relu relu when mayOverwrite(node.input()) ->
          relu.forwardInPlace(engine, inputs.getFirst());
      case Layer layer -> layer.forward(engine, inputs);
    };
  }

  /** Whether nobody but one rectifier reads what a node computed, now and on the way back. */
  private boolean mayOverwrite(Node node) {
    return graph.consumers(node).size() == 1
        && (node.layer() instanceof BatchNorm || node.layer() instanceof Add);
  }

  /**
   * Returns the gradient of every parameter that is learned, by name.
   *
   * @param seed the gradient of the logits, {@code [N, classes]}
   */
  Map<String, Parameter> gradients(Tensor seed) {
    var gradients = new HashMap<String, Parameter>();
    ReverseWalk.run(
        engine,
        graph.logits(),
        seed,
        Set.of(graph.input()),
        (node, s) -> backward(node, s, gradients));
    return gradients;
  }

  private List<? extends @Nullable Tensor> backward(
      Node node, Tensor s, Map<String, Parameter> gradients) {
    List<Tensor> inputs = node.inputs().stream().map(this::value).toList();
    if (node.layer() instanceof BatchNorm norm) {
      BatchStatistics.Gradient gradient =
          Objects.requireNonNull(statistics.get(node))
              .gradient(
                  engine,
                  inputs.getFirst(),
                  s,
                  parameter(node, "weight"),
                  norm.normalization().epsilon());
      gradients.put(node.name() + ".weight", gradient.scale());
      gradients.put(node.name() + ".bias", gradient.shift());
      return List.of(gradient.input());
    }
    if (node.layer() instanceof WeightedLayer layer) {
      Tensor x = inputs.getFirst();
      gradients.put(
          node.name() + ".weight",
          switch (layer) {
            case Conv2d conv -> conv.convolution().weightGradient(engine, x, s);
            case Linear linear -> linear.dense().weightGradient(engine, x, s);
          });
      if (layer.bias() != null) gradients.put(node.name() + ".bias", biasGradient(s));
      // Nothing is learned about the picture.
      if (node.inputs().contains(graph.input())) return Collections.singletonList(null);
    }
    return node.layer().gradient(engine, inputs, value(node), s);
  }

  /** Returns {@code Σ s} over all axes but that of the channels. */
  private Parameter biasGradient(Tensor s) {
    Tensor rows = s.shape().rank() == 4 ? Reductions.spatialSum(engine, s) : s;
    int channels = rows.shape().extent(1);
    float[] values = rows.toArray();
    double[] sums = new double[channels];
    for (int i = 0; i < values.length; i++) sums[i % channels] += values[i];
    float[] gradient = new float[channels];
    for (int c = 0; c < channels; c++) gradient[c] = (float) sums[c];
    return Parameter.of(Shape.of(channels), gradient);
  }

  private Parameter parameter(Node node, String name) {
    return Objects.requireNonNull(parameters.get(node.name() + "." + name), name);
  }

  private Tensor value(Node node) {
    return Objects.requireNonNull(values[node.index()], node.name());
  }
}
