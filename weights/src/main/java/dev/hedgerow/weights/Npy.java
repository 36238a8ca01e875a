package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.UUID;
import java.util.stream.Collectors;

/** NumPy's {@code .npy} format: one array. */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final int CHUNK = 1 << 16;

  private Npy() {}

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
    Path target = file.toAbsolutePath();
    Path part = target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (var channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeFully(channel, ByteBuffer.wrap(header(shape)));
        var chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < values.length; ) {
          int count = Math.min(CHUNK / Float.BYTES, values.length - at);
          chunk.clear();
          for (int i = 0; i < count; i++) chunk.putFloat(values[at + i]);
          writeFully(channel, chunk.flip());
          at += count;
        }
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Returns the version 1.0 header of a float32 array, padded as NumPy pads it. */
  private static byte[] header(Shape shape) {
    String extents =
        Arrays.stream(shape.toArray())
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(", "));
    String tuple = "(" + extents + (shape.rank() == 1 ? ",)" : ")");
    String text = "{'descr': '<f4', 'fortran_order': False, 'shape': " + tuple + ", }";
    int prefix = MAGIC.length + 4;
    int length = (prefix + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    byte[] header = new byte[length];
    Arrays.fill(header, (byte) ' ');
    ByteBuffer.wrap(header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC)
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) (length - prefix))
        .put(text.getBytes(StandardCharsets.US_ASCII));
    header[length - 1] = '\n';
    return header;
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) channel.write(bytes);
  }
}
