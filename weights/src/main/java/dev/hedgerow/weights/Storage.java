package dev.hedgerow.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** A stretch of a file that holds the elements of one or several tensors. */
sealed interface Storage permits Storage.InPlace, Storage.Deflated, Hdf5Chunks {
  /**
   * How many bytes of memory reading may need for each byte that the file holds: enough for any
   * real array, compressed as bytes and converted to float32.
   */
  long EXPANSION = 8;

  /** The bytes of memory that reading may need beyond that. */
  long ALLOWANCE = 48L << 20;

  /** Returns where the stretch starts in the file, in bytes. */
  long offset();

  /** Returns the number of bytes the stretch has in the file. */
  long held();

  /** Returns the number of bytes it stands for: more than it holds when it is compressed. */
  long size();

  /** Returns the bytes it stands for: in place, or decompressed anew by each call. */
  MemorySegment bytes() throws FormatException;

  /** Returns the first bytes it stands for: {@code length} of them, or all if they are fewer. */
  MemorySegment prefix(int length) throws FormatException;

  /** Returns whether reading may take {@code memory} bytes beside the file itself. */
  default boolean affords(long memory) {
    return memory <= EXPANSION * held() + ALLOWANCE;
  }

  /** Returns the bytes of memory that {@link #bytes} takes beside the file itself. */
  long expansion();

  /**
   * Bytes as they are.
   *
   * @param bytes the stretch of the mapped file
   * @param offset where it starts
   */
  record InPlace(MemorySegment bytes, long offset) implements Storage {
    @Override
    public long held() {
      return bytes.byteSize();
    }

    @Override
    public long size() {
      return bytes.byteSize();
    }

    @Override
    public MemorySegment prefix(int length) {
      return bytes.asSlice(0, Math.min(length, size()));
    }

    @Override
    public long expansion() {
      return 0;
    }
  }

  /**
   * Bytes in the deflate format.
   *
   * @param file the file, for errors
   * @param name what the stretch is called, for errors
   * @param compressed the stretch of the mapped file
   * @param offset where it starts
   * @param size how many bytes must come out
   * @param checksum their CRC-32
   */
  record Deflated(
      Path file, String name, MemorySegment compressed, long offset, long size, int checksum)
      implements Storage {
    private static final int CHUNK = 1 << 20;

    @Override
    public long held() {
      return compressed.byteSize();
    }

    @Override
    public long expansion() {
      return size;
    }

    @Override
    public MemorySegment bytes() throws FormatException {
      if (!affords(size)) {
        throw new FormatException(
            file,
            "entry " + name + " expands from " + held() + " to " + size + " bytes",
            "offset " + offset,
            "an array, not a compression bomb");
      }
      MemorySegment bytes = Arena.ofAuto().allocate(size, Long.BYTES);
      inflate(bytes, true);
      return bytes.asReadOnly();
    }

    @Override
    public MemorySegment prefix(int length) throws FormatException {
      MemorySegment bytes = MemorySegment.ofArray(new byte[(int) Math.min(length, size)]);
      inflate(bytes, false);
      return bytes;
    }

    /**
     * Fills {@code to} with the first bytes that come out.
     *
     * @param whole whether nothing may come after them, and their checksum must be right
     */
    private void inflate(MemorySegment to, boolean whole) throws FormatException {
      var inflater = new Inflater(true);
      try {
        var crc = new CRC32();
        long consumed = 0;
        long produced = 0;
        while (produced < to.byteSize()) {
          if (inflater.needsInput()) {
            long count = Math.min(CHUNK, compressed.byteSize() - consumed);
            if (count == 0) throw damaged("ends after " + produced + " bytes");
            inflater.setInput(compressed.asSlice(consumed, count).asByteBuffer());
            consumed += count;
          }
          ByteBuffer room =
              to.asSlice(produced, Math.min(CHUNK, to.byteSize() - produced)).asByteBuffer();
          produced += inflater.inflate(room);
          crc.update(room.flip());
          if (inflater.needsDictionary()) throw damaged("needs a dictionary");
          if (inflater.finished() && produced < to.byteSize()) {
            throw damaged("ends after " + produced + " bytes");
          }
        }
        if (whole && (int) crc.getValue() != checksum) throw damaged("has a wrong checksum");
      } catch (DataFormatException e) {
        throw damaged("is damaged");
      } finally {
        inflater.end();
      }
    }

    private FormatException damaged(String how) {
      return new FormatException(
          file, "entry " + name + " " + how, "offset " + offset, size + " bytes, compressed");
    }
  }
}
