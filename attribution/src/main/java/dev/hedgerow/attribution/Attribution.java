package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;
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
 * @param warnings what a reader of the map must know; usually empty, but never for a map that is 0
 *     everywhere
 */
public record Attribution(
    String method,
    int target,
    Tensor relevance,
    Tensor heatmap,
    double sum,
    List<LayerReport> layers,
    List<String> warnings) {
  private static final String EMPTY = "the map is empty: 0 everywhere";

  public Attribution {
    layers = List.copyOf(layers);
    warnings = warnings.isEmpty() && isZero(heatmap) ? List.of(EMPTY) : List.copyOf(warnings);
  }

  private static boolean isZero(Tensor heatmap) {
    for (float value : heatmap.toArray()) if (value != 0) return false;
    return true;
  }

  /**
   * Returns the explanation that relevance at the network's input is; its heatmap is the channel
   * sum.
   *
   * @param relevance {@code [1, C, H, W]}
   */
  public static Attribution atInput(
      Engine engine,
      Attributor method,
      int target,
      Tensor relevance,
      List<LayerReport> layers,
      List<String> warnings) {
    Tensor heatmap = Heatmap.channelSum(relevance);
    return new Attribution(
        method.name(),
        target,
        relevance,
        heatmap,
        Reductions.sum(engine, heatmap),
        layers,
        warnings);
  }

  /**
   * Returns the explanation that a map at a layer is, enlarged bilinearly to the input's size.
   *
   * @param map {@code [h, w]}; also the relevance, as {@code [1, 1, h, w]}
   */
  public static Attribution atLayer(
      Engine engine,
      Attributor method,
      int target,
      Tensor map,
      Recording recording,
      List<LayerReport> layers,
      List<String> warnings) {
    Shape input = recording.graph().input().shape();
    Tensor heatmap = Resize.bilinear(map, input.extent(2), input.extent(3));
    Shape shape = map.shape();
    return new Attribution(
        method.name(),
        target,
        map.reshape(Shape.of(1, 1, shape.extent(0), shape.extent(1))),
        heatmap,
        Reductions.sum(engine, heatmap),
        layers,
        warnings);
  }
}
