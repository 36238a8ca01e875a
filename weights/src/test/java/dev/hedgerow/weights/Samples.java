package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Valid files of every format, made byte by byte, and what reading them should do. */
final class Samples {
  static final Path FILE = Path.of("weights.file");

  private Samples() {}

  static WeightSource read(byte[] bytes) throws FormatException {
    return WeightFile.read(FILE, MemorySegment.ofArray(bytes));
  }

  /** Reads a file and every tensor in it that can be read. */
  static void readAll(byte[] bytes) throws FormatException {
    WeightSource source = read(bytes);
    for (TensorInfo info : source.tensors()) {
      try {
        assertEquals(info.shape(), source.parameter(info.name()).shape());
      } catch (FormatException e) {
        if (!String.valueOf(e.getMessage()).contains("elements of type")) throw e;
      }
    }
  }

  static float[] tensor(byte[] bytes, String name) throws FormatException {
    return read(bytes).parameter(name).toArray();
  }

  /** Requires that a file is refused in one line that says {@code part}. */
  static void assertRefused(String part, byte[] bytes) {
    var error = assertThrows(FormatException.class, () -> readAll(bytes));
    String message = String.valueOf(error.getMessage());
    assertTrue(message.startsWith(FILE + ": "), message);
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.contains(part), message);
  }

  static byte[] concat(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) out.writeBytes(part);
    return out.toByteArray();
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static byte[] f32(float... values) {
    return f32(ByteOrder.LITTLE_ENDIAN, values);
  }

  static byte[] f32(ByteOrder order, float... values) {
    var bytes = ByteBuffer.allocate(4 * values.length).order(order);
    for (float value : values) bytes.putFloat(value);
    return bytes.array();
  }

  static byte[] f64(double... values) {
    var bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) bytes.putDouble(value);
    return bytes.array();
  }

  static byte[] i64(long... values) {
    var bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) bytes.putLong(value);
    return bytes.array();
  }

  static byte[] i16(int... values) {
    var bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) bytes.putShort((short) value);
    return bytes.array();
  }

  static byte[] safetensors(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return concat(i64(json.length), json, data);
  }

  static byte[] npy(String header, byte[] data) {
    return concat(
        ascii("\u0093NUMPY\u0001\u0000"), i16(header.length() + 1), ascii(header + "\n"), data);
  }

  static byte[] npy(String type, String shape, byte[] data) {
    return npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }", data);
  }

  static byte[] zip(boolean deflate, Map<String, byte[]> entries) {
    var out = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(out)) {
      for (var entry : entries.entrySet()) {
        var header = new ZipEntry(entry.getKey());
        header.setTimeLocal(LocalDateTime.of(2000, 1, 1, 0, 0));
        if (!deflate) {
          var crc = new CRC32();
          crc.update(entry.getValue());
          header.setMethod(ZipEntry.STORED);
          header.setSize(entry.getValue().length);
          header.setCrc(crc.getValue());
        }
        zip.putNextEntry(header);
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** Returns a checkpoint in a zip archive of stored entries; storages are numbered from 0. */
  static byte[] checkpoint(byte[] pickle, byte[]... storages) {
    return zip(false, entries(pickle, "little", storages));
  }

  static Map<String, byte[]> entries(byte[] pickle, String byteOrder, byte[]... storages) {
    var entries = new LinkedHashMap<String, byte[]>();
    entries.put("net/data.pkl", pickle);
    entries.put("net/byteorder", ascii(byteOrder));
    for (int i = 0; i < storages.length; i++) entries.put("net/data/" + i, storages[i]);
    entries.put("net/version", ascii("3\n"));
    return entries;
  }

  /** Returns a legacy checkpoint; storages are numbered from 0, {@code count} elements each. */
  static byte[] legacy(byte[] pickle, long count, byte[]... storages) {
    byte[] magic =
        new PickleWriter()
            .raw(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
            .stop();
    byte[] protocol = new PickleWriter().raw('M', 0xe9, 0x03).stop();
    byte[] system = new PickleWriter().raw("}(").text("little_endian").raw(0x88).raw('u').stop();
    var keys = new PickleWriter().raw("](");
    for (int i = 0; i < storages.length; i++) keys.text(i + "");
    byte[] file = concat(magic, protocol, system, pickle, keys.raw('e').stop());
    for (byte[] storage : storages) file = concat(file, i64(count), storage);
    return file;
  }

  /** Returns a state dict of two tensors in one storage of eight elements. */
  static PickleWriter smallStateDict(String type) {
    return new PickleWriter()
        .orderedDict()
        .raw('(')
        .text("fc.weight")
        .tensor(type, "0", 8, 0, new long[] {2, 3}, new long[] {3, 1})
        .text("fc.bias")
        .tensor(type, "0", 8, 6, new long[] {2}, new long[] {1})
        .raw('u');
  }
}
