package dev.hedgerow.app.score;

import dev.hedgerow.engine.Tensor;
import java.util.List;

/**
 * A picture with its truth.
 *
 * @param name what people call it
 * @param input as the network reads it, {@code [1, 3, h, w]}
 * @param truths of every class that counts
 */
public record Sample(String name, Tensor input, List<Truth> truths) {
  public Sample {
    truths = List.copyOf(truths);
  }
}
