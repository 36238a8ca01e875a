package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What relevance of the logits is at the layer where the map is taken. Of relevances that walk
 * together the account is that of the first, the warnings are of all.
 */
final class Descent {
  private final Engine engine;
  private final Recording recording;
  private final Graph graph;
  private final @Nullable Node start;
  private final @Nullable Node saliency;
  private final List<String> warnings = new ArrayList<>();
  private List<LayerReport> layers = List.of();

  /**
   * Prepares a walk.
   *
   * @param start where relevance starts; null for the logits. Above it LRP-0 rules: relevance
   *     starts as {@code x ⊙ ∂⟨R ⊘ y, y⟩/∂x} for the relevance R of the logits y
   * @param saliency the layer of the map; null for the network's input
   */
  Descent(Engine engine, Recording recording, @Nullable Node start, @Nullable Node saliency) {
    this.engine = engine;
    this.recording = recording;
    this.graph = recording.graph();
    this.start = start;
    this.saliency = saliency;
    if (saliency != null) SaliencyLayer.checked(graph, top(), saliency, false);
  }

  private Node top() {
    return start == null ? graph.logits() : start;
  }

  /** Returns the start layer of the options, null if they name none. */
  static @Nullable Node start(Graph graph, Options options) {
    return options.startLayer() == null ? null : StartLayer.of(graph, options);
  }

  /** Returns the saliency layer of the options, null if they name none. */
  static @Nullable Node saliency(Graph graph, Options options) {
    return options.saliencyLayer() == null ? null : graph.node(options.saliencyLayer());
  }

  /** Returns those nodes of which there are any. */
  static Set<Node> keeps(@Nullable Node start, @Nullable Node saliency) {
    var nodes = new LinkedHashSet<Node>();
    if (start != null) nodes.add(start);
    if (saliency != null) nodes.add(saliency);
    return nodes;
  }

  /**
   * Walks down.
   *
   * @param relevance of the logits, {@code [1, classes]}; not modified
   * @return relevance at the layer of the map
   */
  Tensor run(LayerMap map, Tensor relevance) {
    return runAll(map, List.of(relevance)).getFirst();
  }

  /** Walks down as {@link #run} with several relevances together. */
  List<Tensor> runAll(LayerMap map, List<Tensor> relevances) {
    Node top = top();
    Set<Node> until =
        saliency == null ? InputConvolutions.below(graph, top).maps() : Set.of(saliency);
    var walk =
        new RelevanceWalk(
            engine,
            recording,
            Collections.nCopies(relevances.size(), warnings),
            map.on(graph, top));
    List<Tensor> arrived = walk.runAll(top, relevances.stream().map(this::atStart).toList(), until);
    layers = walk.layers();
    return arrived;
  }

  /** Returns what relevance of the logits is where the walk starts. */
  private Tensor atStart(Tensor relevance) {
    if (start == null) return relevance.reshape(graph.logits().shape());
    Tensor seed = Elementwise.quotient(engine, relevance, recording.logits());
    Tensor gradient = graph.gradient(engine, recording, seed, start);
    return Elementwise.multiplyInPlace(engine, gradient, recording.output(start));
  }

  /** Adds a warning. */
  void warn(String warning) {
    warnings.add(warning);
  }

  /** Returns the explanation that relevance at the layer of the map is, summed over channels. */
  Attribution attribution(Attributor method, int target, Tensor relevance) {
    return saliency == null
        ? Attribution.atInput(engine, method, target, relevance, layers, warnings)
        : Attribution.atLayer(engine, method, target, relevance, recording, layers, warnings);
  }

  /**
   * Returns the explanation that a map at the layer of the map is.
   *
   * @param map {@code [h, w]}; also the relevance, as {@code [1, 1, h, w]}
   */
  Attribution attributionOfMap(Attributor method, int target, Tensor map) {
    Shape shape = map.shape();
    return attribution(
        method, target, map.reshape(Shape.of(1, 1, shape.extent(0), shape.extent(1))));
  }
}
