package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Recording;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;

/**
 * A control: independent standard normal values, which know nothing of the network. They follow
 * from {@link Options#seed}, the image and the class, so that no place is favoured over many
 * images.
 */
final class RandomMap implements Attributor {
  @Override
  public String name() {
    return "random";
  }

  @Override
  public String title() {
    return "Random: standard normal noise, as a control";
  }

  @Override
  public String reference() {
    return "A control without a paper";
  }

  @Override
  public String cost() {
    return "1 forward pass, for the logits alone";
  }

  @Override
  public Set<Options.Choice> ignores(Options options) {
    return Set.of(Options.Choice.START, Options.Choice.START_LAYER, Options.Choice.SALIENCY_LAYER);
  }

  @Override
  public Attribution explain(Engine engine, Recording recording, int target, Options options) {
    Score.of(recording, target, options); // Refuses what every method refuses.
    Tensor x = recording.output(recording.graph().input());
    long seed = options.seed() ^ (long) Arrays.hashCode(x.toArray()) << Integer.SIZE;
    Random random = Versions.random(seed, target);
    Shape shape = Shape.of(1, 1, x.shape().extent(2), x.shape().extent(3));
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    return Attribution.of(engine, this, target, Tensor.of(shape, values), Channels.SUM, recording);
  }
}
