package dev.hedgerow.attribution;

import dev.hedgerow.engine.Tensor;

/** Masks over an image. */
final class Mask {
  private Mask() {}

  /**
   * Returns {@code x ⊙ m}, every channel alike.
   *
   * @param x {@code [1, C, H, W]}; not modified
   * @param m {@code [H, W]}, row-major; not modified
   */
  static Tensor over(Tensor x, float[] m) {
    float[] pixels = x.toArray();
    for (int i = 0; i < pixels.length; i++) pixels[i] *= m[i % m.length];
    return Tensor.of(x.shape(), pixels);
  }
}
