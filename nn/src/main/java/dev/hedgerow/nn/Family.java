package dev.hedgerow.nn;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model family: a network whose topology, names and preprocessing are known, so that a file of
 * weights is all it takes to run it.
 *
 * @param name what users call it, {@code resnet50}
 * @param preprocessing of pictures, with the size the network was made for
 * @param classifier the module whose weight has one row a class, {@code fc}; a linear layer or a
 *     1×1 convolution
 * @param auxiliary modules that only training needs, {@code AuxLogits}: a file of weights may have
 *     them, the network has not
 * @param classes the classes of the published weights
 * @param topology the wiring
 */
public record Family(
    String name,
    Preprocessing preprocessing,
    String classifier,
    List<String> auxiliary,
    ClassNames classes,
    Topology topology) {
  public Family {
    auxiliary = List.copyOf(auxiliary);
  }

  /** Returns a family of the same kind with another wiring: other widths, say. */
  public Family with(String name, Topology topology) {
    return new Family(name, preprocessing, classifier, auxiliary, classes, topology);
  }

  /** Returns the same family as another release has it: wired and fed in another way. */
  public Family with(Topology topology, Preprocessing preprocessing) {
    return new Family(name, preprocessing, classifier, auxiliary, classes, topology);
  }

  /** Returns the shape of the input the network was made for: {@code [1, 3, 224, 224]}. */
  public Shape input() {
    return Shape.of(1, preprocessing.channels(), preprocessing.height(), preprocessing.width());
  }

  /**
   * Builds the network.
   *
   * @param input {@code [1, C, H, W]}
   * @param classes number of logits
   * @param parameters asked once for each parameter; must return the shape it is asked for
   * @throws IllegalArgumentException if the input has another rank, batch or number of channels, or
   *     is too small for the network
   */
  public Graph graph(Shape input, int classes, ParameterSource parameters) {
    Shape expected = input();
    if (input.rank() != 4 || input.extent(0) != 1 || input.extent(1) != expected.extent(1)) {
      throw new IllegalArgumentException(
          name + ": input is " + input + " but [1, " + expected.extent(1) + ", H, W] is expected");
    }
    Graph.Builder graph = Graph.builder(name);
    Node x = graph.input("input", input);
    return graph.build(topology.build(new Modules(graph, parameters), x, classes));
  }

  /**
   * Returns the names and shapes of all parameters, running statistics included, in the order in
   * which the network uses them.
   *
   * @param classes number of logits
   */
  public Map<String, Shape> parameters(int classes) {
    var declared = new LinkedHashMap<String, Shape>();
    Graph unused =
        graph(
            input(),
            classes,
            (name, shape) -> {
              if (declared.put(name, shape) != null) {
                throw new IllegalStateException(this.name + " asks twice for " + name);
              }
              return unlearned(shape);
            });
    assert unused.classes() == classes;
    return declared;
  }

  /** Of all parameters only vectors, which are small, are read to make a layer. */
  private static Parameter unlearned(Shape shape) {
    return shape.rank() == 1
        ? Parameter.of(shape, new float[shape.size()])
        : Parameter.declared(shape);
  }

  /** Returns the network for its published classes, wired but without weights. */
  public Graph outline() {
    return graph(input(), classes.size(), (name, shape) -> unlearned(shape));
  }

  /** Returns the output at which explanations of the network begin: {@code layer4}. */
  public String startLayer() {
    return outline().startLayer().orElseThrow().outputName();
  }

  /** Returns whether a tensor of a file belongs to a module that only training needs. */
  public boolean isAuxiliary(String tensor) {
    return auxiliary.stream().anyMatch(module -> tensor.startsWith(module + "."));
  }

  /**
   * Returns how many numbers were learned for the published classes; running statistics of batch
   * normalisations do not count.
   */
  public long parameterCount() {
    return parameters(classes.size()).entrySet().stream()
        .filter(parameter -> !parameter.getKey().contains(".running_"))
        .mapToLong(parameter -> parameter.getValue().size())
        .sum();
  }

  @Override
  public String toString() {
    return name;
  }
}
