package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;

/**
 * The score a gradient is taken of: {@code F(x) = ⟨s, y(x)⟩}, y being the logits. With the start
 * relevance left to the method, F is the logit of the target. s is that of the explained image, and
 * the same for every version of it.
 *
 * @param seed s, {@code [1, classes]}
 */
record Score(Tensor seed) {
  /**
   * Returns the score that explains a class.
   *
   * @throws IllegalArgumentException as {@link StartRelevance#at}
   */
  static Score of(Recording recording, int target, Options options) {
    StartRelevance start = options.start() == null ? StartRelevance.ONE_HOT : options.start();
    return new Score(start.at(recording, target));
  }

  /** Returns {@code ⟨s, y⟩}, given one number a class. */
  double of(double[] y) {
    float[] s = seed.toArray();
    double score = 0;
    for (int k = 0; k < s.length; k++) score += s[k] * y[k];
    return score;
  }

  /** Returns F, given the logits of one image. */
  double of(Tensor logits) {
    float[] y = logits.toArray();
    return of(Versions.doubles(y, 0, y.length));
  }

  /**
   * Returns {@code ∂F/∂v} of every image for the output v of a node.
   *
   * @param recording of one or more images
   */
  Tensor gradient(Engine engine, Recording recording, Node at) {
    return recording.graph().gradient(engine, recording, seeds(recording), at);
  }

  /** Returns s for every image of a recording, {@code [N, classes]}. */
  Tensor seeds(Recording recording) {
    float[] s = seed.toArray();
    int images = recording.logits().shape().extent(0);
    float[] all = new float[images * s.length];
    for (int i = 0; i < all.length; i++) all[i] = s[i % s.length];
    return Tensor.of(Shape.of(images, s.length), all);
  }
}
