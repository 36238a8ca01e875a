import org.jspecify.annotations.NullMarked;

/** Networks as graphs of layers: forward pass, recording, gradient, families, preprocessing. */
@NullMarked
module dev.hedgerow.nn {
  requires static transitive org.jspecify;
  requires transitive dev.hedgerow.engine;

  exports dev.hedgerow.nn;
  exports dev.hedgerow.nn.layer;
  exports dev.hedgerow.nn.train;
}
