package dev.hedgerow.app;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;

/** Finds the EXIF orientation in JPEG, PNG and WebP files. */
final class Exif {
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;
  private static final byte[] JPEG_PREFIX = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

  /** More than a JPEG segment holds; longer blocks are not looked into. */
  private static final int LONGEST = 1 << 20;

  private Exif() {}

  /**
   * Returns the orientation that a file states; upright where it states none, or nothing that makes
   * sense. The stream's position does not change.
   */
  static Orientation orientation(PictureFormat format, ImageInputStream stream) {
    stream.mark();
    try {
      byte[] block =
          switch (format) {
            case JPEG -> inJpeg(stream);
            case PNG -> inPng(stream);
            case WEBP -> inWebP(stream);
            case BMP, GIF -> null;
          };
      return block == null ? Orientation.UPRIGHT : orientation(withoutPrefix(block));
    } catch (IOException damaged) {
      // Whether the picture itself is whole, its decoder will find.
      return Orientation.UPRIGHT;
    } finally {
      reset(stream);
    }
  }

  private static void reset(ImageInputStream stream) {
    try {
      stream.reset();
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Segments: 0xff, a marker, a length that counts itself. EXIF is the first APP1 that says so. */
  private static byte @Nullable [] inJpeg(ImageInputStream stream) throws IOException {
    stream.setByteOrder(ByteOrder.BIG_ENDIAN);
    stream.skipBytes(2);
    while (true) {
      int marker = Jpeg.nextMarker(stream);
      if (marker == Jpeg.START_OF_SCAN || marker == Jpeg.END) return null;
      int length = stream.readUnsignedShort() - 2;
      if (length < 0) return null;
      if (marker == Jpeg.APP1) {
        byte[] segment = read(stream, length);
        if (hasPrefix(segment)) return segment;
      } else {
        skip(stream, length);
      }
    }
  }

  /** Chunks: length, name, data, checksum. EXIF is {@code eXIf}, before or after the pixels. */
  private static byte @Nullable [] inPng(ImageInputStream stream) throws IOException {
    stream.setByteOrder(ByteOrder.BIG_ENDIAN);
    stream.skipBytes(8);
    while (true) {
      long length = stream.readUnsignedInt();
      String name = name(stream);
      if (name.equals("eXIf")) return read(stream, length);
      if (name.equals("IEND")) return null;
      skip(stream, length + 4);
    }
  }

  /** Chunks of RIFF: name, length, data, a byte more where the length is odd. */
  private static byte @Nullable [] inWebP(ImageInputStream stream) throws IOException {
    stream.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    stream.skipBytes(12);
    while (true) {
      String name = name(stream);
      long length = stream.readUnsignedInt();
      if (name.equals("EXIF")) return read(stream, length);
      skip(stream, length + (length & 1));
    }
  }

  private static String name(ImageInputStream stream) throws IOException {
    byte[] name = new byte[4];
    stream.readFully(name);
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  private static byte @Nullable [] read(ImageInputStream stream, long length) throws IOException {
    if (length > LONGEST) return null;
    byte[] block = new byte[(int) length];
    stream.readFully(block);
    return block;
  }

  private static void skip(ImageInputStream stream, long length) throws IOException {
    stream.seek(stream.getStreamPosition() + length);
  }

  private static boolean hasPrefix(byte @Nullable [] block) {
    return block != null
        && block.length >= JPEG_PREFIX.length
        && Arrays.equals(block, 0, JPEG_PREFIX.length, JPEG_PREFIX, 0, JPEG_PREFIX.length);
  }

  private static ByteBuffer withoutPrefix(byte[] block) {
    int start = hasPrefix(block) ? JPEG_PREFIX.length : 0;
    return ByteBuffer.wrap(block, start, block.length - start).slice();
  }

  /** Reads a TIFF header and the entries of its first directory, 12 bytes each. */
  static Orientation orientation(ByteBuffer tiff) {
    if (tiff.remaining() < 8) return Orientation.UPRIGHT;
    switch (tiff.getShort(0)) {
      case 0x4949 -> tiff.order(ByteOrder.LITTLE_ENDIAN);
      case 0x4d4d -> tiff.order(ByteOrder.BIG_ENDIAN);
      default -> {
        return Orientation.UPRIGHT;
      }
    }
    int directory = tiff.getInt(4);
    if (tiff.getShort(2) != 42 || directory < 8 || directory > tiff.limit() - 2) {
      return Orientation.UPRIGHT;
    }
    int entries = Short.toUnsignedInt(tiff.getShort(directory));
    int end = Math.min(directory + 2 + 12 * entries, tiff.limit());
    for (int at = directory + 2; at + 12 <= end; at += 12) {
      if (Short.toUnsignedInt(tiff.getShort(at)) == ORIENTATION) {
        return tiff.getShort(at + 2) == SHORT
            ? Orientation.of(Short.toUnsignedInt(tiff.getShort(at + 8)))
            : Orientation.UPRIGHT;
      }
    }
    return Orientation.UPRIGHT;
  }
}
