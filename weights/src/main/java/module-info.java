import org.jspecify.annotations.NullMarked;

/** Readers of weight and model files; none executes anything from the file. */
@NullMarked
module dev.hedgerow.weights {
  requires static transitive org.jspecify;
  requires transitive dev.hedgerow.nn;
  requires static io.jhdf;

  exports dev.hedgerow.weights;
}
