package dev.hedgerow.test;

import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The smooth piece of a network that an image is in: the sign of every value, the side of every
 * other kink, the place of every maximum. Within one piece logits, gradients and maps change
 * smoothly with the activations; between two they jump, however small the difference is.
 */
record Piece(List<List<Integer>> sides) {

  /**
   * Returns the piece, in terms of some nodes.
   *
   * @param values the output of a node, row-major
   */
  static Piece of(List<Node> nodes, Function<Node, double[]> values) {
    return new Piece(nodes.stream().map(node -> sides(node, values)).toList());
  }

  /** Returns whether the layer's own derivative jumps. */
  static boolean hasKinks(Node node) {
    return switch (node.layer()) {
      case Relu relu -> true;
      case LeakyRelu leaky -> true;
      case Clip clip -> true;
      case HardSwish swish -> true;
      case MaxPool2d max -> true;
      default -> false;
    };
  }

  private static List<Integer> sides(Node node, Function<Node, double[]> values) {
    return switch (node.layer()) {
      case MaxPool2d max ->
          Arrays.stream(
                  NaiveNetwork.firstMaxima(
                      max, node.input().shape(), node.shape(), values.apply(node.input())))
              .boxed()
              .toList();
      case Clip clip -> sides(values.apply(node.input()), clip.low(), clip.high());
      case HardSwish swish -> sides(values.apply(node.input()), -3, 3);
      case Relu relu -> sides(values.apply(node.input()), 0, 0);
      case LeakyRelu leaky -> sides(values.apply(node.input()), 0, 0);
      default -> sides(values.apply(node), 0, 0);
    };
  }

  private static List<Integer> sides(double[] x, double low, double high) {
    return Arrays.stream(x)
        .mapToObj(value -> (int) (Math.signum(value - low) + Math.signum(value - high)))
        .toList();
  }
}
