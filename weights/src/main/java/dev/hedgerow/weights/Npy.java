package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** NumPy's {@code .npy} format: one array. */
public final class Npy {
  private static final String SUFFIX = ".npy";
  private static final int CHUNK = 1 << 16;

  private Npy() {}

  /**
   * Reads an array of real numbers; integers are converted to float32.
   *
   * @throws FormatException if the file is anything else, damaged, or its array is in Fortran's
   *     order or holds no real numbers
   * @throws IOException if it cannot be read
   */
  public static Parameter read(Path file) throws IOException {
    return tensor(file, MappedFile.map(file)).parameter(file);
  }

  /**
   * Opens a file with one array, which is called as the file, without {@code .npy}.
   *
   * @throws FormatException as {@link #read}
   * @throws IOException if it cannot be read
   */
  public static WeightSource open(Path file) throws IOException {
    return read(file, MappedFile.map(file));
  }

  /**
   * Reads an array from memory.
   *
   * @param file for errors and the array's name
   */
  static WeightSource read(Path file, MemorySegment bytes) throws FormatException {
    return new TensorTable(file, "npy", List.of(tensor(file, bytes)), ElementType.Kind.INTEGER);
  }

  private static StoredTensor tensor(Path file, MemorySegment bytes) throws FormatException {
    var storage = new Storage.InPlace(bytes, 0);
    var header = NpyHeader.read(file, "header", storage.prefix(NpyHeader.LONGEST), storage.size());
    String name = String.valueOf(file.getFileName());
    if (name.endsWith(SUFFIX)) name = name.substring(0, name.length() - SUFFIX.length());
    return StoredTensor.contiguous(
        name, header.shape(), header.type(), header.order(), storage, header.length());
  }

  /**
   * Writes an array as float32 in row-major order. The file appears under its name only when it is
   * complete; an existing one is replaced.
   *
   * @param file where to write
   * @param shape the extents
   * @param values row-major values, as many as {@code shape} has
   * @throws IllegalArgumentException if the number of values is another
   * @throws IOException if the file cannot be written; nothing stays behind
   */
  public static void write(Path file, Shape shape, float... values) throws IOException {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException("npy: " + values.length + " values for shape " + shape);
    }
    PartFile.write(
        file,
        channel -> {
          PartFile.writeFully(channel, ByteBuffer.wrap(NpyHeader.bytes("<f4", shape)));
          var chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
          for (int at = 0; at < values.length; ) {
            int count = Math.min(CHUNK / Float.BYTES, values.length - at);
            chunk.clear();
            for (int i = 0; i < count; i++) chunk.putFloat(values[at + i]);
            PartFile.writeFully(channel, chunk.flip());
            at += count;
          }
        });
  }
}
