package dev.hedgerow.attribution;

/** What happens to relevance at a residual addition. */
public enum AddPolicy {
  /**
   * All of it goes down the branch with the most weighted layers on its longest path back to the
   * fork, the first on a tie. This produced the paper's ResNet maps.
   */
  PUBLISHED,
  /** Each branch gets its share of the magnitudes: {@code R_k = R · |x_k| / Σ|x_k|}. */
  CONSERVING
}
