package dev.hedgerow.weights;

import io.jhdf.Superblock;
import io.jhdf.exceptions.HdfException;
import io.jhdf.storage.HdfBackingStorage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.function.Supplier;

/**
 * The bytes that jhdf reads, in place. jhdf believes what a file says; here it gets no byte from
 * outside of the file, may look only as often as a sound file of that size can need, and never
 * comes to the lists that it would reserve for more entries than the file has bytes.
 */
final class Hdf5Storage implements HdfBackingStorage {
  /** What may be parsed beside as many bytes as the file has, in bytes of memory it may take. */
  private static final long ALLOWANCE = 40L << 20;

  /** What one look at the file is reckoned to take. */
  private static final long READ = 256;

  /** What the objects made of a structure are reckoned to take for each of its bytes. */
  private static final long STRUCTURE = 2;

  /** The same for an old object header, whose messages have at least eight bytes. */
  private static final long HEADER = 32;

  /** The same for a new one, whose messages have at least four. */
  private static final long COMPACT_HEADER = 64;

  /** Structures longer than this are refused: no reader of weights needs them. */
  private static final long LONGEST = 1L << 24;

  /** How often jhdf may look for one object, which bounds how deep it goes. */
  private static final int MOST_READS = 4096;

  /** The same for an object header: its continuations and the types it shares. */
  private static final int MOST_HEADER_READS = 64;

  /** B-trees of more levels than this are refused. */
  private static final int DEEPEST_TREE = 16;

  private final MemorySegment bytes;
  private final Superblock superblock;
  private long allowance;
  private long weight = STRUCTURE;
  private int reads;

  /**
   * @param bytes the file, from its superblock on
   * @param superblock what that says
   */
  Hdf5Storage(MemorySegment bytes, Superblock superblock) {
    this.bytes = bytes;
    this.superblock = superblock;
    this.allowance = ALLOWANCE + bytes.byteSize();
  }

  /** Returns the file, from its superblock on. */
  MemorySegment bytes() {
    return bytes;
  }

  /** Returns the object header at {@code address} that {@code reader} makes of this storage. */
  <T> T header(long address, Supplier<T> reader) {
    boolean old = slice(address, 1).get(ValueLayout.JAVA_BYTE, 0) == 1;
    return limited(old ? HEADER : COMPACT_HEADER, MOST_HEADER_READS, reader);
  }

  /** Returns the structure that {@code reader} makes of this storage. */
  <T> T structure(Supplier<T> reader) {
    return limited(STRUCTURE, MOST_READS, reader);
  }

  private <T> T limited(long weight, int reads, Supplier<T> reader) {
    this.weight = weight;
    this.reads = reads;
    return reader.get();
  }

  /** Takes {@code size} bytes off what may still be made of this file. */
  void charge(long size) {
    if (size > allowance) throw new HdfException("more structure than so small a file can hold");
    allowance -= size;
  }

  /** Returns {@code length} bytes from {@code address} on. */
  MemorySegment slice(long address, long length) {
    long size = bytes.byteSize();
    if (address < 0 || address > size || length < 0 || length > size - address) {
      throw new HdfException(
          Long.toUnsignedString(length)
              + " bytes at address "
              + Long.toUnsignedString(address)
              + " lie outside of the file");
    }
    return bytes.asSlice(address, length);
  }

  @Override
  public ByteBuffer readBufferFromAddress(long address, int length) {
    // jhdf reads some tables as if they were longer than they are, beyond the end of the file.
    long present = Math.min(length, Math.max(0, bytes.byteSize() - address));
    ByteBuffer buffer = mapNoOffset(address, length < 0 ? length : present);
    charge(weight * buffer.remaining());
    requireSmallTables(buffer);
    return buffer;
  }

  @Override
  public ByteBuffer map(long address, long length) {
    return mapNoOffset(address, length);
  }

  @Override
  public ByteBuffer mapNoOffset(long address, long length) {
    if (length > LONGEST) throw new HdfException("a structure of " + length + " bytes");
    if (--reads < 0) throw new HdfException("a structure of endlessly many parts");
    charge(READ);
    return slice(address, length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Refuses the structures that state how many entries they have, if the file is too small. */
  private void requireSmallTables(ByteBuffer buffer) {
    if (buffer.remaining() < 4) return;
    int offsets = getSizeOfOffsets();
    int lengths = getSizeOfLengths();
    switch (buffer.getInt(0)) {
      case 0x44485442 /* BTHD */ -> {
        requireFew(buffer, 18 + offsets, lengths, 1);
        if (number(buffer, 12, 2) > DEEPEST_TREE) throw new HdfException("a tree of endless depth");
      }
      case 0x44484146 /* FAHD */ -> requireFew(buffer, 8, lengths, 1);
      case 0x44484145 /* EAHD */ -> {
        for (int i = 0; i < 6; i++) requireFew(buffer, 12 + i * lengths, lengths, 1);
      }
      case 0x50485246 /* FRHP */ -> {
        // The rows of the root block, each of as many entries as the table is wide.
        int table = 14 + 10 * lengths + 2 * offsets;
        long width = number(buffer, table, 2);
        requireFew(buffer, table + 2 + 2 * lengths + 4 + offsets, 2, width);
      }
      default -> {}
    }
  }

  private void requireFew(ByteBuffer buffer, int at, int width, long each) {
    long count = number(buffer, at, width);
    if (count < 0 || each > 0 && count > bytes.byteSize() / each) {
      throw new HdfException("a table of " + Long.toUnsignedString(count) + " entries");
    }
  }

  private static long number(ByteBuffer buffer, int at, int width) {
    long value = 0;
    for (int i = width - 1; i >= 0; i--) value = value << 8 | buffer.get(at + i) & 0xff;
    return value;
  }

  @Override
  public long getUserBlockSize() {
    return superblock.getBaseAddressByte();
  }

  @Override
  public Superblock getSuperblock() {
    return superblock;
  }

  @Override
  public FileChannel getFileChannel() {
    throw new UnsupportedOperationException("the file is in memory");
  }

  @Override
  public int getSizeOfOffsets() {
    return superblock.getSizeOfOffsets();
  }

  @Override
  public int getSizeOfLengths() {
    return superblock.getSizeOfLengths();
  }

  @Override
  public void close() {}

  @Override
  public long size() {
    return bytes.byteSize();
  }

  @Override
  public boolean inMemory() {
    return true;
  }
}
