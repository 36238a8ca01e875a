package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;

/**
 * What a file says about one of its tensors.
 *
 * @param name the tensor's name
 * @param shape its extents
 * @param type its element type as safetensors names it: {@code F32}, {@code BF16}, {@code I64}
 * @param offset where its first value lies in the file, in bytes from the start; for compressed
 *     values, where the compressed bytes start
 */
public record TensorInfo(String name, Shape shape, String type, long offset) {}
