package dev.hedgerow.nn;

/**
 * How a model family is wired. An implementation holds the sizes of the network as data, so one
 * function serves every member of the family, and a network of other widths besides.
 */
@FunctionalInterface
public interface Topology {
  /**
   * Adds the network to a graph.
   *
   * @param net adds the modules and finds their parameters
   * @param x the input, {@code [1, C, H, W]}
   * @param classes number of logits
   * @return the logits, {@code [1, classes]}
   */
  Node build(Modules net, Node x, int classes);
}
