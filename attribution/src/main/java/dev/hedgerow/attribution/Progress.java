package dev.hedgerow.attribution;

/** Told how far a method is that runs the network many times. */
@FunctionalInterface
public interface Progress {
  /** Tells nobody. */
  Progress NONE = (done, total) -> {};

  /**
   * Called on the explaining thread after every batch.
   *
   * @param done runs of the network so far
   * @param total how many there will be
   */
  void advanced(int done, int total);
}
