package dev.hedgerow.attribution;

import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.LinearOperator;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.WeightedLayer;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link LinearRule} reads of a layer: {@code z = W x + b}.
 *
 * @param operator W
 * @param bias b, {@code [1, O, 1, 1]} for images and {@code [1, O]} for vectors; null for none
 */
public record LinearMap(LinearOperator operator, @Nullable Tensor bias) {

  /**
   * Returns the map of a convolution, a fully connected layer, or an average pool.
   *
   * @throws IllegalArgumentException if the node is another; the message names it
   */
  public static LinearMap of(Node node) {
    return switch (node.layer()) {
      case WeightedLayer weighted ->
          new LinearMap(weighted.operator(), spread(weighted.bias(), node.shape().rank()));
      case AveragePool2d average -> new LinearMap(average.pool(), null);
      case AdaptiveAveragePool2d average -> new LinearMap(average.pool(), null);
      default ->
          throw new IllegalArgumentException(
              "layer \"%s\" (%s) is not linear: it cannot have a linear rule"
                  .formatted(node.name(), node.layer().getClass().getSimpleName()));
    };
  }

  private static @Nullable Tensor spread(@Nullable Parameter bias, int rank) {
    return bias == null ? null : channels(bias.toArray(), rank);
  }

  private static Tensor channels(float[] values, int rank) {
    int[] extents = new int[rank];
    Arrays.fill(extents, 1);
    extents[1] = values.length;
    return Tensor.of(Shape.of(extents), values);
  }

  /**
   * Returns this map followed by a batch normalization, {@code (a ⊙ W) x + (a ⊙ b + c)}, exactly as
   * if both were one layer.
   *
   * @param rank number of axes of the output, 4 for images
   */
  LinearMap followedBy(BatchNormalization normalization, int rank) {
    Tensor factor = channels(normalization.factor(), rank);
    float[] merged = normalization.offset();
    if (bias != null) {
      float[] values = bias.toArray();
      float[] factors = normalization.factor();
      for (int o = 0; o < merged.length; o++) merged[o] += factors[o] * values[o];
    }
    return new LinearMap(new ScaledOperator(operator, factor), channels(merged, rank));
  }

  /** Stores {@code z + b} in z, of the shape of the output; returns z. */
  public Tensor addBias(Engine engine, Tensor z) {
    return bias == null ? z : Elementwise.addInPlace(engine, z, bias);
  }

  /** Returns the map with another bias made of this one's; with none if this one has none. */
  LinearMap withBias(UnaryOperator<Tensor> change) {
    return bias == null ? this : new LinearMap(operator, change.apply(bias));
  }

  /** Returns the same map with b = 0, so that no relevance is absorbed. */
  public LinearMap withoutBias() {
    return new LinearMap(operator, null);
  }
}
