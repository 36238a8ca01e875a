package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.ReverseWalk;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Carries relevance down a recorded network, one rule a layer, and keeps the account. */
public final class RelevanceWalk {
  /** Magnitudes may grow this much from a layer's output to its inputs without a warning. */
  private static final double GROWTH = 1e3;

  private final Engine engine;
  private final Recording recording;
  private final Composite rules;
  private final List<LayerReport> layers = new ArrayList<>();
  private final List<String> warnings;
  private boolean warnedOfGrowth;

  /**
   * Prepares a walk.
   *
   * @param rules the composite: which rule a node has
   * @param warnings written to
   */
  public RelevanceWalk(Engine engine, Recording recording, Composite rules, List<String> warnings) {
    this.engine = engine;
    this.recording = recording;
    this.rules = rules;
    this.warnings = warnings;
  }

  /**
   * Walks from the output of {@code start} to the outputs of {@code until}.
   *
   * @return the relevance that arrived there, summed over these nodes; what arrives in another
   *     shape than at the first is left out, with a warning
   */
  public Tensor run(Node start, Tensor relevance, Set<Node> until) {
    var reached = ReverseWalk.run(engine, recording.graph(), start, relevance, until, this::pass);
    Tensor arrived = Tensor.zeros(recording.output(until.iterator().next()).shape());
    for (Node node : until) {
      Tensor part = reached.get(node);
      if (part == null) continue;
      if (part.shape().equals(arrived.shape())) {
        Elementwise.addInPlace(engine, arrived, part);
      } else {
        warnings.add(
            "relevance of %.3g reached %s, which the map cannot show"
                .formatted(Reductions.sum(engine, part), node.name()));
      }
    }
    return arrived;
  }

  /** Returns the account of the layers passed so far, from the start down. */
  public List<LayerReport> layers() {
    return layers;
  }

  private List<? extends @Nullable Tensor> pass(Node node, Tensor r) {
    Rule rule = rules.rule(node);
    Rule.Passed passed = rule.pass(engine, node, recording.inputs(node), r);
    double sum = 0;
    double magnitude = 0;
    for (Tensor part : passed.relevance()) {
      if (part == null) continue;
      sum += Reductions.sum(engine, part);
      magnitude += Reductions.sumAbsolute(engine, part);
    }
    if (!Double.isFinite(magnitude)) {
      throw new ArithmeticException("relevance is not finite after " + node.name());
    }
    double before = Reductions.sumAbsolute(engine, r);
    if (magnitude == 0 && before > 0) warnings.add("all relevance dies at " + node.name());
    if (magnitude > GROWTH * before && !rule.normalises() && !warnedOfGrowth) {
      warnedOfGrowth = true;
      warnings.add(
          "relevance grows %.3g-fold at %s: the map is not to be trusted"
              .formatted(magnitude / before, node.name()));
    }
    double leak = Double.isNaN(passed.leak()) ? Reductions.sum(engine, r) - sum : passed.leak();
    layers.add(
        new LayerReport(
            node.name(), node.layer().getClass().getSimpleName(), sum, leak, magnitude));
    return passed.relevance();
  }
}
