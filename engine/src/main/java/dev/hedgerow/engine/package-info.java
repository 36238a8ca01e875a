/**
 * Tensors and the operations on them.
 *
 * <p>A linear layer is one {@link dev.hedgerow.engine.LinearOperator} with two directions: {@code
 * forward} and {@code reverse}, each under a {@link dev.hedgerow.engine.WeightView}. The ordinary
 * gradient and every attribution rule are built from these two calls. An {@link
 * dev.hedgerow.engine.Engine} says with which kernels and on which threads; results are the same
 * bits for any number of threads.
 */
package dev.hedgerow.engine;
