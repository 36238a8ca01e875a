package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Reductions.SignedSums;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.ReverseWalk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Carries relevance down a recorded network, one rule a layer, and keeps the account; one
 * relevance, or several of the same image side by side.
 *
 * <p>Warns of relevance that dies, and of magnitudes {@code Σ|R|} that grow a thousandfold, at a
 * layer or from the start down to it. A rule that {@link Rule#normalises} sets the magnitude; below
 * it growth counts from there.
 */
public final class RelevanceWalk {
  /** Magnitudes may grow this much without a warning. */
  private static final double GROWTH = 1e3;

  private final Engine engine;
  private final Recording recording;
  private final Composite rules;
  private final List<Account> accounts = new ArrayList<>();

  /**
   * Sums of relevance, known while it lives: what a layer passed on is what the next one received.
   */
  private final Map<Tensor, SignedSums> sums = new WeakHashMap<>();

  /** The account of one relevance. */
  private static final class Account {
    private final List<LayerReport> layers = new ArrayList<>();
    private final List<String> warnings;

    /** The largest magnitude that did not grow: of the start, and of what rules have set. */
    private double scale;

    private boolean warnedOfGrowth;

    private Account(List<String> warnings) {
      this.warnings = warnings;
    }

    /** Warns once: what has grown stays large. */
    private void warnOfGrowth(double factor, String where) {
      if (warnedOfGrowth) return;
      warnedOfGrowth = true;
      warnings.add(
          "relevance grows %.3g-fold %s: the map is not to be trusted".formatted(factor, where));
    }
  }

  /**
   * Prepares a walk with one relevance.
   *
   * @param rules the composite: which rule a node has
   * @param warnings written to
   */
  public RelevanceWalk(Engine engine, Recording recording, Composite rules, List<String> warnings) {
    this(engine, recording, List.of(warnings), rules);
  }

  /**
   * Prepares a walk with several relevances.
   *
   * @param warnings of each; written to
   * @param rules the composite: which rule a node has
   */
  RelevanceWalk(Engine engine, Recording recording, List<List<String>> warnings, Composite rules) {
    this.engine = engine;
    this.recording = recording;
    this.rules = rules;
    for (List<String> each : warnings) accounts.add(new Account(each));
  }

  /**
   * Walks from the output of {@code start} to the outputs of {@code until}.
   *
   * @return the relevance that arrived there, summed over these nodes; what arrives in another
   *     shape than at the first is left out, with a warning
   */
  public Tensor run(Node start, Tensor relevance, Set<Node> until) {
    return runAll(start, List.of(relevance), until).getFirst();
  }

  /** Walks as {@link #run} with as many relevances as the walk was prepared for. */
  List<Tensor> runAll(Node start, List<Tensor> relevances, Set<Node> until) {
    var reached = ReverseWalk.runAll(engine, start, relevances, until, this::pass);
    var arrived = new ArrayList<Tensor>();
    for (int k = 0; k < accounts.size(); k++) arrived.add(arrived(k, reached, until));
    return arrived;
  }

  private Tensor arrived(int k, Map<Node, List<Tensor>> reached, Set<Node> until) {
    Shape shape = recording.output(until.iterator().next()).shape();
    Tensor arrived = null;
    for (Node node : until) {
      List<Tensor> parts = reached.get(node);
      if (parts == null) continue;
      Tensor part = parts.get(k);
      if (part.shape().equals(shape)) {
        arrived = arrived == null ? part : Elementwise.add(engine, arrived, part);
      } else {
        accounts
            .get(k)
            .warnings
            .add(
                "relevance of %.3g reached %s, which the map cannot show"
                    .formatted(sumsOf(part).total(), node.name()));
      }
    }
    return arrived == null ? Tensor.zeros(shape) : arrived;
  }

  /** Returns the account of the layers passed so far, from the start down. */
  public List<LayerReport> layers() {
    return layers(0);
  }

  /** Returns the account of the k-th relevance. */
  List<LayerReport> layers(int k) {
    return accounts.get(k).layers;
  }

  private List<? extends @Nullable List<Tensor>> pass(Node node, List<Tensor> rs) {
    Rule rule = rules.rule(node);
    List<Rule.Passed> passed = rule.passAll(engine, node, recording.inputs(node), rs);
    for (int k = 0; k < rs.size(); k++) {
      enter(accounts.get(k), node, rule, rs.get(k), passed.get(k));
    }
    var parts = new ArrayList<@Nullable List<Tensor>>();
    for (int input = 0; input < passed.getFirst().relevance().size(); input++) {
      parts.add(part(passed, input));
    }
    return parts;
  }

  /** What an input receives of each relevance; a rule leaves an input out for all or for none. */
  private static @Nullable List<Tensor> part(List<Rule.Passed> passed, int input) {
    var part = new ArrayList<Tensor>(passed.size());
    for (Rule.Passed each : passed) {
      Tensor r = each.relevance().get(input);
      if (r == null) return null;
      part.add(r);
    }
    return part;
  }

  private SignedSums sumsOf(Tensor r) {
    return sums.computeIfAbsent(r, unknown -> Reductions.signedSums(engine, unknown));
  }

  private void enter(Account account, Node node, Rule rule, Tensor r, Rule.Passed passed) {
    double sum = 0;
    double magnitude = 0;
    for (Tensor part : passed.relevance()) {
      if (part == null) continue;
      SignedSums ofPart = sumsOf(part);
      sum += ofPart.total();
      magnitude += ofPart.magnitude();
    }
    if (!Double.isFinite(magnitude)) {
      throw new ArithmeticException("relevance is not finite after " + node.name());
    }
    double before = sumsOf(r).magnitude();
    if (magnitude == 0 && before > 0) {
      account.warnings.add("all relevance dies at " + node.name());
    }
    // The first layer's output is the start.
    if (account.layers.isEmpty()) account.scale = before;
    if (rule.normalises()) {
      account.scale = Math.max(account.scale, magnitude);
    } else if (magnitude > GROWTH * before) {
      account.warnOfGrowth(magnitude / before, "at " + node.name());
    } else if (magnitude > GROWTH * account.scale) {
      account.warnOfGrowth(magnitude / account.scale, "down to " + node.name());
    }
    double leak = Double.isNaN(passed.leak()) ? sumsOf(r).total() - sum : passed.leak();
    account.layers.add(
        new LayerReport(
            node.name(), node.layer().getClass().getSimpleName(), sum, leak, magnitude));
  }
}
