package dev.hedgerow.weights;

import static dev.hedgerow.weights.OnnxProto.header;
import static dev.hedgerow.weights.OnnxWriter.external;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every type and every place of a tensor's values. */
class OnnxTensorTest {
  private static final Shape PAIR = Shape.of(2);

  private static OnnxTensor read(Path path, byte[] message) throws FormatException {
    var file = new OnnxFile(path, MemorySegment.ofArray(message));
    return OnnxTensor.read(file, Protobuf.of(file, "TensorProto"));
  }

  private static Constant constant(ProtobufWriter tensor) throws FormatException {
    return read(OnnxWriter.FILE, tensor.toByteArray()).constant();
  }

  private static void assertReals(ProtobufWriter tensor, float... expected) throws FormatException {
    var reals = assertInstanceOf(Constant.Reals.class, constant(tensor));
    assertEquals(Shape.of(expected.length), reals.shape());
    assertArrayEquals(expected, reals.values().toArray());
  }

  private static void assertIntegers(ProtobufWriter tensor, long... expected)
      throws FormatException {
    var integers = assertInstanceOf(Constant.Integers.class, constant(tensor));
    assertEquals(Shape.of(expected.length), integers.shape());
    assertArrayEquals(expected, integers.values());
  }

  private static void assertRefused(String message, ProtobufWriter tensor) {
    var error = assertThrows(FormatException.class, () -> constant(tensor));
    assertEquals("net.onnx: " + message, error.getMessage());
  }

  private static ProtobufWriter raw(int type, Shape shape, int width, long... values) {
    var raw = new ProtobufWriter();
    for (long value : values) raw.little(value, width);
    return header("t", shape, type).message(9, raw);
  }

  @Test
  void floats() throws Exception {
    int half = Float.floatToRawIntBits(0.5f);
    int minus = Float.floatToRawIntBits(-3);
    assertReals(raw(1, PAIR, 4, half, minus), 0.5f, -3);
    assertReals(header("t", PAIR, 1).packedFloats(4, 0.5f, -3), 0.5f, -3);
    assertReals(header("t", PAIR, 1).fixed32(4, 0.5f).fixed32(4, -3), 0.5f, -3);
    assertReals(header("t", PAIR, 1).packedFloats(4, 0.5f).packedFloats(4, -3), 0.5f, -3);
  }

  @Test
  void doubles() throws Exception {
    assertReals(
        raw(11, PAIR, 8, Double.doubleToRawLongBits(0.1), Double.doubleToRawLongBits(-1e300)),
        0.1f,
        Float.NEGATIVE_INFINITY);
    assertReals(header("t", PAIR, 11).message(10, OnnxWriter.doubles(0.1, 2)), 0.1f, 2);
    assertReals(
        header("t", PAIR, 11)
            .tag(10, 1)
            .little(Double.doubleToRawLongBits(0.1), 8)
            .tag(10, 1)
            .little(Double.doubleToRawLongBits(2), 8),
        0.1f,
        2);
  }

  @Test
  void halves() throws Exception {
    // 0x3c00 is 1, 0xc400 is -4 in float16; 0x3f80 is 1, 0xc080 is -4 in bfloat16.
    assertReals(raw(10, PAIR, 2, 0x3c00, 0xc400), 1, -4);
    assertReals(header("t", PAIR, 10).packedVarints(5, 0x3c00, 0xc400), 1, -4);
    assertReals(raw(16, PAIR, 2, 0x3f80, 0xc080), 1, -4);
    assertReals(header("t", PAIR, 16).varint(5, 0x3f80).varint(5, 0xc080), 1, -4);
  }

  @Test
  void integers() throws Exception {
    assertIntegers(raw(7, PAIR, 8, Long.MIN_VALUE, 5), Long.MIN_VALUE, 5);
    assertIntegers(header("t", PAIR, 7).packedVarints(7, -1, Long.MAX_VALUE), -1, Long.MAX_VALUE);
    assertIntegers(header("t", PAIR, 7).varint(7, -1).varint(7, 3), -1, 3);
    assertIntegers(raw(6, PAIR, 4, -7, 7), -7, 7);
    assertIntegers(header("t", PAIR, 6).packedVarints(5, -7, 7), -7, 7);
    assertIntegers(raw(5, PAIR, 2, -7, 7), -7, 7);
    assertIntegers(raw(4, PAIR, 2, 0xffff, 7), 65535, 7);
    assertIntegers(raw(3, PAIR, 1, -7, 7), -7, 7);
    assertIntegers(raw(2, PAIR, 1, 0xff, 7), 255, 7);
    assertIntegers(header("t", PAIR, 2).packedVarints(5, 255, 7), 255, 7);
    assertIntegers(raw(9, PAIR, 1, 0, 1), 0, 1);
    assertIntegers(raw(12, PAIR, 4, 0xffff_ffffL, 7), 0xffff_ffffL, 7);
    assertIntegers(header("t", PAIR, 12).packedVarints(11, 0xffff_ffffL, 7), 0xffff_ffffL, 7);
    assertIntegers(header("t", PAIR, 13).packedVarints(11, 6, 7), 6, 7);
  }

  @Test
  void emptyAndScalar() throws Exception {
    assertReals(raw(1, Shape.of(0), 4));
    assertIntegers(header("t", Shape.of(0), 7));
    var scalar = assertInstanceOf(Constant.Integers.class, constant(raw(7, Shape.of(), 8, 42)));
    assertEquals(Shape.of(), scalar.shape());
    assertArrayEquals(new long[] {42}, scalar.values());
  }

  @Test
  void contiguousFloatsStayWhereTheyAre() throws Exception {
    for (ProtobufWriter tensor :
        List.of(raw(1, PAIR, 4, 0, 0), header("t", PAIR, 1).packedFloats(4, 0, 0))) {
      byte[] bytes = tensor.toByteArray();
      OnnxTensor read = read(OnnxWriter.FILE, bytes);
      var reals = assertInstanceOf(Constant.Reals.class, read.constant());
      bytes[bytes.length - 1] = 0x40; // 2 is 0x40000000
      assertEquals(2, reals.values().get(1));
    }
  }

  @Test
  void infoSaysWhatAndWhere() throws Exception {
    byte[] bytes = raw(16, PAIR, 2, 1, 2).toByteArray();
    assertEquals(
        new TensorInfo("t", PAIR, "BF16", bytes.length - 4), read(OnnxWriter.FILE, bytes).info());
    byte[] other = header("t", PAIR, 8).toByteArray();
    assertEquals(new TensorInfo("t", PAIR, "type 8", 0), read(OnnxWriter.FILE, other).info());
    byte[] outside =
        external("t", PAIR, 1, List.of("location", "w.bin", "offset", "64")).toByteArray();
    assertEquals(new TensorInfo("t", PAIR, "F32", 64), read(OnnxWriter.FILE, outside).info());
  }

  @Test
  void refusesMismatchedSizes() {
    assertRefused(
        "tensor \"t\" has 4 bytes of raw data (at offset 9), expected 8 for F32 [2]",
        raw(1, PAIR, 4, 1));
    assertRefused(
        "tensor \"t\" has 3 values (at offset 0), expected 2 for F32 [2]",
        header("t", PAIR, 1).packedFloats(4, 1, 2, 3));
    assertRefused(
        "tensor \"t\" has 0 values (at offset 0), expected 2000000000 for F16 [2000000000]",
        header("t", Shape.of(2_000_000_000), 10));
    assertRefused(
        "tensor \"t\" has 1 values (at offset 0), expected 2 for I64 [2]",
        header("t", PAIR, 7).packedVarints(7, 1));
  }

  @Test
  void refusesOtherTypes() {
    assertRefused(
        "tensor \"t\" has element type 8, expected a number type of ONNX", header("t", PAIR, 8));
    assertRefused(
        "tensor \"t\" has element type 0, expected a number type of ONNX", header("t", PAIR, 0));
  }

  @Test
  void refusesImpossibleShapes() {
    assertRefused(
        "axis 0 has extent -1 (at tensor t), expected 0 to 2^31-1",
        new ProtobufWriter().varint(1, -1).varint(2, 1).text(8, "t"));
    assertRefused(
        "shape [100000, 100000] has more than 2^31-1 elements (at tensor t)",
        new ProtobufWriter().packedVarints(1, 100_000, 100_000).varint(2, 1).text(8, "t"));
    assertRefused(
        "more than 64 axes (at tensor t), expected at most 64 axes",
        new ProtobufWriter().packedVarints(1, new long[65]).varint(2, 1).text(8, "t"));
  }

  @Test
  void refusesSegments() {
    assertRefused(
        "a tensor is split into segments (at offset 0), expected one piece",
        header("t", PAIR, 1).message(3, new ProtobufWriter()));
  }

  @TempDir Path folder;

  private Parameter externalFloats(String... place) throws IOException {
    ProtobufWriter tensor = external("t", PAIR, 1, List.of(place));
    OnnxTensor read = read(folder.resolve("net.onnx"), tensor.toByteArray());
    return assertInstanceOf(Constant.Reals.class, read.constant()).values();
  }

  private void assertExternalRefused(String message, String... place) {
    var error = assertThrows(FormatException.class, () -> externalFloats(place));
    assertEquals(folder.resolve("net.onnx") + ": " + message, error.getMessage());
  }

  private void write(String name, float... values) throws IOException {
    var bytes = new ProtobufWriter();
    for (float value : values) bytes.little(Float.floatToRawIntBits(value), 4);
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes.toByteArray());
  }

  @Test
  void externalData() throws Exception {
    write("w.bin", 1, 2, 3, 4);
    assertArrayEquals(
        new float[] {2, 3},
        externalFloats("location", "w.bin", "offset", "4", "length", "8").toArray());
    assertArrayEquals(
        new float[] {1, 2}, externalFloats("location", "w.bin", "checksum", "x").toArray());
    write("more/w.bin", 5, 6);
    assertArrayEquals(new float[] {5, 6}, externalFloats("location", "more/w.bin").toArray());
    assertArrayEquals(new float[] {1, 2}, externalFloats("location", "more/../w.bin").toArray());
  }

  @Test
  void anExternalFileCountsOnceUnderAnySpelling() throws Exception {
    write("w.bin", new float[4 << 20]);
    var file = new OnnxFile(folder.resolve("net.onnx"), MemorySegment.ofArray(new byte[0]));
    for (String location : List.of("w.bin", "./w.bin", "more/../w.bin", "././w.bin")) {
      file.external("t", location, 0, 4);
    }
    // What is free to every file, and 16 MiB for the external one.
    file.allocate("t", 48L << 20);
    assertThrows(FormatException.class, () -> file.allocate("t", 1));
  }

  @Test
  void externalDataOfOtherTypes() throws Exception {
    Files.write(folder.resolve("h.bin"), new byte[] {0, 0x3c, 0, (byte) 0xc4});
    byte[] message =
        external("t", PAIR, 10, List.of("location", "h.bin", "length", "4")).toByteArray();
    var reals =
        assertInstanceOf(
            Constant.Reals.class, read(folder.resolve("net.onnx"), message).constant());
    assertArrayEquals(new float[] {1, -4}, reals.values().toArray());
  }

  @Test
  void externalDataThatIsNotThere() throws Exception {
    assertExternalRefused(
        "tensor \"t\" lies in \"w.bin\", which is not there, expected 8 bytes from offset 4",
        "location",
        "w.bin",
        "offset",
        "4");
    Files.createDirectory(folder.resolve("w"));
    assertExternalRefused(
        "tensor \"t\" lies in \"w\", which is not there, expected 8 bytes from offset 0",
        "location",
        "w");
    write("w.bin", 1, 2);
    assertExternalRefused(
        "tensor \"t\" lies in \"w.bin\" of 8 bytes, expected 8 bytes from offset 4",
        "location",
        "w.bin",
        "offset",
        "4");
    assertExternalRefused(
        "tensor \"t\" lies in \"w.bin\" of 8 bytes, expected 8 bytes from offset"
            + " 9223372036854775807",
        "location",
        "w.bin",
        "offset",
        "9223372036854775807");
    assertExternalRefused(
        "tensor \"t\" has 4 bytes in \"w.bin\", expected 8 for F32 [2]",
        "location",
        "w.bin",
        "length",
        "4");
    Files.createFile(folder.resolve("empty.bin"));
    assertExternalRefused(
        "tensor \"t\" lies in \"empty.bin\" of 0 bytes, expected 8 bytes from offset 0",
        "location",
        "empty.bin");
  }

  @Test
  void externalDataStaysInTheFolder() throws Exception {
    Path outside = folder.resolveSibling("outside.bin");
    for (String location :
        List.of(
            "../outside.bin",
            "a/../../outside.bin",
            "..",
            "",
            outside.toAbsolutePath().toString(),
            "a\0b")) {
      assertExternalRefused(
          "tensor \"t\" lies in \""
              + location.replace("\0", "\\x00")
              + "\", expected a file in the model's folder",
          "location",
          location);
    }
  }

  @Test
  void externalDataOfABrokenPlace() {
    assertExternalRefused(
        "external data is placed by \"-4\" (at offset 9), expected a number of bytes",
        "offset",
        "-4",
        "location",
        "w");
    assertExternalRefused(
        "external data is placed by \"1e3\" (at offset 9), expected a number of bytes",
        "length",
        "1e3",
        "location",
        "w");
  }
}
