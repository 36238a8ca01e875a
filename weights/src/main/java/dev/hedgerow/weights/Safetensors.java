package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/**
 * Reads the safetensors format: eight bytes with the length of a JSON header, the header, and the
 * tensors' values. F32, F16, BF16 and F64 tensors can be read; other types are listed.
 */
public final class Safetensors {
  private static final int PREFIX = Long.BYTES;
  private static final long LONGEST_HEADER = 100_000_000;

  private Safetensors() {}

  /**
   * Opens a safetensors file.
   *
   * @throws FormatException if the file is anything else, or breaks a rule of the format
   * @throws IOException if it cannot be read
   */
  public static WeightSource open(Path file) throws IOException {
    return read(file, MappedFile.map(file));
  }

  /** Returns whether a file starts as safetensors files do. */
  static boolean recognises(MemorySegment bytes) {
    return bytes.byteSize() > PREFIX
        && bytes.get(ValueLayout.JAVA_BYTE, PREFIX) == '{'
        && headerLength(bytes) >>> 32 == 0;
  }

  /**
   * Reads safetensors from memory.
   *
   * @param file for errors
   */
  static WeightSource read(Path file, MemorySegment bytes) throws FormatException {
    if (bytes.byteSize() < PREFIX + 2) {
      throw new FormatException(
          file, bytes.byteSize() + " bytes", "", "safetensors: 8 bytes and a header");
    }
    long length = headerLength(bytes);
    if (length < 2 || length > LONGEST_HEADER) {
      throw new FormatException(
          file,
          "safetensors header of " + Long.toUnsignedString(length) + " bytes",
          "offset 0",
          "2 to " + LONGEST_HEADER + " bytes");
    }
    if (length > bytes.byteSize() - PREFIX) {
      throw new FormatException(
          file,
          "truncated: header of " + length + " bytes in a file of " + bytes.byteSize(),
          "offset 0",
          "the whole header");
    }
    if (bytes.get(ValueLayout.JAVA_BYTE, PREFIX) != '{') {
      throw new FormatException(file, "no JSON header", "offset " + PREFIX, "'{'");
    }
    List<Entry> entries = header(file, bytes.asSlice(PREFIX, length));
    MemorySegment data = bytes.asSlice(PREFIX + length);
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    var tensors = new ArrayList<StoredTensor>(entries.size());
    long covered = 0;
    for (Entry entry : entries) {
      if (entry.begin != covered) {
        throw new FormatException(
            file,
            (entry.begin < covered ? "values overlap" : "a gap before the values")
                + ": data_offsets begin at "
                + entry.begin,
            "tensor " + entry.name,
            "they begin at " + covered);
      }
      covered = entry.end;
      if (covered > data.byteSize()) {
        throw new FormatException(
            file,
            "truncated: data_offsets end at " + covered + " of " + data.byteSize() + " bytes",
            "tensor " + entry.name,
            "a file of " + (PREFIX + length + covered) + " bytes or more");
      }
      tensors.add(entry.in(data, PREFIX + length));
    }
    if (covered != data.byteSize()) {
      throw new FormatException(
          file,
          data.byteSize() - covered + " bytes after the last tensor",
          "offset " + (PREFIX + length + covered),
          "the end of the file");
    }
    return new TensorTable(file, "safetensors", tensors, ElementType.Kind.FLOATING);
  }

  private static long headerLength(MemorySegment bytes) {
    return bytes.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
  }

  private static List<Entry> header(Path file, MemorySegment text) throws FormatException {
    var json = new JsonReader(file, text, PREFIX);
    var entries = new ArrayList<Entry>();
    var names = new HashSet<String>();
    json.object(
        name -> {
          if (!names.add(name)) {
            throw new FormatException(file, "two entries of that name", "tensor " + name, "one");
          }
          if (names.size() > TensorTable.MOST_TENSORS) {
            throw new FormatException(
                file, "too many tensors", "", "at most " + TensorTable.MOST_TENSORS);
          }
          if (name.equals("__metadata__")) {
            json.object(key -> json.skipString());
          } else {
            entries.add(entry(file, name, json));
          }
        });
    json.end();
    return entries;
  }

  private static Entry entry(Path file, String name, JsonReader json) throws FormatException {
    String where = "tensor " + name;
    var types = new ArrayList<String>(1);
    var shapes = new ArrayList<long[]>(1);
    var offsets = new ArrayList<long[]>(1);
    json.object(
        key -> {
          switch (key) {
            case "dtype" -> types.add(json.string());
            case "shape" -> shapes.add(numbers(json));
            case "data_offsets" -> offsets.add(numbers(json));
            default -> json.skip();
          }
          if (types.size() > 1 || shapes.size() > 1 || offsets.size() > 1) {
            throw new FormatException(file, "second " + key, where, "one");
          }
        });
    if (types.isEmpty() || shapes.isEmpty() || offsets.isEmpty()) {
      throw new FormatException(file, "incomplete entry", where, "dtype, shape and data_offsets");
    }
    ElementType type =
        ElementType.find(types.getFirst())
            .orElseThrow(
                () ->
                    new FormatException(
                        file, "unknown dtype " + types.getFirst(), where, "one such as F32"));
    Shape shape = StoredTensor.shape(file, where, shapes.getFirst());
    long[] range = offsets.getFirst();
    if (range.length != 2 || range[0] < 0 || range[1] < range[0]) {
      throw new FormatException(
          file, "data_offsets " + Arrays.toString(range), where, "[begin, end]");
    }
    long bits = (long) type.bits() * shape.size();
    if (bits % Byte.SIZE != 0 || bits / Byte.SIZE != range[1] - range[0]) {
      throw new FormatException(
          file,
          "data_offsets " + Arrays.toString(range) + " for " + type + " of shape " + shape,
          where,
          bits % Byte.SIZE == 0 ? bits / Byte.SIZE + " bytes" : "whole bytes");
    }
    return new Entry(name, type, shape, range[0], range[1]);
  }

  private static long[] numbers(JsonReader json) throws FormatException {
    var numbers = new ArrayList<Long>();
    json.array(
        () -> {
          if (numbers.size() > StoredTensor.MOST_AXES) json.skip();
          else numbers.add(json.integer());
        });
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  /** A tensor as the header describes it; the offsets count from the end of the header. */
  private record Entry(String name, ElementType type, Shape shape, long begin, long end) {
    StoredTensor in(MemorySegment data, long base) {
      var storage = new Storage.InPlace(data.asSlice(begin, end - begin), base + begin);
      return StoredTensor.contiguous(name, shape, type, ByteOrder.LITTLE_ENDIAN, storage, 0);
    }
  }
}
