package dev.hedgerow.attribution;

import java.util.EnumSet;
import java.util.Set;
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
 * @param samples how many versions of the image a method that averages over them runs the network
 *     on; 0 for the method's own
 * @param progress is told how far a long method is; changes no result
 */
public record Options(
    float gamma,
    AddPolicy addPolicy,
    @Nullable String startLayer,
    @Nullable String saliencyLayer,
    @Nullable StartRelevance start,
    long seed,
    int samples,
    Progress progress) {
  /** A choice of where a method starts or ends, which not every one leaves to the user. */
  public enum Choice {
    /** {@link Options#start}. */
    START,
    /** {@link Options#startLayer}. */
    START_LAYER,
    /** {@link Options#saliencyLayer}. */
    SALIENCY_LAYER
  }

  public Options {
    if (!(gamma >= 1 && gamma <= 2)) {
      throw new IllegalArgumentException("gamma is " + gamma + ", expected 1 to 2");
    }
    if (samples < 0) {
      throw new IllegalArgumentException("samples is " + samples + ", expected at least 0");
    }
  }

  /**
   * Returns γ = 1, the published policy, every method's own layers, start and samples, seed 0, and
   * nobody told of progress.
   */
  public static Options standard() {
    return new Options(1, AddPolicy.PUBLISHED, null, null, null, 0, 0, Progress.NONE);
  }

  /** Returns which of these choices are the user's; the others are left to the method. */
  public Set<Choice> chosen() {
    var chosen = EnumSet.noneOf(Choice.class);
    if (start != null) chosen.add(Choice.START);
    if (startLayer != null) chosen.add(Choice.START_LAYER);
    if (saliencyLayer != null) chosen.add(Choice.SALIENCY_LAYER);
    return chosen;
  }

  /** Returns these options with another γ. */
  public Options withGamma(float gamma) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed, samples, progress);
  }

  /** Returns these options with another policy. */
  public Options withAddPolicy(AddPolicy policy) {
    return new Options(gamma, policy, startLayer, saliencyLayer, start, seed, samples, progress);
  }

  /** Returns these options with another start layer. */
  public Options withStartLayer(@Nullable String layer) {
    return new Options(gamma, addPolicy, layer, saliencyLayer, start, seed, samples, progress);
  }

  /** Returns these options with another layer at which the map is taken. */
  public Options withSaliencyLayer(@Nullable String layer) {
    return new Options(gamma, addPolicy, startLayer, layer, start, seed, samples, progress);
  }

  /** Returns these options with another start relevance. */
  public Options withStart(@Nullable StartRelevance start) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed, samples, progress);
  }

  /** Returns these options with another seed. */
  public Options withSeed(long seed) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed, samples, progress);
  }

  /**
   * Returns these options with another number of samples.
   *
   * @param samples 0 for the method's own
   */
  public Options withSamples(int samples) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed, samples, progress);
  }

  /** Returns the number of samples of a method that has {@code own} by itself. */
  int samples(int own) {
    return samples == 0 ? own : samples;
  }

  /** Returns these options with another listener. */
  public Options withProgress(Progress progress) {
    return new Options(gamma, addPolicy, startLayer, saliencyLayer, start, seed, samples, progress);
  }
}
