package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ProtobufTest {
  private static Protobuf reader(byte... bytes) {
    return Protobuf.of(new OnnxFile(OnnxWriter.FILE, MemorySegment.ofArray(bytes)), "Thing");
  }

  private static Protobuf reader(ProtobufWriter message) {
    return reader(message.toByteArray());
  }

  private static void assertRefused(String message, Executable reading) {
    assertEquals("net.onnx: " + message, assertThrows(FormatException.class, reading).getMessage());
  }

  private static Executable readAll(byte... bytes) {
    return () -> {
      Protobuf message = reader(bytes);
      while (message.next()) {}
    };
  }

  @Test
  void readsEveryKindOfField() throws Exception {
    Protobuf message =
        reader(
            new ProtobufWriter()
                .varint(1, 300)
                .varint(2, -1)
                .fixed32(3, 1.5f)
                .tag(4, 1)
                .little(Double.doubleToRawLongBits(2.5), 8)
                .text(1000, "é")
                .message(5, new ProtobufWriter().varint(7, 8)));
    assertTrue(message.next());
    assertEquals(1, message.field());
    assertEquals(300, message.integer());
    assertTrue(message.next());
    assertEquals(-1, message.integer());
    assertTrue(message.next());
    assertEquals(1.5f, message.real());
    assertTrue(message.next());
    assertEquals(2.5, Double.longBitsToDouble(message.fixed64().next()));
    assertTrue(message.next());
    assertEquals(1000, message.field());
    assertEquals("é", message.text());
    assertTrue(message.next());
    assertEquals(2, message.raw().byteSize());
    Protobuf inner = message.message("Inner");
    assertTrue(inner.next());
    assertEquals(7, inner.field());
    assertEquals(8, inner.integer());
    assertFalse(inner.next());
    assertFalse(message.next());
  }

  @Test
  void readsRepeatedNumbersPackedOrNot() throws Exception {
    Protobuf message =
        reader(
            new ProtobufWriter()
                .varint(1, 5)
                .packedVarints(1, 6, -7)
                .varint(1, 8)
                .packedFloats(2, 0.5f, 1.5f)
                .fixed32(2, 2.5f));
    var integers = LongStream.builder();
    var reals = DoubleStream.builder();
    while (message.next()) {
      if (message.field() == 1) message.integers(integers);
      if (message.field() == 2) message.reals(reals);
    }
    assertArrayEquals(new long[] {5, 6, -7, 8}, integers.build().toArray());
    assertArrayEquals(new double[] {0.5, 1.5, 2.5}, reals.build().toArray());
  }

  @Test
  void skipsWhatIsNotRead() throws Exception {
    Protobuf message =
        reader(
            new ProtobufWriter()
                .text(9, "skipped")
                .fixed32(9, 1)
                .tag(9, 1)
                .little(Double.doubleToRawLongBits(1), 8)
                .varint(9, 1L << 40)
                .varint(1, 4));
    while (message.next()) {
      if (message.field() == 1) assertEquals(4, message.integer());
    }
    assertEquals(1, message.field());
  }

  @Test
  void canStartAgain() throws Exception {
    Protobuf message = reader(new ProtobufWriter().varint(1, 4));
    while (message.next()) {}
    Protobuf again = message.restart();
    assertTrue(again.next());
    assertEquals(4, again.integer());
    assertEquals(0, again.start());
    assertEquals(1, again.valueStart());
  }

  @Test
  void rawBytesAreNotCopied() throws Exception {
    byte[] bytes = new ProtobufWriter().bytes(1, new byte[] {1, 2}).toByteArray();
    Protobuf message = reader(bytes);
    assertTrue(message.next());
    bytes[3] = 9;
    assertEquals(9, message.raw().get(ValueLayout.JAVA_BYTE, 1));
  }

  @Test
  void refusesWhatIsCutOff() {
    assertRefused(
        "Thing ends within a number (at offset 1), expected more bytes", readAll((byte) 0x88));
    assertRefused(
        "Thing ends within a number (at offset 2), expected more bytes",
        readAll((byte) 0x08, (byte) 0x80));
    assertRefused(
        "Thing has a field of 5 bytes (at offset 2), expected at most the 1 that are left",
        readAll((byte) 0x0a, (byte) 5, (byte) 1));
    assertRefused(
        "Thing has a field of 4 bytes (at offset 1), expected at most the 3 that are left",
        readAll((byte) 0x0d, (byte) 1, (byte) 1, (byte) 1));
    assertRefused(
        "Thing has a field of 18446744073709551615 bytes (at offset 11), expected at most the 0 that"
            + " are left",
        readAll(new ProtobufWriter().tag(1, 2).raw(-1).toByteArray()));
  }

  @Test
  void refusesWhatIsNoProtobuf() {
    assertRefused(
        "Thing has a field of wire type 3 (at offset 0), expected an ONNX model",
        readAll((byte) 0x0b));
    assertRefused(
        "Thing has a field tag 0 (at offset 0), expected an ONNX model", readAll((byte) 0));
    assertRefused(
        "Thing has a field tag 34359738368 (at offset 0), expected an ONNX model",
        readAll(new ProtobufWriter().raw(1L << 35).toByteArray()));
    byte[] endless = new byte[12];
    Arrays.fill(endless, (byte) 0x80);
    assertRefused(
        "Thing has a number of more than 10 bytes (at offset 0), expected a varint",
        readAll(endless));
  }

  @Test
  void refusesFieldsOfAnotherKind() {
    Protobuf number = reader(new ProtobufWriter().varint(3, 4));
    assertRefused(
        "field 3 of Thing has wire type 0 (at offset 1), expected wire type 2",
        () -> {
          number.next();
          number.text();
        });
    Protobuf text = reader(new ProtobufWriter().text(3, "x"));
    assertRefused(
        "field 3 of Thing has wire type 2 (at offset 2), expected wire type 0",
        () -> {
          text.next();
          text.integer();
        });
  }

  @Test
  void refusesPackedNumbersThatAreCutOff() {
    Protobuf message = reader(new ProtobufWriter().bytes(1, new byte[] {0, 0, 0, 0, 0}));
    assertRefused(
        "Thing has a field of 4 bytes (at offset 6), expected at most the 1 that are left",
        () -> {
          message.next();
          Protobuf.Numbers numbers = message.fixed32();
          numbers.next();
          numbers.next();
        });
  }

  @Test
  void refusesMoreThanTheAllowance() {
    var file = new OnnxFile(OnnxWriter.FILE, MemorySegment.ofArray(new byte[100]));
    assertRefused(
        "it needs far more memory than the 100 bytes of the file",
        () -> {
          file.allocate("it", 20 << 20);
          file.allocate("it", 20 << 20);
        });
  }
}
