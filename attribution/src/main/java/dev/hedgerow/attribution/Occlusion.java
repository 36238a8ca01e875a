package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import java.util.Arrays;
import java.util.Set;

/**
 * Occlusion: a square of 0, the mean colour of most preprocessings, slides over the image; a
 * pixel's relevance is the mean of {@code F(x) − F(x occluded)} over the squares that cover it (the
 * paper's section 4.2). The square is a seventh of the longer side and moves by half of itself,
 * both rounded up; the last one of a row or column may reach beyond the image. Asks for logits
 * alone.
 */
final class Occlusion implements Attributor {
  /** Squares along the longer side. */
  private static final int SQUARES = 7;

  private final int window;
  private final int stride;
  private final float value;

  /** The method with a window that suits the image. */
  Occlusion() {
    this(0, 0, 0);
  }

  /**
   * The method with a window of its own.
   *
   * @param window side of the square; 0 for one that suits the image, with its stride
   * @param stride how far it moves
   * @param value what pixels in it become
   * @throws IllegalArgumentException if squares would leave pixels between them uncovered
   */
  Occlusion(int window, int stride, float value) {
    if (stride > window) {
      throw new IllegalArgumentException("stride %d of a window of %d".formatted(stride, window));
    }
    this.window = window;
    this.stride = stride;
    this.value = value;
  }

  @Override
  public String name() {
    return "occlusion";
  }

  @Override
  public String title() {
    return "Occlusion: mean drop of the score under a sliding square";
  }

  @Override
  public String reference() {
    return "M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks";
  }

  @Override
  public String cost() {
    return "1 + n forward passes, n the places of the square, at most 169";
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER, Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Tensor x = recording.output(graph.input());
    int height = x.shape().extent(2);
    int width = x.shape().extent(3);
    int side = window > 0 ? window : Math.ceilDiv(Math.max(height, width), SQUARES);
    int step = window > 0 ? stride : Math.ceilDiv(side, 2);
    int columns = places(width, side, step);
    int count = places(height, side, step) * columns;
    var versions =
        new Versions(
            engine,
            graph,
            count,
            k -> occluded(x, k / columns * step, k % columns * step, side),
            options.progress());
    Score score = Score.of(recording, target, options);
    double whole = score.of(recording.logits());
    double[] scores = versions.scores(score::of);
    double[] drops = new double[height * width];
    int[] covers = new int[height * width];
    for (int k = 0; k < count; k++) {
      int top = k / columns * step;
      int left = k % columns * step;
      for (int y = top; y < Math.min(top + side, height); y++) {
        for (int at = left; at < Math.min(left + side, width); at++) {
          drops[y * width + at] += whole - scores[k];
          covers[y * width + at]++;
        }
      }
    }
    float[] map = new float[drops.length];
    for (int i = 0; i < map.length; i++) map[i] = (float) (drops[i] / covers[i]);
    Tensor relevance = Tensor.of(Shape.of(1, 1, height, width), map);
    return Attribution.of(engine, this, target, relevance, Channels.SUM, recording);
  }

  /** How many steps until a window covers the end. */
  private static int places(int extent, int side, int step) {
    return Math.ceilDiv(Math.max(0, extent - side), step) + 1;
  }

  private Tensor occluded(Tensor x, int top, int left, int side) {
    int height = x.shape().extent(2);
    int width = x.shape().extent(3);
    float[] pixels = x.toArray();
    for (int channel = 0; channel < x.shape().extent(1); channel++) {
      for (int y = top; y < Math.min(top + side, height); y++) {
        int row = (channel * height + y) * width;
        Arrays.fill(pixels, row + left, row + Math.min(left + side, width), value);
      }
    }
    return Tensor.of(x.shape(), pixels);
  }
}
