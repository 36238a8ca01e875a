package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An explanation of one decision on one image.
 *
 * @param method the method's name
 * @param target the explained class
 * @param relevance signed relevance, {@code [1, C, h, w]}: at the network's input, or at the layer
 *     a method such as Grad-CAM stops at
 * @param heatmap {@code [H, W]} of the input image, or of the padded image where the network pads
 *     it before its first convolution: the channel sum of the relevance, or what else the method
 *     makes of the channels, enlarged where the method stops before the input; not rescaled
 * @param sum Σ of the heatmap
 * @param layers the account of every layer passed, from the start down; empty for methods that
 *     carry no relevance
 * @param warnings what a reader of the map must know; usually empty, but never for a map that is 0
 *     everywhere
 * @param notes numbers the method reports about itself, by name, such as how far it is from
 *     complete; usually empty
 */
public record Attribution(
    String method,
    int target,
    Tensor relevance,
    Tensor heatmap,
    double sum,
    List<LayerReport> layers,
    List<String> warnings,
    Map<String, Double> notes) {
  private static final String EMPTY = "the map is empty: 0 everywhere";

  /**
   * Checks an explanation.
   *
   * @throws ArithmeticException if the heatmap's sum is not finite
   */
  public Attribution {
    if (!Double.isFinite(sum)) throw new ArithmeticException(method + ": the map is not finite");
    layers = List.copyOf(layers);
    warnings = warnings.isEmpty() && heatmap.isZero() ? List.of(EMPTY) : List.copyOf(warnings);
    notes = Collections.unmodifiableMap(new LinkedHashMap<>(notes));
  }

  /** Returns this explanation with one more note. */
  public Attribution withNote(String name, double value) {
    var more = new LinkedHashMap<>(notes);
    more.put(name, value);
    return new Attribution(method, target, relevance, heatmap, sum, layers, warnings, more);
  }

  /** Returns this explanation with one more warning. */
  public Attribution withWarning(String warning) {
    var more = new ArrayList<>(warnings);
    more.add(warning);
    return new Attribution(method, target, relevance, heatmap, sum, layers, more, notes);
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
    Tensor heatmap = Heatmap.channelSum(engine, relevance);
    return of(engine, method, target, relevance, heatmap, layers, warnings);
  }

  /**
   * Returns the explanation that relevance at a layer is, with the map made of it enlarged
   * bilinearly to the input's size; of a method that keeps no account.
   *
   * @param relevance {@code [1, C, h, w]}, or {@code [1, C]}
   * @param channels what the map is
   * @throws IllegalArgumentException if the relevance has another rank
   */
  static Attribution of(
      Engine engine,
      Attributor method,
      int target,
      Tensor relevance,
      Channels channels,
      Recording recording) {
    Tensor spatial = Channels.spatial(relevance);
    Tensor heatmap = enlarged(channels.map(engine, spatial), recording);
    return of(engine, method, target, spatial, heatmap);
  }

  /** Returns the explanation that relevance and a map are, of a method that keeps no account. */
  static Attribution of(
      Engine engine, Attributor method, int target, Tensor relevance, Tensor heatmap) {
    return of(engine, method, target, relevance, heatmap, List.of(), List.of());
  }

  /** Returns a map {@code [h, w]} at the input's size. */
  static Tensor enlarged(Tensor map, Recording recording) {
    Shape input = recording.graph().input().shape();
    if (map.shape().equals(Shape.of(input.extent(2), input.extent(3)))) return map;
    return Resize.bilinear(map, input.extent(2), input.extent(3));
  }

  /**
   * Returns the explanation that relevance at a layer is; its heatmap is the channel sum, enlarged
   * bilinearly to the input's size.
   *
   * @param relevance {@code [1, C, h, w]}
   */
  public static Attribution atLayer(
      Engine engine,
      Attributor method,
      int target,
      Tensor relevance,
      Recording recording,
      List<LayerReport> layers,
      List<String> warnings) {
    Tensor heatmap = enlarged(Heatmap.channelSum(engine, relevance), recording);
    return of(engine, method, target, relevance, heatmap, layers, warnings);
  }

  private static Attribution of(
      Engine engine,
      Attributor method,
      int target,
      Tensor relevance,
      Tensor heatmap,
      List<LayerReport> layers,
      List<String> warnings) {
    return new Attribution(
        method.name(),
        target,
        relevance,
        heatmap,
        Reductions.sum(engine, heatmap),
        layers,
        warnings,
        Map.of());
  }
}
