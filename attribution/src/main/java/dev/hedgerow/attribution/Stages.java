package dev.hedgerow.attribution;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.MaxPool2d;
import java.util.ArrayList;
import java.util.List;

/** Stages of a network: runs of layers of one resolution, which a pool or a stride begins. */
final class Stages {
  private Stages() {}

  /**
   * Returns where the stages up to {@code start} begin, the last first: the output of the pool, or
   * what the block with the strided convolution reads. Of {@code pool4} to {@code relu5_3} of a VGG
   * that is {@code pool4}, of {@code layer4} of a ResNet the output of {@code layer3}.
   */
  static List<Node> begins(Node start) {
    var begins = new ArrayList<Node>();
    // Only nodes that every path from the input passes: not those inside a block.
    Node node = start;
    while (!node.inputs().isEmpty()) {
      Node before = Branches.fork(node);
      if (pixels(before) > pixels(node) && pixels(node) > 0) {
        begins.add(isPool(node) ? node : before);
      }
      node = before;
    }
    return begins;
  }

  /** Pixels of an image; 0 for what is none. */
  private static int pixels(Node node) {
    Shape shape = node.shape();
    return shape.rank() == 4 ? shape.extent(2) * shape.extent(3) : 0;
  }

  private static boolean isPool(Node node) {
    return node.layer() instanceof MaxPool2d
        || node.layer() instanceof AveragePool2d
        || node.layer() instanceof AdaptiveAveragePool2d;
  }
}
