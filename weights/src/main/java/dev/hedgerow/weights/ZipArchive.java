package dev.hedgerow.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The entries of a zip archive by name, in the central directory's order. Stored entries are used
 * in place, deflated ones are decompressed when they are read; the 64-bit extension is understood.
 */
final class ZipArchive {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int END = 0x06054b50;
  private static final int END_SIZE = 22;
  private static final int END_64 = 0x06064b50;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final int LOCATOR_64_SIZE = 20;
  private static final int DIRECTORY_ENTRY = 0x02014b50;
  private static final int LOCAL_ENTRY = 0x04034b50;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final int EXTRA_64 = 1;
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final long WIDE = 0xffff_ffffL;

  private final Path file;
  private final MemorySegment bytes;
  private final Map<String, Storage> entries = new LinkedHashMap<>();

  private ZipArchive(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /** Returns whether a file starts as zip archives do. */
  static boolean recognises(MemorySegment bytes) {
    return startsWith(bytes, LOCAL_ENTRY) || startsWith(bytes, END);
  }

  /**
   * Reads the central directory.
   *
   * @param file for errors
   * @throws FormatException if it is damaged, or an entry is encrypted, compressed in another way
   *     than by deflate, or there twice
   */
  static ZipArchive read(Path file, MemorySegment bytes) throws FormatException {
    var archive = new ZipArchive(file, bytes);
    archive.readDirectory();
    return archive;
  }

  /** Returns the names of the entries. */
  Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  /** Returns the entry of that name. */
  Optional<Storage> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  private void readDirectory() throws FormatException {
    long end = findEnd();
    var cursor = at(end + 4);
    int disk = cursor.u16();
    int directoryDisk = cursor.u16();
    cursor.skip(2);
    long count = cursor.u16();
    long size = cursor.u32();
    long offset = cursor.u32();
    if (count == 0xffff || size == WIDE || offset == WIDE) {
      long locator = end - LOCATOR_64_SIZE;
      if (locator >= 0 && at(locator).i32() == LOCATOR_64) {
        cursor = at(locator + 8);
        cursor = at(cursor.i64());
        if (cursor.i32() != END_64) {
          throw damaged("no 64-bit end record", cursor.offset() - 4);
        }
        cursor.skip(12);
        disk = cursor.i32();
        directoryDisk = cursor.i32();
        cursor.skip(8);
        count = cursor.i64();
        size = cursor.i64();
        offset = cursor.i64();
      }
    }
    if (disk != 0 || directoryDisk != 0) throw damaged("one part of several", end);
    if (offset < 0 || offset > end || size < 0 || size > end - offset) {
      throw damaged("central directory outside of the file", end);
    }
    if (count < 0 || count > TensorTable.MOST_TENSORS + 64L) {
      throw damaged("zip archive of " + Long.toUnsignedString(count) + " entries", end);
    }
    cursor = new ByteCursor(file, bytes.asSlice(offset, size), offset);
    for (long i = 0; i < count; i++) readEntry(cursor);
  }

  /** Returns where the end record starts: it is followed by nothing but its comment. */
  private long findEnd() throws FormatException {
    long latest = bytes.byteSize() - END_SIZE;
    long earliest = Math.max(0, latest - LONGEST_COMMENT);
    for (long end = latest; end >= earliest; end--) {
      if (bytes.get(INT, end) != END) continue;
      var cursor = at(end + END_SIZE - 2);
      if (cursor.u16() == latest - end) return end;
    }
    throw new FormatException(
        file, "zip archive without its end: truncated?", "", "a central directory");
  }

  private void readEntry(ByteCursor cursor) throws FormatException {
    long start = cursor.offset();
    if (cursor.i32() != DIRECTORY_ENTRY) throw damaged("no zip directory entry", start);
    cursor.skip(4);
    int flags = cursor.u16();
    int method = cursor.u16();
    cursor.skip(4);
    int checksum = cursor.i32();
    long compressed = cursor.u32();
    long size = cursor.u32();
    int nameLength = cursor.u16();
    int extraLength = cursor.u16();
    int commentLength = cursor.u16();
    cursor.skip(8);
    long local = cursor.u32();
    String name = cursor.text(nameLength, StandardCharsets.UTF_8);
    var extra = new ByteCursor(file, cursor.slice(extraLength), cursor.offset() - extraLength);
    cursor.skip(commentLength);
    if (size == WIDE || compressed == WIDE || local == WIDE) {
      ByteCursor wide = extra64(extra, start);
      if (size == WIDE) size = wide.i64();
      if (compressed == WIDE) compressed = wide.i64();
      if (local == WIDE) local = wide.i64();
    }
    if (name.endsWith("/")) return;
    if ((flags & 1) != 0) throw damaged("encrypted zip entry " + name, start);
    if (method != STORED && method != DEFLATED) {
      throw damaged("zip entry " + name + " with compression method " + method, start);
    }
    if (method == STORED && compressed != size || size < 0) {
      throw damaged("zip entry " + name + " with two sizes", start);
    }
    long offset = dataOffset(local);
    if (compressed < 0 || compressed > bytes.byteSize() - offset) {
      throw damaged("zip entry " + name + " ends outside of the file", start);
    }
    MemorySegment data = bytes.asSlice(offset, compressed);
    Storage storage =
        method == STORED
            ? new Storage.InPlace(data, offset)
            : new Storage.Deflated(file, name, data, offset, size, checksum);
    if (entries.put(name, storage) != null) throw damaged("second zip entry " + name, start);
  }

  private ByteCursor extra64(ByteCursor extra, long start) throws FormatException {
    while (extra.remaining() >= 4) {
      int id = extra.u16();
      int length = extra.u16();
      if (id == EXTRA_64) {
        long offset = extra.offset();
        return new ByteCursor(file, extra.slice(length), offset);
      }
      extra.skip(length);
    }
    throw damaged("no 64-bit sizes", start);
  }

  /** Returns where the data of the entry with the local header at {@code local} starts. */
  private long dataOffset(long local) throws FormatException {
    var cursor = at(local);
    if (cursor.i32() != LOCAL_ENTRY) throw damaged("no local zip header", local);
    cursor.skip(22);
    int nameLength = cursor.u16();
    int extraLength = cursor.u16();
    cursor.skip(nameLength + (long) extraLength);
    return cursor.offset();
  }

  private ByteCursor at(long position) throws FormatException {
    var cursor = new ByteCursor(file, bytes, 0);
    cursor.skip(position);
    return cursor;
  }

  private FormatException damaged(String problem, long offset) {
    return new FormatException(
        file, problem, "offset " + offset, "a zip archive of stored or deflated entries");
  }

  private static boolean startsWith(MemorySegment bytes, int signature) {
    return bytes.byteSize() >= Integer.BYTES && bytes.get(INT, 0) == signature;
  }
}
