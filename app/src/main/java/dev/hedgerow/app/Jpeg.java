package dev.hedgerow.app;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import javax.imageio.stream.ImageInputStream;

/** What the JDK's decoder leaves to do about JPEG files of four colours. */
final class Jpeg {
  static final int APP1 = 0xe1;
  static final int START_OF_SCAN = 0xda;
  static final int END = 0xd9;

  private static final int APP14 = 0xee;
  private static final int ADOBE_YCCK = 2;

  private Jpeg() {}

  /** Reads up to the next marker, which is one byte after any number of 0xff. */
  static int nextMarker(ImageInputStream stream) throws IOException {
    int next = stream.read();
    while (next != 0xff) {
      if (next < 0) throw new EOFException();
      next = stream.read();
    }
    while (next == 0xff) next = stream.read();
    if (next < 0) throw new EOFException();
    return next;
  }

  /**
   * Whether a file of four colours holds luminance and chrominance for the first three: its Adobe
   * segment says so. The stream's position does not change.
   */
  static boolean isYcck(ImageInputStream stream) throws IOException {
    stream.mark();
    try {
      stream.setByteOrder(ByteOrder.BIG_ENDIAN);
      stream.skipBytes(2);
      while (true) {
        int marker = nextMarker(stream);
        if (marker == START_OF_SCAN || marker == END) return false;
        int length = stream.readUnsignedShort() - 2;
        long next = stream.getStreamPosition() + Math.max(0, length);
        if (marker == APP14 && length >= 12) {
          byte[] adobe = new byte[12];
          stream.readFully(adobe);
          if (new String(adobe, 0, 5, StandardCharsets.US_ASCII).equals("Adobe")) {
            return adobe[11] == ADOBE_YCCK;
          }
        }
        stream.seek(next);
      }
    } finally {
      stream.reset();
    }
  }

  /**
   * Converts a row of stored samples, which count from no light up as Adobe's do, to RGB as Pillow
   * does it: {@code R = K − round((255 − C)·K/255)}, and G and B of M and Y in the same way. Of
   * YCCK files, C, M and Y are first made of luminance and chrominance as libjpeg does it.
   *
   * @param samples four a pixel
   * @param rgb three a pixel, written to
   */
  static void toRgb(int[] samples, boolean ycck, byte[] rgb) {
    for (int from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
      int c = samples[from];
      int m = samples[from + 1];
      int y = samples[from + 2];
      int k = samples[from + 3];
      if (ycck) {
        int blue = m - 128;
        int red = y - 128;
        int light = c;
        c = 255 - level(light + (91881 * red + 32768 >> 16));
        m = 255 - level(light + (-22554 * blue - 46802 * red + 32768 >> 16));
        y = 255 - level(light + (116130 * blue + 32768 >> 16));
      }
      rgb[to] = (byte) (k - share(255 - c, k));
      rgb[to + 1] = (byte) (k - share(255 - m, k));
      rgb[to + 2] = (byte) (k - share(255 - y, k));
    }
  }

  private static int level(int value) {
    return Math.clamp(value, 0, 255);
  }

  /** Returns {@code a·b/255}, rounded. */
  private static int share(int a, int b) {
    int product = a * b + 128;
    return (product >> 8) + product >> 8;
  }
}
