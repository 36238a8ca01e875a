package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * An HDF5 dataset in chunks: boxes of one size that tile its shape, each stored on its own, passed
 * through filters, and padded where it hangs over the edge.
 *
 * @param file the file, for errors
 * @param name the dataset, for errors
 * @param shape the dataset's extents
 * @param box the extents of a chunk, as many
 * @param width bytes of an element
 * @param filters in the order in which they were applied
 * @param chunks all of them
 */
record Hdf5Chunks(
    Path file,
    String name,
    Shape shape,
    int[] box,
    int width,
    List<Filter> filters,
    List<Chunk> chunks)
    implements Storage {

  /** What was done to the bytes of a chunk. */
  enum Filter {
    DEFLATE,
    SHUFFLE,
    /** Fletcher's checksum behind the bytes. */
    CHECKSUM
  }

  /**
   * A stored chunk.
   *
   * @param bytes in place
   * @param offset where they start in the file
   * @param first the chunk's first element: its index along each axis of the dataset
   * @param skipped a bit for each filter that was not applied to this chunk
   */
  record Chunk(MemorySegment bytes, long offset, long[] first, int skipped) {}

  private static final int CHECKSUM_BYTES = 4;

  /** Returns the number of bytes of a chunk that was passed through no filter. */
  long boxBytes() {
    long count = width;
    for (int extent : box) count = Math.multiplyExact(count, extent);
    return count;
  }

  @Override
  public long offset() {
    return chunks.isEmpty() ? 0 : chunks.getFirst().offset;
  }

  @Override
  public long held() {
    return chunks.stream().mapToLong(chunk -> chunk.bytes.byteSize()).sum();
  }

  @Override
  public long size() {
    return (long) shape.size() * width;
  }

  @Override
  public long expansion() {
    return size() + 2 * boxBytes();
  }

  @Override
  public MemorySegment prefix(int length) throws FormatException {
    return bytes().asSlice(0, Math.min(length, size()));
  }

  @Override
  public MemorySegment bytes() throws FormatException {
    MemorySegment whole = Arena.ofAuto().allocate(size(), Long.BYTES);
    for (Chunk chunk : chunks) copy(decode(chunk), chunk.first, whole);
    return whole.asReadOnly();
  }

  /** Copies what of a chunk lies inside of the dataset, row by row. */
  private void copy(MemorySegment from, long[] first, MemorySegment to) {
    int last = box.length - 1;
    long run = Math.min(box[last], shape.extent(last) - first[last]) * width;
    int[] index = new int[last];
    for (long row = 0; ; row += (long) box[last] * width) {
      long at = 0;
      boolean inside = true;
      for (int axis = 0; axis < last; axis++) {
        long i = first[axis] + index[axis];
        inside &= i < shape.extent(axis);
        at = at * shape.extent(axis) + i;
      }
      at = (at * shape.extent(last) + first[last]) * width;
      if (inside) MemorySegment.copy(from, row, to, at, run);
      int axis = last - 1;
      while (axis >= 0 && ++index[axis] == box[axis]) index[axis--] = 0;
      if (axis < 0) return;
    }
  }

  private MemorySegment decode(Chunk chunk) throws FormatException {
    MemorySegment bytes = chunk.bytes;
    for (int i = filters.size() - 1; i >= 0; i--) {
      if ((chunk.skipped >> i & 1) != 0) continue;
      bytes =
          switch (filters.get(i)) {
            case DEFLATE -> inflated(chunk, bytes);
            case SHUFFLE -> unshuffled(bytes);
            case CHECKSUM -> {
              if (bytes.byteSize() < CHECKSUM_BYTES) throw damaged(chunk, "has no checksum");
              yield bytes.asSlice(0, bytes.byteSize() - CHECKSUM_BYTES);
            }
          };
    }
    if (bytes.byteSize() != boxBytes()) {
      throw damaged(chunk, "holds " + bytes.byteSize() + " bytes");
    }
    return bytes;
  }

  private MemorySegment inflated(Chunk chunk, MemorySegment bytes) throws FormatException {
    // A checksum may have been deflated too.
    byte[] out = new byte[Math.toIntExact(boxBytes() + CHECKSUM_BYTES)];
    var inflater = new Inflater();
    try {
      inflater.setInput(bytes.asByteBuffer());
      int length = 0;
      while (!inflater.finished()) {
        int count = inflater.inflate(out, length, out.length - length);
        if (count == 0 && !inflater.finished()) throw damaged(chunk, "does not end where it must");
        length += count;
      }
      return MemorySegment.ofArray(out).asSlice(0, length);
    } catch (DataFormatException e) {
      throw damaged(chunk, "is damaged");
    } finally {
      inflater.end();
    }
  }

  /** Returns the bytes in order that were stored as all first bytes of elements, all second, ... */
  private MemorySegment unshuffled(MemorySegment bytes) {
    byte[] from = bytes.toArray(ValueLayout.JAVA_BYTE);
    byte[] to = from.clone();
    int count = from.length / width;
    for (int b = 0; b < width; b++) {
      for (int i = 0; i < count; i++) to[i * width + b] = from[b * count + i];
    }
    return MemorySegment.ofArray(to);
  }

  private FormatException damaged(Chunk chunk, String how) {
    return new FormatException(
        file,
        "chunk of tensor " + name + " " + how,
        "offset " + chunk.offset,
        boxBytes() + " bytes, filters " + filters);
  }
}
