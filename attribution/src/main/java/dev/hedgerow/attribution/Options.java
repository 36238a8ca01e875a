package dev.hedgerow.attribution;

import org.jspecify.annotations.Nullable;

/**
 * What a user may choose about an explanation.
 *
 * @param gamma the method's γ, from 1 (tightest focus) to 2
 * @param addPolicy what happens at residual additions
 * @param startLayer the layer, or its output tensor, at which relevance starts; null for the
 *     graph's own, or else the last spatial activation before the classifier ({@link StartLayer})
 */
public record Options(float gamma, AddPolicy addPolicy, @Nullable String startLayer) {
  public Options {
    if (!(gamma >= 1 && gamma <= 2)) {
      throw new IllegalArgumentException("gamma is " + gamma + ", expected 1 to 2");
    }
  }

  /** Returns γ = 1, the published policy, the network's own start layer. */
  public static Options standard() {
    return new Options(1, AddPolicy.PUBLISHED, null);
  }

  /** Returns these options with another γ. */
  public Options withGamma(float gamma) {
    return new Options(gamma, addPolicy, startLayer);
  }

  /** Returns these options with another policy. */
  public Options withAddPolicy(AddPolicy policy) {
    return new Options(gamma, policy, startLayer);
  }

  /** Returns these options with another start layer. */
  public Options withStartLayer(@Nullable String layer) {
    return new Options(gamma, addPolicy, layer);
  }
}
