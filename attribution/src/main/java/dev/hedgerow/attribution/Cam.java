package dev.hedgerow.attribution;

import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;

/** What class activation maps share: {@code Σ_c w_c A_c} of the activations A of a layer. */
final class Cam {
  private Cam() {}

  /**
   * Returns the output of a layer, {@code [1, C, h, w]}.
   *
   * @throws IllegalArgumentException if it has another rank; the message names the method
   */
  static Tensor activation(Attributor method, Recording recording, Node layer) {
    Tensor activation = recording.output(layer);
    if (activation.shape().rank() != 4) {
      throw new IllegalArgumentException(
          "%s: layer \"%s\" is not spatial but %s"
              .formatted(method.name(), layer.name(), layer.shape()));
    }
    return activation;
  }

  /**
   * Returns {@code w_c A_c}, {@code [1, C, h, w]}.
   *
   * @param weights as many as A has channels, {@code [1, C]}
   */
  static Tensor weighted(Engine engine, Tensor activation, Tensor weights) {
    int channels = activation.shape().extent(1);
    return Elementwise.multiply(engine, activation, weights.reshape(Shape.of(1, channels, 1, 1)));
  }

  /** Returns the explanation that the positive part of a map at a layer is. */
  static Attribution explain(
      Engine engine, Attributor method, int target, Tensor map, Recording recording) {
    Shape shape = map.shape();
    Tensor relevance =
        Elementwise.positive(engine, map).reshape(Shape.of(1, 1, shape.extent(0), shape.extent(1)));
    return Attribution.of(engine, method, target, relevance, Channels.SUM, recording);
  }
}
