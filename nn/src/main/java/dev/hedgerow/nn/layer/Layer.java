package dev.hedgerow.nn.layer;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * What a node of a graph computes. Immutable. The set is closed: whoever walks a graph, forward or
 * backward, can switch over it and the compiler says when a case is missing.
 *
 * <p>The first axis of every input and output is the batch; samples do not mix.
 */
public sealed interface Layer
    permits Add,
        AdaptiveAveragePool2d,
        Affine,
        AveragePool2d,
        BatchNorm,
        Clip,
        Concat,
        Flatten,
        HardSwish,
        Identity,
        Input,
        LeakyRelu,
        Lrn,
        MaxPool2d,
        Multiply,
        Pad,
        Relu,
        Reshape,
        Sigmoid,
        Slice,
        Softmax,
        Subtract,
        Transpose,
        WeightedLayer {
  /**
   * Returns the shape of the output.
   *
   * @throws IllegalArgumentException if the layer does not take such inputs; the message starts
   *     with the layer's kind and states both shapes
   */
  Shape outputShape(List<Shape> inputs);

  /** Returns the output; inputs are not modified. */
  Tensor forward(Engine engine, List<Tensor> inputs);

  /**
   * Returns the product of a gradient with the layer's Jacobian, {@code ∂L/∂x_k} for every input k.
   *
   * @param inputs the inputs of the forward pass; only their shapes may be relied on where {@link
   *     #gradientReadsInputs} is false
   * @param output the output of the forward pass; only its shape may be relied on where {@link
   *     #gradientReadsOutput} is false
   * @param gradient {@code ∂L/∂y}, of the shape of the output; not modified
   */
  List<Tensor> gradient(Engine engine, List<Tensor> inputs, Tensor output, Tensor gradient);

  /** Returns whether {@link #gradient} reads the values of the inputs. */
  default boolean gradientReadsInputs() {
    return false;
  }

  /** Returns whether {@link #gradient} reads the values of the output. */
  default boolean gradientReadsOutput() {
    return false;
  }

  /** Returns whether {@link #forwardInPlace} may be called: the layer is element-wise. */
  default boolean worksInPlace() {
    return false;
  }

  /**
   * Computes {@link #forward} of one input in that input's own storage.
   *
   * @param input written to; must not be used afterwards
   * @return the output, which is {@code input}
   */
  default Tensor forwardInPlace(Engine engine, Tensor input) {
    throw new IllegalStateException(this + " does not work in place");
  }
}
