package dev.hedgerow.app;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;

/** The kinds of pictures that are read, known by their first bytes. */
enum PictureFormat {
  JPEG,
  PNG,
  BMP,
  GIF,
  WEBP;

  /** What is said where something else was found. */
  static final String EXPECTED = "expected jpg, png, bmp, gif or webp";

  /** Returns a file's format; null if it is none of these. The stream's position stays. */
  static @Nullable PictureFormat of(ImageInputStream stream) throws IOException {
    byte[] bytes = new byte[12];
    stream.mark();
    try {
      stream.readFully(bytes);
    } catch (EOFException small) {
      // The rest stays 0.
    } finally {
      stream.reset();
    }
    String start = new String(bytes, StandardCharsets.ISO_8859_1);
    if (start.startsWith("\u00ff\u00d8\u00ff")) return JPEG;
    if (start.startsWith("\u0089PNG\r\n\u001a\n")) return PNG;
    if (start.startsWith("BM")) return BMP;
    if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) return GIF;
    if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) return WEBP;
    return null;
  }

  /**
   * Returns a decoder: the JDK's, whatever else is there, except for WebP, which it cannot read.
   */
  ImageReader reader() throws IOException {
    if (this == WEBP) return new WebPImageReaderSpi().createReaderInstance();
    Module jdk = ImageIO.class.getModule();
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(name());
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (reader.getClass().getModule() == jdk) return reader;
    }
    throw new IllegalStateException("the JDK has no decoder for " + this);
  }
}
