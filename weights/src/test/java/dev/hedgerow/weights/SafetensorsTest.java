package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.assertRefused;
import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.f64;
import static dev.hedgerow.weights.Samples.i16;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.safetensors;
import static dev.hedgerow.weights.Samples.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SafetensorsTest {
  private static final String PAIR =
      "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
          + "'b':{'dtype':'F32','shape':[],'data_offsets':[8,12]}}";

  private static byte[] file(String header, byte[] data) {
    return safetensors(header.replace('\'', '"'), data);
  }

  @Test
  void readsEveryFloatingType() throws IOException {
    byte[] file =
        file(
            "{'__metadata__':{'format':'pt'},"
                + " 'f32' : { 'dtype' : 'F32' ,\n'shape' : [ 2 , 1 ] , 'data_offsets' : [0, 8]},"
                + "'f16':{'dtype':'F16','shape':[3],'data_offsets':[8,14]},"
                + "'bf16':{'dtype':'BF16','shape':[2],'data_offsets':[14,18]},"
                + "'f64':{'dtype':'F64','shape':[2],'data_offsets':[18,34]}}   ",
            concat(
                f32(1.5f, -0.0f),
                i16(0x3c00, 0xc100, 0x0001),
                i16(0x3fc0, 0xff80),
                f64(0.1, 1e300)));
    assertArrayEquals(new float[] {1.5f, -0.0f}, tensor(file, "f32"));
    assertArrayEquals(new float[] {1, -2.5f, 0x1p-24f}, tensor(file, "f16"));
    assertArrayEquals(new float[] {1.5f, Float.NEGATIVE_INFINITY}, tensor(file, "bf16"));
    assertArrayEquals(new float[] {0.1f, Float.POSITIVE_INFINITY}, tensor(file, "f64"));
  }

  @Test
  void listsTensorsInTheOrderOfTheirValues() throws IOException {
    String header =
        "{'late':{'dtype':'F32','shape':[1],'data_offsets':[12,16]},"
            + "'n':{'dtype':'I64','shape':[],'data_offsets':[0,8]},"
            + "'none':{'data_offsets':[8,8],'shape':[0,5],'dtype':'BF16','future':{'x':[1.5e3]}},"
            + "'half':{'dtype':'F4','shape':[2,4],'data_offsets':[8,12]}}";
    byte[] file = file(header, concat(i64(7), i16(0, 0), f32(3)));
    WeightSource source = Samples.read(file);
    int base = 8 + header.length();
    assertEquals(
        List.of(
            new TensorInfo("n", Shape.of(), "I64", base),
            new TensorInfo("none", Shape.of(0, 5), "BF16", base + 8),
            new TensorInfo("half", Shape.of(2, 4), "F4", base + 8),
            new TensorInfo("late", Shape.of(1), "F32", base + 12)),
        source.tensors());
    assertEquals(Samples.FILE, source.file());
    assertTrue(source.contains("none"));
    assertFalse(source.contains("__metadata__"));
    assertEquals(Shape.of(0, 5), source.parameter("none").shape());
    assertArrayEquals(new float[] {3}, tensor(file, "late"));
  }

  @Test
  void listsIntegersButDoesNotReadThemAsParameters() throws IOException {
    byte[] file = file("{'n':{'dtype':'I64','shape':[],'data_offsets':[0,8]}}", i64(7));
    WeightSource source = Samples.read(file);
    var error = assertThrows(FormatException.class, () -> source.parameter("n"));
    assertEquals(
        "weights.file: elements of type I64 (at tensor n), expected a floating-point type: F32, F16,"
            + " BF16 or F64",
        error.getMessage());
    assertEquals("tensor n", error.where());
    error = assertThrows(FormatException.class, () -> source.parameter("m"));
    assertEquals("weights.file: no tensor m, expected one of its 1 tensors", error.getMessage());
  }

  @Test
  void readsFloat32WhereItLies(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("x.bin");
    // An odd header length, so that the values are not aligned.
    String header = "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}" + "  ";
    byte[] bytes = file(header + (header.length() % 2 == 0 ? " " : ""), f32(1, 2));
    Files.write(file, bytes);
    var parameter = WeightFile.open(file).parameter("a");
    assertArrayEquals(new float[] {1, 2}, parameter.toArray());
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(f32(5)), bytes.length - 8);
    }
    assertArrayEquals(new float[] {5, 2}, parameter.toArray());
  }

  @Test
  void readsBeyondTwoGigabytes(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("large.safetensors");
    String header =
        "{'hole':{'dtype':'U8','shape':[2147483647],'data_offsets':[0,2147483647]},"
            + "'a':{'dtype':'F32','shape':[2],'data_offsets':[2147483647,2147483655]}}";
    byte[] start = file(header, new byte[0]);
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(start), 0);
      channel.write(ByteBuffer.wrap(f32(6, 7)), start.length + 2147483647L);
    }
    assertArrayEquals(new float[] {6, 7}, WeightFile.open(file).parameter("a").toArray());
  }

  @Test
  void escapesNamesInMessages() {
    byte[] file = file("{'a\\n\\u001b[31m':{'dtype':'X','shape':[],'data_offsets':[0,0]}}", f32());
    assertRefused("unknown dtype X (at tensor a\\n\\x1b[31m)", file);
  }

  @Test
  void refusesGapsOverlapsAndLeftovers() {
    byte[] data = f32(1, 2, 3);
    assertRefused("truncated", file(PAIR, f32(1, 2)));
    assertRefused("4 bytes after the last tensor", file(PAIR, f32(1, 2, 3, 4)));
    assertRefused("overlap", file(PAIR.replace("[8,12]", "[4,8]"), data));
    assertRefused("a gap", file(PAIR.replace("[8,12]", "[9,13]"), data));
    assertRefused("a gap", file(PAIR.replace("[0,8]", "[4,12]"), data));
    assertRefused("12 bytes after the last tensor", file("{}", data));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}| expected 12 bytes",
        "{'a':{'dtype':'F4','shape':[3],'data_offsets':[0,8]}}| whole bytes",
        "{'a':{'dtype':'f32','shape':[2],'data_offsets':[0,8]}}| unknown dtype f32",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}| [begin, end]",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}}| [begin, end]",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8,8]}}| [begin, end]",
        "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}| extent -2",
        "{'a':{'dtype':'F32','shape':[4294967298],'data_offsets':[0,8]}}| extent 4294967298",
        "{'a':{'dtype':'F32','shape':[65536,65536,65536,65538],'data_offsets':[0,8]}}| 2^31-1",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,9223372036854775808]}}| below 2^63",
        "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}| an integer",
        "{'a':{'dtype':'F32','shape':[02],'data_offsets':[0,8]}}| leading zeros",
        "{'a':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}}| an integer",
        "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}}| an array",
        "{'a':{'dtype':null,'shape':[2],'data_offsets':[0,8]}}| a string",
        "{'a':{'dtype':'F32','shape':[2]}}| incomplete entry",
        "{'a':{'dtype':'F32','dtype':'F32','shape':[2],'data_offsets':[0,8]}}| second dtype",
        "{'a':[]}| an object",
        "{'__metadata__':{'x':1}}| a string",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}}| the end of the text",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},}| a string",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}| ',' or '}'",
        "{'a'{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}| ':'",
      })
  void refusesHeadersThatBreakARule(String header, String part) {
    assertRefused(part, file(header, f32(1, 2)));
  }

  @Test
  void refusesTwoTensorsOfOneName() {
    assertRefused(
        "two entries of that name (at tensor a)", file(PAIR.replace("'b'", "'a'"), f32(1, 2, 3)));
  }

  @Test
  void refusesMoreAxesThanNumPy() {
    String axes = "1" + ",1".repeat(64);
    String header = "{'a':{'dtype':'F32','shape':[" + axes + "],'data_offsets':[0,4]}}";
    assertRefused("more than 64 axes", file(header, f32(1)));
  }

  @Test
  void refusesHeaderLengthsOutsideOfTheFile() {
    byte[] body = Samples.ascii("{}");
    assertRefused("truncated: header of 3 bytes", concat(i64(3), body));
    assertRefused("header of 100000001 bytes", concat(i64(100_000_001), body));
    assertRefused("header of 1 bytes", concat(i64(1), body));
    var error =
        assertThrows(
            FormatException.class,
            () -> Safetensors.read(Samples.FILE, MemorySegment.ofArray(concat(i64(-1), body))));
    assertTrue(String.valueOf(error.getMessage()).contains("18446744073709551615"));
  }
}
