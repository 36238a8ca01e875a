package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Guided Grad-CAM: the map of {@link GradCam}, enlarged to the input, times the guided gradient of
 * {@link GuidedBackprop}, element by element (Grad-CAM's section 3.2). The map is {@code max_c
 * |R_c|}, the product of the two methods' maps. Taken at the input alone, whatever the saliency
 * layer.
 *
 * <p>The variant {@code guided-grad-cam:captum} repeats the pixels of Grad-CAM's map instead of
 * interpolating, and its map is {@code Σ_c R_c} with that variant of guided backpropagation.
 */
final class GuidedGradCam implements Attributor {
  private final boolean captum;

  GuidedGradCam() {
    this(false);
  }

  private GuidedGradCam(boolean captum) {
    this.captum = captum;
  }

  @Override
  public String name() {
    return captum ? "guided-grad-cam:captum" : "guided-grad-cam";
  }

  @Override
  public String title() {
    return "Guided Grad-CAM: Grad-CAM x guided backpropagation";
  }

  @Override
  public String reference() {
    return new GradCam().reference();
  }

  @Override
  public String cost() {
    return "1 forward and 2 backward passes";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(new GuidedGradCam(true));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    Set<Node> keeps = new LinkedHashSet<>(guided().keeps(graph, options));
    keeps.add(StartLayer.of(graph, options));
    return keeps;
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Attribution cam = new GradCam().explain(engine, recording, target, options);
    Tensor guided = guided().gradient(engine, recording, target, options.withSaliencyLayer(null));
    Shape input = guided.shape();
    float[] mask = (captum ? repeated(cam.relevance(), input) : cam.heatmap()).toArray();
    Tensor product = Mask.over(guided, mask);
    return Attribution.of(
        engine, this, target, product, captum ? Channels.SUM : Channels.LARGEST, recording);
  }

  private GuidedBackprop guided() {
    return captum ? GuidedBackprop.captum() : new GuidedBackprop();
  }

  /** Returns a map {@code [1, 1, h, w]} at the size of an image, every pixel from the nearest. */
  private static Tensor repeated(Tensor map, Shape input) {
    int height = input.extent(2);
    int width = input.extent(3);
    float[] values = new float[height * width];
    for (int i = 0; i < values.length; i++) {
      int row = (int) ((long) (i / width) * map.shape().extent(2) / height);
      int column = (int) ((long) (i % width) * map.shape().extent(3) / width);
      values[i] = map.get(0, 0, row, column);
    }
    return Tensor.of(Shape.of(height, width), values);
  }
}
