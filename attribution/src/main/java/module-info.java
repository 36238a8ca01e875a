import org.jspecify.annotations.NullMarked;

/** Explanation methods: rules, the relevance walk, heatmaps, metrics. */
@NullMarked
module dev.hedgerow.attribution {
  requires static transitive org.jspecify;
  requires transitive dev.hedgerow.nn;
  requires it.unimi.dsi.fastutil.core;

  exports dev.hedgerow.attribution;
  exports dev.hedgerow.attribution.metrics;
}
