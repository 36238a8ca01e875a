package dev.hedgerow.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes {@code .npz}: a zip archive of stored {@code .npy} arrays, as {@code numpy.savez} does,
 * with 64-bit sizes where they are needed.
 */
final class NpzWriter {
  private static final int LOCAL_ENTRY = 0x04034b50;
  private static final int DIRECTORY_ENTRY = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END_64 = 0x06064b50;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final long WIDE = 0xffff_ffffL;
  private static final int UTF_8 = 1 << 11;

  /** Midnight of 1 January 1980, the first moment there is, so that equal archives are equal. */
  private static final int DATE = 1 << 5 | 1;

  /** Where the checksum is in a local entry. */
  private static final int CHECKSUM_AT = 14;

  private NpzWriter() {}

  /** An entry that was written. */
  private record Entry(byte[] name, long offset, long size, int checksum) {}

  /**
   * Checks that NumPy has the types of all tensors.
   *
   * @throws FormatException if it has not
   */
  static void check(Path file, List<Conversion.Item> items) throws FormatException {
    for (Conversion.Item item : items) {
      if (NpyHeader.descr(item.type()).isPresent()) continue;
      throw new FormatException(
          file,
          "NumPy has no type for " + item.type(),
          "tensor " + item.name(),
          item.type().kind() == ElementType.Kind.FLOATING
              ? "f32 or f16, or safetensors"
              : "safetensors");
    }
  }

  static void write(SeekableByteChannel channel, List<Conversion.Item> items, Conversion conversion)
      throws IOException {
    var entries = new ArrayList<Entry>(items.size());
    for (Conversion.Item item : items) {
      byte[] name = (item.name() + ".npy").getBytes(StandardCharsets.UTF_8);
      byte[] header =
          NpyHeader.bytes(NpyHeader.descr(item.type()).orElseThrow(), item.tensor().info().shape());
      long offset = channel.position();
      long size = header.length + item.size();
      PartFile.writeFully(channel, local(name, size));
      var checksum = new CRC32();
      checksum.update(header);
      PartFile.writeFully(channel, ByteBuffer.wrap(header));
      conversion.write(channel, item, checksum::update);
      var entry = new Entry(name, offset, size, (int) checksum.getValue());
      long next = channel.position();
      channel.position(offset + CHECKSUM_AT);
      PartFile.writeFully(channel, little(Integer.BYTES).putInt(entry.checksum).flip());
      channel.position(next);
      entries.add(entry);
    }
    long start = channel.position();
    for (Entry entry : entries) PartFile.writeFully(channel, directory(entry));
    PartFile.writeFully(channel, end(entries.size(), start, channel.position()));
  }

  private static ByteBuffer local(byte[] name, long size) {
    boolean wide = size >= WIDE;
    ByteBuffer entry = little(30 + name.length + (wide ? 20 : 0)).putInt(LOCAL_ENTRY);
    common(entry, wide, 0, size, name);
    entry.putShort((short) (wide ? 20 : 0)).put(name);
    if (wide) entry.putShort((short) 1).putShort((short) 16).putLong(size).putLong(size);
    return entry.flip();
  }

  /** Puts what a local entry and one of the directory have in common. */
  private static void common(ByteBuffer to, boolean wide, int checksum, long size, byte[] name) {
    to.putShort((short) (wide ? 45 : 20))
        .putShort((short) UTF_8)
        .putShort((short) 0)
        .putShort((short) 0)
        .putShort((short) DATE)
        .putInt(checksum)
        .putInt((int) Math.min(size, WIDE))
        .putInt((int) Math.min(size, WIDE))
        .putShort((short) name.length);
  }

  private static ByteBuffer directory(Entry entry) {
    boolean wide = entry.size >= WIDE;
    boolean far = entry.offset >= WIDE;
    int extra = (wide ? 16 : 0) + (far ? 8 : 0);
    if (extra > 0) extra += 4;
    ByteBuffer bytes = little(46 + entry.name.length + extra).putInt(DIRECTORY_ENTRY);
    bytes.putShort((short) 45);
    common(bytes, extra > 0, entry.checksum, entry.size, entry.name);
    bytes
        .putShort((short) extra)
        .put(new byte[10])
        .putInt((int) Math.min(entry.offset, WIDE))
        .put(entry.name);
    if (extra > 0) bytes.putShort((short) 1).putShort((short) (extra - 4));
    if (wide) bytes.putLong(entry.size).putLong(entry.size);
    if (far) bytes.putLong(entry.offset);
    return bytes.flip();
  }

  /** Returns the end of an archive whose directory goes from {@code start} to {@code end}. */
  private static ByteBuffer end(int count, long start, long end) {
    ByteBuffer bytes = little(98);
    boolean wide = end >= WIDE;
    if (wide) {
      bytes
          .putInt(END_64)
          .putLong(44)
          .putShort((short) 45)
          .putShort((short) 45)
          .putLong(0)
          .putLong(count)
          .putLong(count)
          .putLong(end - start)
          .putLong(start)
          .putInt(LOCATOR_64)
          .putInt(0)
          .putLong(end)
          .putInt(1);
    }
    return bytes
        .putInt(END)
        .putInt(0)
        .putShort((short) count)
        .putShort((short) count)
        .putInt((int) (end - start))
        .putInt((int) Math.min(start, WIDE))
        .putShort((short) 0)
        .flip();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
