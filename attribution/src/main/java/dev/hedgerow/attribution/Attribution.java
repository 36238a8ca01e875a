package dev.hedgerow.attribution;

import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * An explanation of one decision on one image.
 *
 * @param method the method's name
 * @param target the explained class
 * @param relevance signed relevance, {@code [1, C, h, w]}: at the network's input, or at the layer
 *     a method such as Grad-CAM stops at
 * @param heatmap {@code [H, W]} of the input image, or of the padded image where the network pads
 *     it before its first convolution: the channel sum of the relevance, enlarged where the method
 *     stops before the input; not rectified, not rescaled
 * @param sum Σ of the heatmap
 * @param layers the account of every layer passed, from the start down; empty for methods that
 *     carry no relevance
 * @param warnings what a reader of the map must know; usually empty
 */
public record Attribution(
    String method,
    int target,
    Tensor relevance,
    Tensor heatmap,
    double sum,
    List<LayerReport> layers,
    List<String> warnings) {
  public Attribution {
    layers = List.copyOf(layers);
    warnings = List.copyOf(warnings);
  }
}
