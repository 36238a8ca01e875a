package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Rewrites weights of any readable format as safetensors or {@code .npz}. Values pass through a
 * small buffer; only tensors that the file holds compressed are unpacked, one at a time. The same
 * file gives the same bytes each time.
 */
public final class Conversion {
  /** What a written file may be. */
  public enum Format {
    SAFETENSORS,
    NPZ;

    /** Returns the format that the end of a file's name stands for. */
    public static Optional<Format> of(Path file) {
      String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
      if (name.endsWith(".safetensors")) return Optional.of(SAFETENSORS);
      return name.endsWith(".npz") ? Optional.of(NPZ) : Optional.empty();
    }
  }

  /** What tensors of floating-point numbers are rounded to: to nearest, ties to even. */
  public enum Precision {
    F32(ElementType.F32),
    F16(ElementType.F16),
    BF16(ElementType.BF16);

    private final ElementType type;

    Precision(ElementType type) {
      this.type = type;
    }
  }

  /**
   * What was written.
   *
   * @param tensors how many
   * @param values how many in all of them
   * @param bytes size of the file
   * @param overflows tensors with numbers too large for the precision, which became infinite: how
   *     many each has, in the file's order
   */
  public record Summary(int tensors, long values, long bytes, Map<String, Long> overflows) {
    public Summary {
      overflows = Collections.unmodifiableMap(new LinkedHashMap<>(overflows));
    }
  }

  private static final int CHUNK = 1 << 16;

  private final Map<String, Long> overflows = new LinkedHashMap<>();
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * A tensor to be written.
   *
   * @param type of its elements in the new file
   */
  record Item(StoredTensor tensor, ElementType type) {
    String name() {
      return tensor.info().name();
    }

    /** Returns how many bytes its elements take. */
    long size() {
      return Conversion.size(tensor, type);
    }
  }

  private Conversion() {}

  /** Returns how many bytes a tensor's elements take as some type. */
  private static long size(StoredTensor tensor, ElementType type) {
    return ((long) type.bits() * tensor.info().shape().size() + 7) / 8;
  }

  /**
   * Converts a file. The new one appears under its name only when it is complete; an existing one
   * is replaced.
   *
   * @param from weights in any format that {@link WeightFile} reads
   * @param to where to write
   * @param precision of floating-point tensors; each keeps its own if empty. Others stay as they
   *     are
   * @throws FormatException if {@code from} cannot be read, stands for far more bytes than it has,
   *     or holds numbers for which {@code format} has no type
   * @throws IOException if {@code to} cannot be written; nothing stays behind
   */
  public static Summary convert(Path from, Path to, Format format, Optional<Precision> precision)
      throws IOException {
    return convert(from, to, format, precision, PartFile::open);
  }

  static Summary convert(
      Path from, Path to, Format format, Optional<Precision> precision, PartFile.Disk disk)
      throws IOException {
    WeightSource source = WeightFile.open(from);
    TensorTable table = source instanceof KerasFile keras ? keras.table() : (TensorTable) source;
    var items = new ArrayList<Item>();
    for (StoredTensor tensor : table.stored()) {
      boolean real = tensor.type().kind() == ElementType.Kind.FLOATING;
      items.add(
          new Item(tensor, real && precision.isPresent() ? precision.get().type : tensor.type()));
    }
    checkSize(from, items);
    var conversion = new Conversion();
    if (format == Format.NPZ) NpzWriter.check(from, items);
    long[] size = new long[1];
    PartFile.write(
        to,
        disk,
        channel -> {
          switch (format) {
            case SAFETENSORS -> SafetensorsWriter.write(channel, items, conversion);
            case NPZ -> NpzWriter.write(channel, items, conversion);
          }
          size[0] = channel.size();
        });
    long values = items.stream().mapToLong(item -> item.tensor.info().shape().size()).sum();
    return new Summary(items.size(), values, size[0], conversion.overflows);
  }

  /**
   * Refuses a small file that stands for large tensors, as no file of trained weights does,
   * whatever they are rounded to.
   */
  private static void checkSize(Path from, List<Item> items) throws IOException {
    long held = Files.size(from);
    long size = items.stream().mapToLong(item -> size(item.tensor, item.tensor.type())).sum();
    long most = Storage.EXPANSION * held + Storage.ALLOWANCE;
    if (size <= most) return;
    throw new FormatException(
        from,
        "tensors of " + size + " bytes in a file of " + held,
        "",
        "at most %d bytes, %d times the file and %d MiB"
            .formatted(most, Storage.EXPANSION, Storage.ALLOWANCE >> 20));
  }

  /**
   * Writes tensors as safetensors. The same values give the same bytes each time.
   *
   * @param tensors by name
   * @param to where to write; an existing file is replaced
   * @param precision what all are rounded to
   * @throws IOException if {@code to} cannot be written, or a number is too large for the
   *     precision; nothing stays behind
   */
  public static void write(Map<String, Parameter> tensors, Path to, Precision precision)
      throws IOException {
    var items = new ArrayList<Item>();
    tensors.forEach(
        (name, tensor) -> {
          float[] values = tensor.toArray();
          ByteBuffer bytes =
              ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          var storage = new Storage.InPlace(MemorySegment.ofArray(bytes.array()), 0);
          items.add(
              new Item(
                  StoredTensor.contiguous(
                      name, tensor.shape(), ElementType.F32, ByteOrder.LITTLE_ENDIAN, storage, 0),
                  precision.type));
        });
    var conversion = new Conversion();
    PartFile.write(
        to,
        channel -> {
          SafetensorsWriter.write(channel, items, conversion);
          if (!conversion.overflows.isEmpty()) {
            throw new IOException(
                "too large for %s: %s".formatted(precision, conversion.overflows.keySet()));
          }
        });
  }

  /** Takes the bytes that are written. */
  @FunctionalInterface
  interface Observer {
    void take(ByteBuffer bytes);
  }

  /** Writes the elements of a tensor, little-endian, in row-major order. */
  void write(SeekableByteChannel channel, Item item, Observer observer) throws IOException {
    long[] overflow = new long[1];
    chunk.clear();
    item.tensor.<IOException>forEachRun(
        CHUNK / 32,
        (bytes, offset, stride, count) -> {
          if (item.type == item.tensor.type()) {
            item.type.copy(bytes, offset, stride, item.tensor.order(), chunk, count);
          } else {
            overflow[0] +=
                item.type.round(
                    item.tensor.type(), bytes, offset, stride, item.tensor.order(), chunk, count);
          }
          if (chunk.remaining() < CHUNK / 2) flush(channel, observer);
        });
    flush(channel, observer);
    if (overflow[0] > 0) overflows.put(item.name(), overflow[0]);
  }

  private void flush(SeekableByteChannel channel, Observer observer) throws IOException {
    chunk.flip();
    observer.take(chunk.duplicate());
    PartFile.writeFully(channel, chunk);
    chunk.clear();
  }
}
