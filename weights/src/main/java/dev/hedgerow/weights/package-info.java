/**
 * Readers of weight and model files.
 *
 * <p>A {@link dev.hedgerow.weights.WeightSource} gives the named tensors of a file. The file is
 * mapped, not copied: values that are little-endian float32 are used where they lie, everything
 * else is converted when it is asked for. No reader executes anything from a file, and whatever a
 * file holds, a reader either succeeds or throws a {@link dev.hedgerow.weights.FormatException}.
 */
package dev.hedgerow.weights;
