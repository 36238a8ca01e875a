package dev.hedgerow.engine;

/**
 * A linear map with weights, in both directions. {@code reverse} is the adjoint of {@code forward}
 * under the same view:
 *
 * <pre>⟨forward(view, x), s⟩ = ⟨x, reverse(view, s)⟩</pre>
 *
 * <p>so the gradient of a layer is {@code reverse(PLAIN, ∂y)}, and the rule every attribution
 * method is made of, {@code J(a, v, R) = a ⊙ reverse(v, R ⊘ forward(v, a))}, needs nothing else.
 * Neither direction adds a bias.
 */
public interface LinearOperator {
  /**
   * Returns the shape of the result of {@code forward} for an input of shape {@code input}.
   *
   * @throws IllegalArgumentException if the operator does not take such an input
   */
  Shape outputShape(Shape input);

  /**
   * Returns {@code v x} for the weights {@code v} that {@code view} shows.
   *
   * @param x the input, first axis the batch; not modified
   * @throws IllegalArgumentException if the operator does not take an input of that shape
   */
  Tensor forward(Engine engine, WeightView view, Tensor x);

  /**
   * Returns {@code vᵀ s} for the weights {@code v} that {@code view} shows.
   *
   * @param s one value for each element of the output; not modified
   * @param input the shape of the forward input, and so of the result; its batch is that of s
   * @throws IllegalArgumentException if s has not the shape of the output for {@code input}
   */
  Tensor reverse(Engine engine, WeightView view, Tensor s, Shape input);
}
