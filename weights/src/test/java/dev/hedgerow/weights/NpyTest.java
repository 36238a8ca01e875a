package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.FILE;
import static dev.hedgerow.weights.Samples.ascii;
import static dev.hedgerow.weights.Samples.assertRefused;
import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.f64;
import static dev.hedgerow.weights.Samples.i16;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.npy;
import static dev.hedgerow.weights.Samples.tensor;
import static dev.hedgerow.weights.Samples.zip;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NpyTest {
  private static final String NAME = FILE.toString();

  @Test
  void writesWhatNumPyWrites(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("a.npy");
    Npy.write(file, Shape.of(2, 3), 1, 2, 3, 4, 5, -0.5f);
    // numpy.save(f, numpy.array([[1, 2, 3], [4, 5, -0.5]], '<f4'))
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    byte[] expected =
        concat(
            ascii("\u0093NUMPY\u0001\u0000\u0076\u0000" + header + " ".repeat(117 - 59) + "\n"),
            f32(1, 2, 3, 4, 5, -0.5f));
    assertEquals(59, header.length());
    assertArrayEquals(expected, Files.readAllBytes(file));
    Npy.write(file, Shape.of(1), 7);
    assertTrue(Files.readString(file, StandardCharsets.ISO_8859_1).contains("'shape': (1,), }"));
    Npy.write(file, Shape.of(), 7);
    assertArrayEquals(new float[] {7}, Npy.read(file).toArray());
    assertEquals(Shape.of(), Npy.read(file).shape());
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void readsWhatItWrites(@TempDir Path folder) throws IOException {
    float[] values = new float[3 * 12347];
    for (int i = 0; i < values.length; i++) values[i] = Float.intBitsToFloat(i * 0x9e3779b9);
    Path file = folder.resolve("a.npy");
    Npy.write(file, Shape.of(3, 1, 12347), values);
    var parameter = Npy.read(file);
    assertEquals(Shape.of(3, 1, 12347), parameter.shape());
    float[] read = parameter.toArray();
    for (int i = 0; i < values.length; i++) {
      assertEquals(Float.floatToRawIntBits(values[i]), Float.floatToRawIntBits(read[i]));
    }
    assertArrayEquals(read, Npy.open(file).parameter("a").toArray());
    assertEquals(128, Npy.open(file).tensors().iterator().next().offset());
  }

  @Test
  void leavesNothingBehindWhenItCannotWrite(@TempDir Path folder) throws IOException {
    assertThrows(
        NoSuchFileException.class,
        () -> Npy.write(folder.resolve("missing/a.npy"), Shape.of(1), 1));
    Path taken = Files.createDirectories(folder.resolve("taken.npy/x")).getParent();
    assertThrows(IOException.class, () -> Npy.write(taken, Shape.of(1), 1));
    assertThrows(
        IllegalArgumentException.class, () -> Npy.write(folder.resolve("b"), Shape.of(2), 1));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(taken), files.toList());
    }
  }

  @Test
  void convertsEveryType() throws IOException {
    assertArrayEquals(new float[] {0.1f, -3}, tensor(npy("<f8", "(2,)", f64(0.1, -3)), NAME));
    assertArrayEquals(new float[] {-2.5f}, tensor(npy("<f2", "(1,)", i16(0xc100)), NAME));
    assertArrayEquals(
        new float[] {-2.5f}, tensor(npy(">f4", "()", f32(ByteOrder.BIG_ENDIAN, -2.5f)), NAME));
    assertArrayEquals(
        new float[] {0, 200, 255}, tensor(npy("|u1", "(3,)", ascii("\0\u00c8\u00ff")), NAME));
    assertArrayEquals(new float[] {1, -1}, tensor(npy("|i1", "(2,)", ascii("\u0001\u00ff")), NAME));
    assertArrayEquals(
        new float[] {0, 1, 1}, tensor(npy("|b1", "(3,)", ascii("\0\u0001\u0002")), NAME));
    assertArrayEquals(new float[] {-2, 7}, tensor(npy("<i2", "(2,)", i16(-2, 7)), NAME));
    assertArrayEquals(new float[] {0xfffe, 7}, tensor(npy("<u2", "(2,)", i16(-2, 7)), NAME));
    assertArrayEquals(
        new float[] {-2, 0x7fff}, tensor(npy("<i4", "(2,)", i16(-2, -1, 0x7fff, 0)), NAME));
    assertArrayEquals(new float[] {0xfffffffeL}, tensor(npy("<u4", "(1,)", i16(-2, -1)), NAME));
    assertArrayEquals(
        new float[] {0x0102}, tensor(npy(">i8", "(1,)", ascii("\0\0\0\0\0\0\u0001\u0002")), NAME));
    assertArrayEquals(
        new float[] {-1, 16777217}, tensor(npy("<i8", "(2,)", i64(-1, 16777217)), NAME));
  }

  @Test
  void roundsLargeUnsignedIntegersOnce() throws IOException {
    long[] values = {
      -1, Long.MIN_VALUE, Long.MIN_VALUE + (1L << 39), Long.MIN_VALUE + (1L << 39) + 1, 5
    };
    float[] expected = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      expected[i] = new BigInteger(Long.toUnsignedString(values[i])).floatValue();
    }
    assertArrayEquals(expected, tensor(npy("<u8", "(5,)", i64(values)), NAME));
  }

  @Test
  void readsEveryVersionAndSpelling() throws IOException {
    String header = "{\"shape\":(2L,),'fortran_order' : False,\n'descr':\"<f4\"}";
    assertArrayEquals(new float[] {1, 2}, tensor(npy(header, f32(1, 2)), NAME));
    for (String version : List.of("\u0002\0", "\u0003\0")) {
      byte[] file =
          concat(ascii("\u0093NUMPY" + version), i16(header.length(), 0), ascii(header), f32(1, 2));
      assertArrayEquals(new float[] {1, 2}, tensor(file, NAME));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }@ Fortran's order",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }@ pickled objects",
        "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }@ a structured array",
        "{'descr': '<U4', 'fortran_order': False, 'shape': (2,), }@ elements of type '<U4'",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }@ elements of type '<c8'",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }@ truncated: 8 bytes of values",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }@ 8 bytes of values",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536), }@ 2^31-1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }@ an integer",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }@ an integer",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, }@ an integer",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 2, }@ '('",
        "{'descr': '<f4', 'fortran_order': False, }@ one shape",
        "{'descr': '<f4', 'shape': (2,), }@ no fortran_order",
        "{'fortran_order': False, 'shape': (2,), }@ elements of type ''",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}@ header key x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + 1@ the header's end",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)@ expected '}'",
        "{'descr': '<f4@ a string",
        "[]@ expected '{'",
      })
  void refusesOtherHeaders(String header, String part) {
    assertRefused(part, npy(header, f32(1, 2)));
  }

  @Test
  void refusesBrokenPrefixes() {
    byte[] whole = npy("<f4", "(2,)", f32(1, 2));
    assertRefused("ends too early", Arrays.copyOf(whole, 9));
    assertRefused("ends too early", Arrays.copyOf(whole, 40));
    byte[] version = whole.clone();
    version[6] = 4;
    assertRefused(".npy version 4", version);
    byte[] length = concat(ascii("\u0093NUMPY\u0002\0"), i16(-1, -1), new byte[100]);
    assertRefused("header of 4294967295 bytes", length);
  }

  @Test
  void readsArchives() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("conv.weight.npy", npy("<f4", "(2, 1)", f32(1, 2)));
    entries.put("folder/count.npy", npy("<i8", "()", i64(3)));
    entries.put("notes.txt", ascii("hello"));
    for (boolean deflate : new boolean[] {false, true}) {
      byte[] file = zip(deflate, entries);
      WeightSource source = Samples.read(file);
      assertEquals(
          List.of("conv.weight", "folder/count"),
          source.tensors().stream().map(TensorInfo::name).toList());
      assertEquals(Shape.of(2, 1), source.parameter("conv.weight").shape());
      assertArrayEquals(new float[] {1, 2}, tensor(file, "conv.weight"));
      assertArrayEquals(new float[] {3}, tensor(file, "folder/count"));
    }
    entries.put("conv.weight.npy", npy("<f4", "(2, 2)", f32(1, 2)));
    assertRefused("truncated: 8 bytes of values (at entry conv.weight.npy)", zip(true, entries));
  }

  @Test
  void opensArchives(@TempDir Path folder) throws IOException {
    byte[] bytes = zip(false, Map.of("a.npy", npy("<f4", "(1,)", f32(1))));
    Path file = Files.write(folder.resolve("a.npz"), bytes);
    assertArrayEquals(new float[] {1}, Npz.open(file).parameter("a").toArray());
    Path empty = Files.write(folder.resolve("b.npz"), zip(false, Map.of()));
    assertThrows(FormatException.class, () -> Npz.open(empty));
  }
}
