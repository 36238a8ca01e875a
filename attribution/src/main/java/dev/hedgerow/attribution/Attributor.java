package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Set;

/** An explanation method. Stateless: the same arguments give the same bits. */
public interface Attributor {
  /**
   * Returns the name users type: {@code gradient-hedge}; of a variant, {@code lrp:epsilon-plus}.
   */
  String name();

  /** Returns the name its paper gives it, with its equation in a line. */
  String title();

  /** Returns authors and title of the paper. */
  String reference();

  /** Returns the same method with other choices of its own; each name starts with this one's. */
  default List<Attributor> variants() {
    return List.of();
  }

  /** Returns whether {@link Options#gamma} changes the result. */
  default boolean usesGamma() {
    return false;
  }

  /** Returns whether {@link Options#samples} changes the result. */
  default boolean usesSamples() {
    return false;
  }

  /**
   * Returns the choices that, by the method's definition, change nothing, the others being those of
   * {@code options}.
   */
  default Set<Options.Choice> ignores(Options options) {
    return Set.of();
  }

  /** Returns how often the network is run, the pass that recorded the image included. */
  default String cost() {
    return "1 forward and 1 backward pass";
  }

  /** Returns the nodes whose outputs the recording must keep beyond what any walk reads. */
  default Set<Node> keeps(Graph graph, Options options) {
    return Set.of();
  }

  /**
   * Explains a class score of a recorded image.
   *
   * @param recording of one image, made with {@link #keeps}; not modified
   * @param target class index
   * @throws IllegalArgumentException if there is no such class or start layer, or the network has a
   *     layer the method has no rule for; the message names it
   * @throws ArithmeticException if relevance is not finite; the message names the layer, or the
   *     method where its map alone is not
   * @throws IllegalStateException if the recording did not keep one of those nodes
   */
  Attribution explain(Engine engine, Recording recording, int target, Options options);

  /** Returns whether {@link #explainAll} computes once what its questions share. */
  default boolean sharesWork() {
    return false;
  }

  /**
   * One of several questions about an image.
   *
   * @param target class index
   * @param options for this question
   */
  record Request(int target, Options options) {}

  /**
   * Answers several questions about one recorded image, each with the same bits as {@link
   * #explain}; methods that can compute once what the questions share.
   *
   * @param recording as for {@link #explain}
   * @throws IllegalArgumentException as {@link #explain}, if any question is refused
   * @throws ArithmeticException as {@link #explain}
   */
  default List<Attribution> explainAll(Engine engine, Recording recording, List<Request> requests) {
    return requests.stream()
        .map(request -> explain(engine, recording, request.target(), request.options()))
        .toList();
  }
}
