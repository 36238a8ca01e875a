package dev.hedgerow.attribution;

/**
 * The account of one layer of a relevance walk.
 *
 * @param layer the node's name
 * @param kind the kind of layer
 * @param sum ΣR at the layer's inputs, all of them together
 * @param leak relevance the layer's rule could not place (positions without support); signed. After
 *     a convolution larger than 1×1, {@code sum + leak = (γ−2)τ}; after a 1×1, 0; after any other
 *     layer, ΣR at its output.
 * @param magnitude Σ|R| at the layer's inputs, the scale that errors of sum and leak are relative
 *     to
 */
public record LayerReport(String layer, String kind, double sum, double leak, double magnitude) {}
