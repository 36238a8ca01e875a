import org.jspecify.annotations.NullMarked;

/** Tensors and the kernels that work on them, forward and reverse. */
@NullMarked
module dev.hedgerow.engine {
  requires static transitive org.jspecify;
  requires static jdk.incubator.vector;
  requires it.unimi.dsi.fastutil.core;

  exports dev.hedgerow.engine;
}
