package dev.hedgerow.app;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes pictures as PNG. */
final class Png {
  private Png() {}

  /**
   * Returns a PNG file of 8-bit RGB.
   *
   * @param pixels packed RGB {@code 0xRRGGBB}, in row order
   */
  static byte[] encode(int height, int width, int[] pixels) {
    return encode(image(height, width, pixels));
  }

  /** Returns the picture of packed RGB {@code 0xRRGGBB}, in row order. */
  static BufferedImage image(int height, int width, int[] pixels) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, width, height, pixels, 0, width);
    return image;
  }

  /** Returns a PNG file. */
  static byte[] encode(BufferedImage image) {
    var bytes = new ByteArrayOutputStream();
    try (var stream = new MemoryCacheImageOutputStream(bytes)) {
      if (!ImageIO.write(image, "png", stream)) throw new IllegalStateException("no PNG writer");
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }
}
