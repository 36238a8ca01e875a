package dev.hedgerow.attribution;

/**
 * The account of one layer of a relevance walk.
 *
 * @param layer the node's name
 * @param kind the name of the layer's class: {@code Conv2d}
 * @param sum ΣR at the layer's inputs, all of them together
 * @param leak relevance the layer's rule could not place (positions without support); signed.
 *     {@code sum + leak} is ΣR at the layer's output, but in Gradient Hedge γ − 2 after a
 *     convolution larger than 1×1 and 0 after a 1×1.
 * @param magnitude Σ|R| at the layer's inputs, the scale that errors of sum and leak are relative
 *     to
 */
public record LayerReport(String layer, String kind, double sum, double leak, double magnitude) {}
