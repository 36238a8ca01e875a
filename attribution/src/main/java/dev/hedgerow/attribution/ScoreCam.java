package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Score-CAM at the last spatial layer A, without gradients: each channel is enlarged bilinearly to
 * the input's size, scaled to 0..1 and laid over the image as a mask M_c,
 *
 * <pre>
 * w = softmax_c(y_t(x ⊙ M_c))                 (the paper's Eq. 8)
 * M_c = (A_c − min A_c) / (max A_c − min A_c)  (Eq. 9-10)
 * </pre>
 *
 * and the map is {@code max(0, Σ_c w_c A_c)} (Eq. 11), enlarged bilinearly, as pytorch-grad-cam
 * computes it, with 1e-8 added to the range of a channel.
 *
 * <p>The variant {@code score-cam:relevance-cam}, of the Relevance-CAM repository, has as weight
 * the probability {@code softmax(y(x ⊙ M_c))_t} of the class, or its sigmoid's ({@link
 * Graph#isMultiLabel}), leaves out channels of one value, and sums the enlarged channels.
 */
final class ScoreCam implements Attributor {
  private static final double EPSILON = 1e-8;

  private final boolean probabilities;

  ScoreCam() {
    this(false);
  }

  private ScoreCam(boolean probabilities) {
    this.probabilities = probabilities;
  }

  @Override
  public String name() {
    return probabilities ? "score-cam:relevance-cam" : "score-cam";
  }

  @Override
  public String title() {
    return "Score-CAM: max(0, sum of softmax(score of masked image) x activation)";
  }

  @Override
  public String reference() {
    return "H. Wang, Z. Wang, M. Du, F. Yang, Z. Zhang, S. Ding, P. Mardziel, X. Hu: Score-CAM:"
        + " Score-Weighted Visual Explanations for Convolutional Neural Networks";
  }

  @Override
  public String cost() {
    return "1 + C forward passes, C the channels of the start layer";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(new ScoreCam(true));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Set<Node> keeps(Graph graph, Options options) {
    return Set.of(StartLayer.of(graph, options));
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Tensor x = recording.output(graph.input());
    Tensor activation = Cam.activation(this, recording, StartLayer.of(graph, options));
    List<Tensor> channels = channels(activation);
    if (probabilities) channels.removeIf(ScoreCam::isConstant);
    var versions =
        new Versions(
            engine,
            graph,
            channels.size(),
            c -> Mask.over(x, mask(channels.get(c), x.shape())),
            options.progress());
    Score score = Score.of(recording, target, options);
    double[] weights =
        probabilities
            ? versions.scores(logits -> score.of(Probability.of(graph, logits)))
            : Probability.softmax(versions.scores(score::of));
    if (!probabilities) {
      Tensor map = sum(channels, weights, activation.shape());
      return Cam.explain(engine, this, target, map, recording);
    }
    channels.replaceAll(channel -> enlarged(channel, x.shape()));
    return Cam.explain(engine, this, target, sum(channels, weights, x.shape()), recording);
  }

  private static boolean isConstant(Tensor channel) {
    float[] values = channel.toArray();
    for (float value : values) if (value != values[0]) return false;
    return true;
  }

  /** Returns the channels of one image, {@code [h, w]} each. */
  private static List<Tensor> channels(Tensor activation) {
    Shape shape = activation.shape();
    int area = shape.extent(2) * shape.extent(3);
    float[] values = activation.toArray();
    List<Tensor> channels = new ArrayList<>();
    for (int at = 0; at < values.length; at += area) {
      channels.add(
          Tensor.of(
              Shape.of(shape.extent(2), shape.extent(3)),
              Arrays.copyOfRange(values, at, at + area)));
    }
    return channels;
  }

  private static Tensor enlarged(Tensor channel, Shape input) {
    return Resize.bilinearAligned(channel, input.extent(2), input.extent(3));
  }

  /** Returns M, row-major. */
  private static float[] mask(Tensor channel, Shape input) {
    float[] mask = enlarged(channel, input).toArray();
    double lowest = Double.POSITIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    for (float value : mask) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (float) ((mask[i] - lowest) / (highest - lowest + EPSILON));
    }
    return mask;
  }

  /** Returns {@code Σ_c w_c A_c}, of the last two extents of {@code shape}. */
  private static Tensor sum(List<Tensor> channels, double[] weights, Shape shape) {
    double[] sum = new double[shape.extent(2) * shape.extent(3)];
    for (int c = 0; c < weights.length; c++) {
      float[] values = channels.get(c).toArray();
      for (int i = 0; i < sum.length; i++) sum[i] += weights[c] * values[i];
    }
    float[] map = new float[sum.length];
    for (int i = 0; i < map.length; i++) map[i] = (float) sum[i];
    return Tensor.of(Shape.of(shape.extent(2), shape.extent(3)), map);
  }
}
