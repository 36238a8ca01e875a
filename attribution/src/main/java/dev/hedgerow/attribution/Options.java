package dev.hedgerow.attribution;

import org.jspecify.annotations.Nullable;

/**
 * What a user may choose about an explanation, whatever the method; what only one method has is
 * chosen where that method is made.
 *
 * @param gamma Gradient Hedge's γ, from 1 (tightest focus) to 2
 * @param addPolicy what happens at residual additions, where a method leaves it open
 * @param startLayer the layer, or its output tensor, at which relevance starts; null for the
 *     method's own: for most the graph's, or else the last spatial activation before the classifier
 *     ({@link StartLayer}), or the logits
 * @param saliencyLayer the layer, or its output tensor, at whose output the map is taken; null for
 *     the method's own, for most the network's input
 * @param start what the logits receive where a method starts at them; null for the method's own
 * @param seed of methods that draw random numbers
 */
public record Options(
    float gamma,
    AddPolicy addPolicy,
    @Nullable String startLayer,
    @Nullable String saliencyLayer,
    @Nullable StartRelevance start,
    long seed) {
  public Options {
    if (!(gamma >= 1 && gamma <= 2)) {
      throw new IllegalArgumentException("gamma is " + gamma + ", expected 1 to 2");
    }
  }

  /** Returns γ = 1, the published policy, every method's own layers and start, seed 0. */
  public static Options standard() {
    return new Options(1, AddPolicy.PUBLISHED, null, null, null, 0);
  }

  /** Returns these options with another γ. */
  public Options withGamma(float gamma) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed);
  }

  /** Returns these options with another policy. */
  public Options withAddPolicy(AddPolicy policy) {
    return new Options(gamma, policy, startLayer, saliencyLayer, start, seed);
  }

  /** Returns these options with another start layer. */
  public Options withStartLayer(@Nullable String layer) {
    return new Options(gamma, addPolicy, layer, saliencyLayer, start, seed);
  }

  /** Returns these options with another layer at which the map is taken. */
  public Options withSaliencyLayer(@Nullable String layer) {
    return new Options(gamma, addPolicy, startLayer, layer, start, seed);
  }

  /** Returns these options with another start relevance. */
  public Options withStart(@Nullable StartRelevance start) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed);
  }

  /** Returns these options with another seed. */
  public Options withSeed(long seed) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed);
  }
}
