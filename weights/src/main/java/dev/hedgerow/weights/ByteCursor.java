package dev.hedgerow.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.file.Path;

/** Reads little-endian numbers one after the other and never beyond the end. */
final class ByteCursor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final MemorySegment bytes;
  private final long base;
  private long position;

  /**
   * Creates a cursor at the first byte.
   *
   * @param file for errors
   * @param bytes what to read
   * @param base where they start in the file
   */
  ByteCursor(Path file, MemorySegment bytes, long base) {
    this.file = file;
    this.bytes = bytes;
    this.base = base;
  }

  /** Returns the file that errors name. */
  Path file() {
    return file;
  }

  /** Returns the number of bytes before the cursor. */
  long position() {
    return position;
  }

  /** Returns the number of bytes after the cursor. */
  long remaining() {
    return bytes.byteSize() - position;
  }

  /** Returns where the cursor is in the file. */
  long offset() {
    return base + position;
  }

  int u8() throws FormatException {
    return bytes.get(ValueLayout.JAVA_BYTE, advance(1)) & 0xff;
  }

  int u16() throws FormatException {
    return bytes.get(SHORT, advance(2)) & 0xffff;
  }

  int i32() throws FormatException {
    return bytes.get(INT, advance(4));
  }

  long u32() throws FormatException {
    return i32() & 0xffff_ffffL;
  }

  long i64() throws FormatException {
    return bytes.get(LONG, advance(8));
  }

  /** Moves over {@code count} bytes, as unsigned a number as it may be. */
  void skip(long count) throws FormatException {
    advance(count);
  }

  /** Moves over {@code count} bytes and returns them in place. */
  MemorySegment slice(long count) throws FormatException {
    return bytes.asSlice(advance(count), count);
  }

  /** Moves over {@code count} bytes and returns a copy. */
  byte[] array(long count) throws FormatException {
    if (count > Integer.MAX_VALUE - 8) throw tooShort(count);
    return slice(count).toArray(ValueLayout.JAVA_BYTE);
  }

  /** Moves over {@code count} bytes and returns them as text. */
  String text(long count, Charset charset) throws FormatException {
    return new String(array(count), charset);
  }

  /** Moves over a line of at most {@code longest} bytes and its end, and returns it. */
  String line(int longest, Charset charset) throws FormatException {
    long most = Math.min(longest, remaining() - 1);
    for (long length = 0; length <= most; length++) {
      if (bytes.get(ValueLayout.JAVA_BYTE, position + length) == '\n') {
        String line = text(length, charset);
        skip(1);
        return line;
      }
    }
    throw new FormatException(
        file, "a line without an end", "offset " + offset(), "at most " + longest + " bytes");
  }

  private long advance(long count) throws FormatException {
    if (count < 0 || count > remaining()) throw tooShort(count);
    long at = position;
    position += count;
    return at;
  }

  private FormatException tooShort(long count) {
    return new FormatException(
        file,
        "ends too early: " + remaining() + " bytes left",
        "offset " + offset(),
        Long.toUnsignedString(count) + " bytes");
  }
}
