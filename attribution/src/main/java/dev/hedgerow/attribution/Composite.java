package dev.hedgerow.attribution;

import dev.hedgerow.nn.Node;

/** Which rule each node of a network has: what makes one method of many rules. */
@FunctionalInterface
public interface Composite {
  /**
   * Returns the rule of a node.
   *
   * @throws IllegalArgumentException if there is none; the message names the node
   */
  Rule rule(Node node);
}
