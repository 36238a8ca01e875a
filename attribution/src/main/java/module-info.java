import org.jspecify.annotations.NullMarked;

/** Explanation methods: rules, the relevance walk, heatmaps. */
@NullMarked
module dev.hedgerow.attribution {
  requires static transitive org.jspecify;
  requires transitive dev.hedgerow.nn;

  exports dev.hedgerow.attribution;
}
