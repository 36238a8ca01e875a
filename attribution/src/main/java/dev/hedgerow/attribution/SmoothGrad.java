package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Reductions;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * The mean gradient of noisy versions of the image, {@code 1/n Σ_k ∂y_t/∂x(x + N(0, σ²))} (the
 * paper's section 3), at the input or at the saliency layer's output. n is 50, or {@link
 * Options#samples}; σ is 0.15 (max x − min x), in the middle of what the paper recommends.
 *
 * <p>The variant {@code smoothgrad:agf} is the baseline of the AGF repository: the noise has the
 * standard deviation {@code (4 / (max x − min x))²}, and the map is {@code Σ_c |R_c|}.
 */
final class SmoothGrad implements Attributor {
  private static final int SAMPLES = 50;

  /** The standard deviation of the noise, given max x − min x. */
  private enum Noise {
    RELATIVE {
      @Override
      double deviation(double range) {
        return 0.15 * range;
      }
    },
    AGF {
      @Override
      double deviation(double range) {
        return range == 0 ? 0 : 16 / (range * range);
      }
    };

    abstract double deviation(double range);
  }

  private final String name;
  private final Noise noise;
  private final Channels channels;

  SmoothGrad() {
    this("smoothgrad", Noise.RELATIVE, Channels.SUM);
  }

  private SmoothGrad(String name, Noise noise, Channels channels) {
    this.name = name;
    this.noise = noise;
    this.channels = channels;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean usesSamples() {
    return true;
  }

  @Override
  public String title() {
    return "SmoothGrad: mean of dy/dx at x + noise";
  }

  @Override
  public String reference() {
    return "D. Smilkov, N. Thorat, B. Kim, F. Viegas, M. Wattenberg: SmoothGrad: removing noise by"
        + " adding noise";
  }

  @Override
  public String cost() {
    return "1 + n forward and n backward passes, n = 50 or the number of samples";
  }

  @Override
  public List<Attributor> variants() {
    return List.of(new SmoothGrad("smoothgrad:agf", Noise.AGF, Channels.MAGNITUDE));
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Graph graph = recording.graph();
    Tensor x = recording.output(graph.input());
    Node at = SaliencyLayer.of(graph, options);
    int n = options.samples(SAMPLES);
    double range = (double) Reductions.maximum(engine, x) - Reductions.minimum(engine, x);
    double deviation = noise.deviation(range);
    float[] pixels = x.toArray();
    var versions =
        new Versions(
            engine,
            graph,
            n,
            k -> {
              Random random = Versions.random(options.seed(), k);
              float[] noisy = pixels.clone();
              for (int i = 0; i < noisy.length; i++)
                noisy[i] += (float) (deviation * random.nextGaussian());
              return Tensor.of(x.shape(), noisy);
            },
            options.progress());
    Score score = Score.of(recording, target, options);
    Tensor mean = versions.gradients(score, at, k -> 1.0 / n);
    return Attribution.of(engine, this, target, mean, channels, recording);
  }
}
