package dev.hedgerow.nn;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How a network is run when nothing is recorded: in steps that make one value each, whose storage
 * goes to later steps as soon as nobody reads it any more.
 *
 * <p>A fused plan has fewer steps than the graph has nodes, and values that differ by rounding.
 * Convolutions take over what alone reads them and what they alone read:
 *
 * <pre>
 * concat, and pools of one          read part by part where their readers can
 * batch normalization, ReLU         of what a convolution reads
 * convolution
 * batch normalization               folded into the weights
 * addition                          of another value
 * ReLU, or another clip
 * max pool                          if the convolution takes it over and adds nothing
 * </pre>
 */
final class ForwardPlan {
  /** What makes a value out of others. */
  interface Operation {
    Tensor run(Engine engine, List<Tensor> inputs);
  }

  /**
   * Makes the value with the step's number.
   *
   * @param inputs the values it reads
   * @param last the values whose storage nobody reads after this step
   */
  record Step(String name, Operation operation, int[] inputs, int[] last) {}

  private final List<Step> steps;

  private ForwardPlan(List<Step> steps) {
    this.steps = steps;
  }

  /** Returns a plan for the logits of {@code graph}. */
  static ForwardPlan of(Graph graph, boolean fused) {
    return new ForwardPlan(new Planner(graph, fused).plan());
  }

  /** Returns the output of the logits' node. */
  Tensor run(Engine engine, Tensor x) {
    var values = new @Nullable Tensor[steps.size()];
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      Step step = steps.get(i);
      inputs.clear();
      for (int input : step.inputs) inputs.add(Objects.requireNonNull(values[input]));
      values[i] = i == 0 ? x : step.operation.run(engine, inputs);
      for (int value : step.last) engine.recycle(Objects.requireNonNull(values[value]));
    }
    return Objects.requireNonNull(values[values.length - 1]);
  }

  /** Returns the steps, in their order; the first stands for the input. */
  List<Step> steps() {
    return steps;
  }

  /** Makes the steps. */
  private static final class Planner {
    /** A convolution that is still growing: what it reads, does before, and adds. */
    private record Open(
        Convolution convolution,
        List<Integer> parts,
        @Nullable BatchNormalization before,
        @Nullable Integer add) {
      Open with(Convolution grown) {
        return new Open(grown, parts, before, add);
      }
    }

    /** A step whose values' ends are not known yet. */
    private record Draft(
        Node node, Layer layer, @Nullable Open convolution, List<Integer> inputs) {}

    private final Graph graph;
    private final boolean fused;
    private final List<Draft> drafts = new ArrayList<>();

    /** Channels of each draft's value. */
    private final List<Integer> channels = new ArrayList<>();

    /** The values that, joined along the channels, are the output of a node. */
    private final Map<Node, List<Integer>> parts = new HashMap<>();

    private final Map<Node, Open> open = new HashMap<>();

    /** For a ReLU that a convolution computes: the normalization before it. */
    private final Map<Node, BatchNormalization> before = new HashMap<>();

    Planner(Graph graph, boolean fused) {
      this.graph = graph;
      this.fused = fused;
    }

    List<Step> plan() {
      for (Node node : graph.nodes()) {
        if (node.index() > graph.logits().index()) break;
        Open grown = fused ? convolution(node) : null;
        if (grown != null) {
          open.put(node, grown);
          if (!continues(node)) close(node);
        } else if (!fused || !pass(node)) {
          add(node, node.inputs().stream().map(this::whole).toList());
        }
      }
      return finish();
    }

    /** Returns the convolution that this node ends, null if it ends none. */
    private @Nullable Open convolution(Node node) {
      if (node.layer() instanceof Conv2d(Convolution convolution)) {
        BatchNormalization normalization = before.get(node.input());
        boolean several = convolution.takes(channels(node.input()));
        List<Integer> inputs = several ? values(node.input()) : List.of(whole(node.input()));
        return new Open(convolution, inputs, normalization, null);
      }
      if (node.layer() instanceof Add) return grow(node);
      Open known = node.inputs().size() == 1 ? open.get(node.input()) : null;
      if (known == null) return null;
      open.remove(node.input());
      return switch (node.layer()) {
        case BatchNorm(var normalization) -> known.with(known.convolution.then(normalization));
        case Relu _ -> known.with(known.convolution.rectified());
        case Clip(float low, float high) -> known.with(known.convolution.clipped(low, high));
        case MaxPool2d(var pool) -> known.with(known.convolution.pooled(pool));
        default -> throw new IllegalStateException(node + " follows an open convolution");
      };
    }

    /** The last open input of an addition of two grows by the other one. */
    private @Nullable Open grow(Node addition) {
      Node last =
          addition.inputs().stream()
              .filter(open::containsKey)
              .max(Comparator.comparingInt(Node::index))
              .orElse(null);
      if (last == null) return null;
      Open grown = Objects.requireNonNull(open.remove(last));
      Node other = addition.inputs().get(addition.inputs().getFirst() == last ? 1 : 0);
      return new Open(grown.convolution, grown.parts, grown.before, whole(other));
    }

    /** Whether the node's only reader is one that its convolution takes over. */
    private boolean continues(Node node) {
      Node reader = onlyReader(node);
      if (reader == null || node.layer() instanceof MaxPool2d) return false;
      Open known = Objects.requireNonNull(open.get(node));
      boolean clipped = node.layer() instanceof Relu || node.layer() instanceof Clip;
      return switch (reader.layer()) {
        case BatchNorm _ -> node.layer() instanceof Conv2d;
        case Relu _ -> !clipped;
        case Clip(float low, float high) -> !clipped && low <= 0 && high >= 0;
        case Add _ ->
            !clipped
                && known.add == null
                && reader.inputs().size() == 2
                && reader.inputs().getFirst() != reader.inputs().getLast();
        case MaxPool2d(var pool) -> known.add == null && known.convolution.takesOver(pool);
        default -> false;
      };
    }

    private @Nullable Node onlyReader(Node node) {
      List<Node> readers = graph.consumers(node);
      return node == graph.logits() || readers.size() != 1 ? null : readers.getFirst();
    }

    /**
     * Makes no step of a node that its readers compute, nor one of the whole output where it can be
     * made in parts; returns whether it is such a node.
     */
    private boolean pass(Node node) {
      if (node == graph.logits()) return false;
      switch (node.layer()) {
        case Concat(int axis) when node.shape().rank() == 4 && (axis == 1 || axis == -3) ->
            parts.put(
                node, node.inputs().stream().flatMap(input -> values(input).stream()).toList());
        case BatchNorm(var normalization) -> {
          Node relu = onlyReader(node);
          Node reader = relu == null || !(relu.layer() instanceof Relu) ? null : onlyReader(relu);
          if (reader == null
              || !(reader.layer() instanceof Conv2d(Convolution convolution))
              || !convolution.takes(channels(node.input()))) {
            return false;
          }
          parts.put(relu, values(node.input()));
          before.put(relu, normalization);
        }
        case Relu _ -> {
          return before.containsKey(node);
        }
        case MaxPool2d _, AveragePool2d _, AdaptiveAveragePool2d _ -> {
          List<Integer> values = values(node.input());
          if (values.size() == 1) return false;
          parts.put(node, values.stream().map(value -> part(node, value)).toList());
        }
        case Identity _ -> parts.put(node, values(node.input()));
        default -> {
          return false;
        }
      }
      return true;
    }

    /** Makes the step of an open convolution. */
    private void close(Node node) {
      Open closed = Objects.requireNonNull(open.remove(node));
      List<Integer> inputs = new ArrayList<>(closed.parts);
      if (closed.add != null) inputs.add(closed.add);
      parts.put(node, List.of(add(node, node.layer(), closed, inputs)));
    }

    /** Makes the step of a node that is computed as it stands. */
    private void add(Node node, List<Integer> inputs) {
      parts.put(node, List.of(add(node, node.layer(), null, inputs)));
    }

    private int add(Node node, Layer layer, @Nullable Open convolution, List<Integer> inputs) {
      drafts.add(new Draft(node, layer, convolution, inputs));
      channels.add(node.shape().rank() > 1 ? node.shape().extent(1) : 0);
      return drafts.size() - 1;
    }

    /** Makes the step that pools a part of what a node reads. */
    private int part(Node node, int value) {
      int pooled = add(node, node.layer(), null, List.of(value));
      channels.set(pooled, channels.get(value));
      return pooled;
    }

    /** Returns the values that are the output of a node together. */
    private List<Integer> values(Node node) {
      if (open.containsKey(node)) close(node);
      return Objects.requireNonNull(parts.get(node));
    }

    private List<Integer> channels(Node node) {
      return values(node).stream().map(channels::get).toList();
    }

    /** Returns the one value that is the output of a node. */
    private int whole(Node node) {
      List<Integer> values = values(node);
      if (values.size() > 1) {
        values = List.of(add(node, new Concat(1), null, values));
        parts.put(node, values);
      }
      return values.getFirst();
    }

    /** Decides what is computed in place, and where the storage of each value ends. */
    private List<Step> finish() {
      int count = drafts.size();
      int[] lastReader = new int[count];
      for (int i = 0; i < count; i++) {
        lastReader[i] = i;
        for (int input : drafts.get(i).inputs) lastReader[input] = i;
      }
      // Nobody may write to the input, nor to the result.
      lastReader[0] = count;
      lastReader[count - 1] = count;
      int[] storage = new int[count];
      int[] end = new int[count];
      List<Operation> operations = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Draft draft = drafts.get(i);
        Layer layer = draft.layer;
        boolean alone = draft.convolution == null && draft.inputs.size() == 1;
        int from = alone ? storage[draft.inputs.getFirst()] : i;
        boolean inPlace = alone && layer.worksInPlace() && end[from] == i;
        operations.add(operation(draft, inPlace));
        storage[i] = inPlace || Graph.isView(layer) ? from : i;
        end[storage[i]] = Math.max(end[storage[i]], lastReader[i]);
      }
      List<Step> steps = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int step = i;
        int[] last =
            IntStream.range(0, count)
                .filter(value -> storage[value] == value && end[value] == step)
                .toArray();
        Draft draft = drafts.get(i);
        int[] inputs = draft.inputs.stream().mapToInt(Integer::intValue).toArray();
        steps.add(new Step(draft.node.name(), operations.get(i), inputs, last));
      }
      return steps;
    }

    private static Operation operation(Draft draft, boolean inPlace) {
      Layer layer = draft.layer;
      if (inPlace) return (engine, inputs) -> layer.forwardInPlace(engine, inputs.getFirst());
      Open open = draft.convolution;
      if (open == null) return layer::forward;
      int parts = open.parts.size();
      boolean adds = open.add != null;
      return (engine, inputs) ->
          open.convolution.apply(
              engine, inputs.subList(0, parts), open.before, adds ? inputs.get(parts) : null);
    }
  }
}
