package dev.hedgerow.engine;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** What convolutions have packed and keep. */
public final class PackedWeights {
  private PackedWeights() {}

  /** Returns the packed weights of some convolutions, one array a unit. */
  public static Set<float[]> of(Iterable<Convolution> convolutions) {
    Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Convolution convolution : convolutions) convolution.packed().forEach(arrays::add);
    return arrays;
  }

  /** Whether {@code |w|*x} is computed of the weights that are packed for {@code w*x}. */
  public static boolean serveBoth(Engine engine, Convolution convolution, Shape input) {
    return convolution.sharesPacking(engine, input);
  }
}
