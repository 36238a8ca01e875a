package dev.hedgerow.app;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A picture file in memory, which ends with an error. The WebP decoder reads byte by byte, and
 * takes what lies beyond the end for zeros: of a file that was cut off it could make pixels for
 * minutes.
 */
final class BytesStream extends ImageInputStreamImpl {
  /** A decoder may look a few bytes ahead. */
  private static final int MOST_BEYOND = 64;

  private final byte[] bytes;
  private int beyond;

  BytesStream(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int read() throws IOException {
    checkClosed();
    bitOffset = 0;
    if (streamPos < bytes.length) return bytes[(int) streamPos++] & 255;
    if (++beyond > MOST_BEYOND) throw new IOException("the file ends too early");
    return -1;
  }

  @Override
  public int read(byte[] to, int at, int length) throws IOException {
    checkClosed();
    bitOffset = 0;
    int count = (int) Math.min(length, bytes.length - streamPos);
    if (count <= 0) return length == 0 ? 0 : -1;
    System.arraycopy(bytes, (int) streamPos, to, at, count);
    streamPos += count;
    return count;
  }

  @Override
  public long length() {
    return bytes.length;
  }
}
