package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import java.util.Random;
import java.util.Set;

/**
 * RISE: the image under random masks M_k; a pixel's relevance is the mean probability of the class
 * while the pixel shows,
 *
 * <pre>S = 1 / (p N) · Σ_k softmax(y(x ⊙ M_k))_t · M_k        (the paper's Eq. 6)</pre>
 *
 * A mask is a grid of 7×7 cells that are 1 with probability p = 1/2, enlarged bilinearly to eight
 * cells' size and cut out at a random place (section 3.2). N is 4000, the paper's for VGG-16, or
 * {@link Options#samples}. Asks for probabilities alone, each logit's sigmoid where {@link
 * Graph#isMultiLabel} says so; a start relevance of the user's counts them instead of the logits.
 */
final class Rise implements Attributor {
  private static final int MASKS = 4000;
  private static final int CELLS = 7;
  private static final double SHOWN = 0.5;

  @Override
  public String name() {
    return "rise";
  }

  @Override
  public boolean usesSamples() {
    return true;
  }

  @Override
  public String title() {
    return "RISE: mean of random masks, weighted by the probability of the masked image";
  }

  @Override
  public String reference() {
    return "V. Petsiuk, A. Das, K. Saenko: RISE: Randomized Input Sampling for Explanation of"
        + " Black-box Models";
  }

  @Override
  public String cost() {
    return "1 + n forward passes, n = 4000 or the number of samples";
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER, Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Score score = Score.of(recording, target, options);
    Tensor x = recording.output(graph.input());
    int height = x.shape().extent(2);
    int width = x.shape().extent(3);
    int n = options.samples(MASKS);
    var versions =
        new Versions(
            engine,
            graph,
            n,
            k -> Mask.over(x, mask(options.seed(), k, height, width)),
            options.progress());
    double[] scores = versions.scores(logits -> score.of(Probability.of(graph, logits)));
    double[] sum = new double[height * width];
    for (int k = 0; k < n; k++) {
      float[] mask = mask(options.seed(), k, height, width);
      for (int i = 0; i < sum.length; i++) sum[i] += scores[k] * mask[i];
    }
    float[] map = new float[sum.length];
    for (int i = 0; i < map.length; i++) map[i] = (float) (sum[i] / (SHOWN * n));
    Tensor relevance = Tensor.of(Shape.of(1, 1, height, width), map);
    return Attribution.of(engine, this, target, relevance, Channels.SUM, recording);
  }

  /** Returns mask {@code number}, {@code [height, width]} row-major, in 0..1. */
  static float[] mask(long seed, int number, int height, int width) {
    Random random = Versions.random(seed, number);
    float[] grid = new float[CELLS * CELLS];
    for (int i = 0; i < grid.length; i++) grid[i] = random.nextDouble() < SHOWN ? 1 : 0;
    int cellHeight = Math.ceilDiv(height, CELLS);
    int cellWidth = Math.ceilDiv(width, CELLS);
    int rows = (CELLS + 1) * cellHeight;
    int columns = (CELLS + 1) * cellWidth;
    Tensor cells = Tensor.of(Shape.of(CELLS, CELLS), grid);
    float[] whole = Resize.bilinear(cells, rows, columns).toArray();
    int top = random.nextInt(cellHeight);
    int left = random.nextInt(cellWidth);
    float[] mask = new float[height * width];
    for (int y = 0; y < height; y++) {
      System.arraycopy(whole, (top + y) * columns + left, mask, y * width, width);
    }
    return mask;
  }
}
