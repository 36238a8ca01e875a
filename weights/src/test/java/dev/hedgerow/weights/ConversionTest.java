package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.f64;
import static dev.hedgerow.weights.Samples.i16;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.safetensors;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.weights.Conversion.Format;
import dev.hedgerow.weights.Conversion.Precision;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ConversionTest {
  @TempDir Path folder;
  private Path in = Path.of("");

  @BeforeEach
  void writeInput() throws IOException {
    in = folder.resolve("in.file");
    Files.write(
        in,
        safetensors(
            "{\"n\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]},"
                + "\"a\\\"b\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[3,11]},"
                + "\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[11,19]},"
                + "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[19,27]},"
                + "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[27,31]}}",
            concat(
                new byte[] {1, 0, 1}, f32(1.5f, -2e5f), f64(0.1), i64(1L << 60), i16(0x3c00, 1))));
  }

  private Path convert(Path from, String name, Format format, Precision... precision)
      throws IOException {
    Path to = folder.resolve(name);
    Conversion.convert(from, to, format, Stream.of(precision).findFirst());
    return to;
  }

  @Test
  void safetensorsAreAlignedAndKeepEveryType() throws IOException {
    Path out = convert(in, "out", Format.SAFETENSORS);
    byte[] bytes = Files.readAllBytes(out);
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertEquals(0, header % 8);
    String json = new String(bytes, 8, (int) header, java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
            + "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]},"
            + "\"a\\\"b\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[16,24]},"
            + "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[24,28]},"
            + "\"n\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[28,31]}}",
        json.stripTrailing());
    assertArrayEquals(
        concat(f64(0.1), i64(1L << 60), f32(1.5f, -2e5f), i16(0x3c00, 1), new byte[] {1, 0, 1}),
        java.util.Arrays.copyOfRange(bytes, 8 + (int) header, bytes.length));
    assertArrayEquals(bytes, Files.readAllBytes(convert(in, "again", Format.SAFETENSORS)));
    // A file of our own is a fixed point.
    assertArrayEquals(bytes, Files.readAllBytes(convert(out, "twice", Format.SAFETENSORS)));
  }

  @Test
  void npzAndBackIsTheSame() throws IOException {
    Path npz = convert(in, "out.npz", Format.NPZ);
    assertEquals("npz", WeightFile.open(npz).format());
    assertArrayEquals(
        Files.readAllBytes(convert(in, "direct", Format.SAFETENSORS)),
        Files.readAllBytes(convert(npz, "back", Format.SAFETENSORS)));
    assertArrayEquals(Files.readAllBytes(npz), Files.readAllBytes(convert(in, "npz", Format.NPZ)));
    try (var zip = new java.util.zip.ZipFile(npz.toFile())) {
      // The JDK's reader compares the checksums.
      byte[] array = zip.getInputStream(zip.getEntry("d.npy")).readAllBytes();
      assertArrayEquals(Samples.npy(header("<f8", "()"), f64(0.1)), array);
    }
  }

  private static String header(String type, String shape) {
    String text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
    return text + " ".repeat(117 - text.length());
  }

  @Test
  void tensorsOfOursMustFitTheirPrecision() {
    Path out = folder.resolve("large");
    var large = Map.of("w", Parameter.of(Shape.of(1), new float[] {1e5f}));
    var wrong = assertThrows(IOException.class, () -> Conversion.write(large, out, Precision.F16));
    assertEquals("too large for F16: [w]", wrong.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void numbersTooLargeAreCounted() throws IOException {
    Path out = folder.resolve("half");
    var summary = Conversion.convert(in, out, Format.SAFETENSORS, Optional.of(Precision.F16));
    assertEquals(Map.of("a\"b", 1L), summary.overflows());
    assertEquals(5, summary.tensors());
    assertEquals(9, summary.values());
    assertEquals(Files.size(out), summary.bytes());
    WeightSource half = WeightFile.open(out);
    assertArrayEquals(
        new float[] {1.5f, Float.NEGATIVE_INFINITY}, half.parameter("a\"b").toArray());
    assertEquals(
        "I64", half.tensors().stream().filter(t -> t.name().equals("i")).findAny().get().type());
  }

  @Test
  void numPyHasNoBfloat16() throws IOException {
    Path out = folder.resolve("brain.npz");
    var error =
        assertThrows(
            FormatException.class,
            () -> Conversion.convert(in, out, Format.NPZ, Optional.of(Precision.BF16)));
    assertEquals(
        in + ": NumPy has no type for BF16 (at tensor a\"b), expected f32 or f16, or safetensors",
        error.getMessage());
    assertTrue(Files.notExists(out));
  }

  /** A stride of 0 makes any size of four bytes. */
  @Test
  void tensorsThatRepeatTheirElementsAreNotWrittenOut() throws IOException {
    int extent = 2_000_000;
    var pickle = new PickleWriter().raw("}(");
    for (int i = 0; i < 10; i++) {
      pickle.text("t" + i).tensor("FloatStorage", "0", 1, 0, new long[] {extent}, new long[] {0});
    }
    Files.write(in, Samples.checkpoint(pickle.raw('u').stop(), f32(1)));
    Path out = folder.resolve("out");
    long held = Files.size(in);
    for (Format format : Format.values()) {
      // Halves of them would not be too many bytes.
      for (Optional<Precision> precision :
          List.of(Optional.<Precision>empty(), Optional.of(Precision.F16))) {
        var error =
            assertThrows(
                FormatException.class, () -> Conversion.convert(in, out, format, precision));
        assertEquals(
            "%s: tensors of 80000000 bytes in a file of %d, expected at most %d bytes, 8 times the"
                    .formatted(in, held, 8 * held + (48 << 20))
                + " file and 48 MiB",
            error.getMessage());
      }
    }
    assertEquals(List.of(in), files());
  }

  @Test
  void nothingStaysBehindWhereNothingCanBeWritten() throws IOException {
    Path taken = Files.createDirectories(folder.resolve("taken.npz/full"));
    assertThrows(
        IOException.class, () -> convert(in, taken.getParent().getFileName() + "", Format.NPZ));
    assertEquals(List.of(in, folder.resolve("taken.npz")), files());
  }

  /** Returns a channel to a disk with room for some bytes. */
  private static SeekableByteChannel full(SeekableByteChannel channel, long room) {
    return (SeekableByteChannel)
        Proxy.newProxyInstance(
            ConversionTest.class.getClassLoader(),
            new Class<?>[] {SeekableByteChannel.class},
            (_, method, arguments) -> {
              if (method.getName().equals("write")
                  && channel.position() + ((ByteBuffer) arguments[0]).remaining() > room) {
                throw new IOException("No space left on device");
              }
              return method.invoke(channel, arguments);
            });
  }

  @ParameterizedTest
  @EnumSource
  void aFullDiskLeavesEverythingAsItWas(Format format) throws IOException {
    Path out = folder.resolve("out.file");
    Path whole = convert(in, "whole", format);
    long size = Files.size(whole);
    Files.delete(whole);
    for (String before : List.of("", "an older file")) {
      if (!before.isEmpty()) Files.writeString(out, before);
      List<Path> files = files();
      for (long room = 0; room < size; room++) {
        long bytes = room;
        var error =
            assertThrows(
                IOException.class,
                () ->
                    Conversion.convert(
                        in,
                        out,
                        format,
                        Optional.empty(),
                        part -> full(PartFile.open(part), bytes)));
        assertEquals("No space left on device", error.getMessage());
        assertEquals(files, files(), "room for " + bytes);
      }
      if (!before.isEmpty()) assertEquals(before, Files.readString(out));
    }
    Conversion.convert(in, out, format, Optional.empty(), part -> full(PartFile.open(part), size));
    assertEquals(size, Files.size(out));
  }

  private List<Path> files() throws IOException {
    try (var files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void transposedAndBigEndianTensorsAreWrittenInOrder() throws IOException {
    byte[] pickle =
        new PickleWriter()
            .raw("}(")
            .text("t")
            .tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, new long[] {1, 2})
            .raw('u')
            .stop();
    for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
      Files.write(
          in,
          Samples.zip(
              false,
              Samples.entries(
                  pickle,
                  order == ByteOrder.BIG_ENDIAN ? "big" : "little",
                  f32(order, 0, 1, 2, 3, 4, 5))));
      for (Format format : Format.values()) {
        WeightSource out = WeightFile.open(convert(in, "out", format));
        assertArrayEquals(new float[] {0, 2, 4, 1, 3, 5}, out.parameter("t").toArray());
      }
    }
  }

  /** Against the definition: no other number of the type is nearer; of two as near, the even. */
  @Test
  void doublesAreRoundedOnce() {
    var random = new SplittableRandom(5);
    for (ElementType type : List.of(ElementType.F16, ElementType.BF16)) {
      for (int i = 0; i < 20_000; i++) {
        int bits = random.nextInt(0x7b00);
        double low = value(type, bits);
        double high = value(type, bits + 1);
        double middle = low + (high - low) / 2;
        for (double x : new double[] {middle, Math.nextUp(middle), Math.nextDown(middle), low}) {
          var exact = new BigDecimal(x);
          int nearer =
              exact.subtract(new BigDecimal(low)).compareTo(new BigDecimal(high).subtract(exact));
          int expected = nearer < 0 || nearer == 0 && bits % 2 == 0 ? bits : bits + 1;
          assertEquals(expected, round(type, x), type + " " + x);
          assertEquals(expected | 0x8000, round(type, -x), type + " " + -x);
        }
      }
      assertTrue(Double.isNaN(value(type, round(type, Double.NaN))));
      int infinity = round(type, Double.POSITIVE_INFINITY);
      assertEquals(Double.POSITIVE_INFINITY, value(type, infinity));
      assertEquals(infinity, round(type, Double.MAX_VALUE));
      assertEquals(0, round(type, Double.MIN_VALUE));
      assertEquals(0x8000, round(type, -0.0));
    }
  }

  private static double value(ElementType type, int bits) {
    return type == ElementType.F16
        ? Float.float16ToFloat((short) bits)
        : Float.intBitsToFloat(bits << 16);
  }

  private static int round(ElementType type, double value) {
    var to = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN);
    type.round(
        ElementType.F64, MemorySegment.ofArray(f64(value)), 0, 1, ByteOrder.LITTLE_ENDIAN, to, 1);
    return to.getShort(0) & 0xffff;
  }
}
