package dev.hedgerow.app;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.ClassNames;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Preprocessing;
import java.nio.file.Path;

/**
 * A network with all that is needed to run it on a picture and to name what it sees.
 *
 * @param name what the user called it: a family or a file
 * @param weights the file of its weights; of a self-contained file, that file
 * @param dialect whose release of the network the weights are, {@code torchvision}; of a
 *     self-contained file, its format
 * @param preprocess what its preprocessing is called: {@code imagenet}, or a file
 * @param preprocessAssumed whether nobody said that it is this one
 * @param preprocessing at the size of the graph's input
 * @param classes one name a logit
 */
record Model(
    String name,
    Path weights,
    String dialect,
    Graph graph,
    String preprocess,
    boolean preprocessAssumed,
    Preprocessing preprocessing,
    ClassNames classes) {

  /** Returns the shape of the input: {@code [1, 3, H, W]}. */
  Shape input() {
    return graph.input().shape();
  }

  /** Returns the size of the input. */
  Size size() {
    return new Size(input().extent(2), input().extent(3));
  }
}
