package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.ascii;
import static dev.hedgerow.weights.Samples.checkpoint;
import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.entries;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.f64;
import static dev.hedgerow.weights.Samples.i16;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.legacy;
import static dev.hedgerow.weights.Samples.npy;
import static dev.hedgerow.weights.Samples.safetensors;
import static dev.hedgerow.weights.Samples.smallStateDict;
import static dev.hedgerow.weights.Samples.zip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files of every format: each is read or refused, quickly and in little memory. */
@Timeout(60)
final class FuzzTest {
  private static final int INPUTS = 6_000;
  private static final long SEED = 20_240_517;
  private static final byte[] EIGHT = f32(0, 1, 2, 3, 4, 5, 6, 7);

  private static void check(List<byte[]> valid) throws IOException {
    check(valid, Samples::readAll);
  }

  private static void check(List<byte[]> valid, Mutations.Reader reader) throws IOException {
    int read = Mutations.check(SEED, INPUTS, valid, reader);
    // Were none read or nearly all, the mutations would miss the point.
    assertTrue(read > INPUTS / 100 && read < INPUTS * 3 / 4, read + " of " + INPUTS + " were read");
  }

  /** Returns a checkpoint's pickle with tensors of many kinds. */
  private static byte[] pickle() {
    return new PickleWriter()
        .raw("}q\u0001(")
        .text("epoch")
        .integer(70_000)
        .text("state_dict")
        .orderedDict()
        .raw('(')
        .text("module.a")
        .tensor("FloatStorage", "0", 8, 1, new long[] {2, 3}, new long[] {1, 2})
        .text("module.b")
        .tensor("HalfStorage", "1", 2, 2)
        .text("module.c")
        .tensor("DoubleStorage", "2", 1, 1)
        .text("n")
        .tensor("LongStorage", "3")
        .raw("u}U\u0004metah\u0001sbu")
        .stop();
  }

  private static Map<String, byte[]> storages() {
    return entries(pickle(), "little", EIGHT, i16(1, 2, 3, 4), f64(5), i64(9));
  }

  @Test
  void safetensorsFiles() throws IOException {
    byte[] one =
        safetensors(
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                + "\"b\\u00e9\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[8,14]},"
                + "\"c\":{\"x\":[{\"y\":null}],\"dtype\":\"I64\",\"shape\":[],"
                + "\"data_offsets\":[14,22]}}  ",
            concat(f32(1, 2), i16(3, 4, 5), i64(6)));
    byte[] two =
        safetensors(
            "{\"w\":{\"dtype\":\"F64\",\"shape\":[1,2],\"data_offsets\":[0,16]},"
                + "\"v\":{\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[16,16]}}",
            f64(1, 2));
    check(List.of(one, two));
  }

  @Test
  void safetensorsHeaders() throws IOException {
    String header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
            + "\"__metadata__\":{\"notes\":\"Every layer of the network was trained twice.\"},   "
            + "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[8,16]}}";
    byte[] data = f32(1, 2, 3, 4);
    check(
        List.of(Samples.ascii(header)),
        input -> Samples.readAll(concat(i64(input.length), input, data)));
  }

  @Test
  void pickles() throws IOException {
    check(
        List.of(pickle(), smallStateDict("FloatStorage").stop()),
        input -> Samples.readAll(checkpoint(input, EIGHT, i16(1, 2, 3, 4), f64(5), i64(9))));
  }

  @Test
  void zipCheckpoints() throws IOException {
    check(
        List.of(
            zip(false, storages()),
            checkpoint(smallStateDict("FloatStorage").stop(), EIGHT),
            zip(true, storages())));
  }

  @Test
  void legacyCheckpoints() throws IOException {
    check(
        List.of(
            legacy(smallStateDict("FloatStorage").stop(), 8, EIGHT),
            legacy(smallStateDict("BFloat16Storage").stop(), 8, i16(1, 2, 3, 4, 5, 6, 7, 8)),
            legacy(
                new PickleWriter()
                    .raw("}(")
                    .text("a")
                    .tensor("FloatStorage", "0", 8, 1, new long[] {2, 3}, new long[] {1, 2})
                    .text("b")
                    .tensor("FloatStorage", "1", 2, 2, 2)
                    .raw('u')
                    .stop(),
                8,
                EIGHT,
                EIGHT)));
  }

  @Test
  void npyArrays() throws IOException {
    check(
        List.of(
            npy("<f4", "(2, 3)", f32(1, 2, 3, 4, 5, 6)),
            npy(">f8", "(2,)", f64(1, 2)),
            npy("<f2", "(1, 2, 1)", i16(1, 2)),
            npy("|u1", "(3,)", new byte[3])));
  }

  @Test
  void npzArchives() throws IOException {
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    arrays.put("a.npy", npy("<f4", "(2, 3)", f32(1, 2, 3, 4, 5, 6)));
    arrays.put("b.npy", npy("<f8", "(2,)", f64(1, 2)));
    check(List.of(zip(false, arrays), zip(true, arrays)));
  }

  @Test
  void hdf5Files() throws IOException {
    check(
        List.of(
            Hdf5Test.resource("keras2.h5"),
            Hdf5Test.resource("chunks.h5"),
            Hdf5Test.resource("latest.h5"),
            Hdf5Test.resource("keras3.weights.h5")));
  }

  @Test
  void kerasArchives() throws IOException {
    check(List.of(Hdf5Test.resource("keras3.keras"), Hdf5Test.resource("deflated.keras")));
  }

  /** Returns HDF5 whose root group has the header that follows. */
  private static byte[] hdf5(byte[] header) {
    byte[] superblock =
        concat(
            ascii("\u0089HDF\r\n\u001a\n\0\0\0\0\0\b\b\0\u0004\0\u0010\0\0\0\0\0"),
            i64(0, -1, 96, -1),
            i64(0, 96, 0, 0, 0));
    return concat(superblock, header);
  }

  /** Returns a header of the old kind with a symbol table that starts at {@code tree}. */
  private static byte[] group(long tree, long heap) {
    return concat(i16(1, 1), i16(1, 0), i16(24, 0), i16(0, 0), i16(17, 16, 0, 0), i64(tree, heap));
  }

  /** Returns levels of a B-tree; all children of a node are the one node below it. */
  private static byte[] tree(long at, int levels, int children) {
    byte[] tree = new byte[0];
    long size = 24 + 16L * children + 8;
    for (int level = levels; level > 0; level--) {
      byte[] node = concat(ascii("TREE\0" + (char) level), i16(children), i64(-1, -1), new byte[0]);
      long below = at + tree.length + size;
      byte[] keys = new byte[0];
      for (int i = 0; i < children; i++) keys = concat(keys, i64(0, below));
      tree = concat(tree, node, keys, i64(0));
    }
    return tree;
  }

  /** Structures that cost jhdf much more than they cost the file. */
  @Test
  void hostileHdf5() {
    int many = 1 << 20;
    Map<String, byte[]> inputs = new LinkedHashMap<>();
    inputs.put(
        "nothing", hdf5(concat(ascii("OHDR\u0002\u0002"), i16(0, many >> 14), new byte[4 * many])));
    inputs.put("no end", hdf5(concat(i16(1, 65535), i16(1, 0), i16(0, 8), new byte[8 * many])));
    byte[] continuation = concat(ascii("OHDR\u0002\0\u0018\u0010\u0010\0\0"), i64(123, 64));
    inputs.put(
        "itself",
        hdf5(concat(continuation, ascii("OCHK\u0010\u0010\0\0"), i64(123, 64), new byte[64])));
    inputs.put("loop", hdf5(concat(group(136, 0), tree(136 - 24 - 16 * 64 - 8, 1, 64))));
    inputs.put("wide", hdf5(concat(group(136, 0), tree(136, 40, 64))));
    for (String table : List.of("BTHD", "FRHP", "FAHD", "EAHD")) {
      byte[] index = ascii("OHDR\u0002\0\u0020\u0002\u0012\0\0\0\0");
      inputs.put(
          table,
          hdf5(
              concat(
                  index,
                  i64(160, 160),
                  new byte[160 - 96 - index.length - 16],
                  ascii(table + "\0\u0005"),
                  i16(1024, 0, 11, 1),
                  new byte[8],
                  i64(0x0101010101010101L, 0x7fffffff, 0x7fffffff, 0x0101010101010101L),
                  new byte[1024])));
    }
    byte[] nested = new byte[0];
    for (int i = 0; i < 4000; i++) nested = concat(nested, i16(0x19, 0, 16, 0));
    inputs.put(
        "types",
        hdf5(concat(i16(1, 1), i16(1, 0), i16(32008, 0), i16(0, 0), i16(3, 32000, 0, 0), nested)));
    for (var input : inputs.entrySet()) {
      assertFalse(Mutations.read(input.getKey(), input.getValue(), Samples::readAll));
    }
  }

  @Test
  void hostileInputs(@TempDir Path folder) {
    var header = new StringBuilder("{");
    var aliases = new PickleWriter().raw("}(").text("x").tensor("FloatStorage", "0").raw("q\u0001");
    Map<String, byte[]> bombs = new LinkedHashMap<>();
    for (int i = 0; i < 3_000; i++) {
      header.append(
          "\"%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},".formatted(i));
      aliases.text(i + "").raw("h\u0001");
      bombs.put(i + ".npy", npy("<f4", "(0,)" + " ".repeat(900), new byte[0]));
    }
    header.append("\"__metadata__\":{}}");
    int many = 1 << 20;
    Map<String, byte[]> inputs = new LinkedHashMap<>();
    inputs.put("tensors", safetensors(header.toString(), new byte[0]));
    inputs.put("aliases", checkpoint(aliases.raw('u').stop(), f32(1)));
    inputs.put("arrays", zip(true, bombs));
    inputs.put("extents", safetensors("{\"a\":{\"shape\":[" + "1,".repeat(many), new byte[0]));
    inputs.put("shapes", safetensors("{\"a\":{" + "\"shape\":[],".repeat(many), new byte[0]));
    for (String instructions :
        List.of("}", "]", "(", ")", "K\u0001", "U\u0001x", "N\u0085", "]2a", "N0")) {
      inputs.put(
          instructions, checkpoint(new PickleWriter().raw(instructions.repeat(many)).stop()));
    }
    inputs.put("stack", checkpoint(new PickleWriter().raw("N" + "2".repeat(many)).stop()));
    inputs.put("nest", checkpoint(new PickleWriter().raw("N" + "\u0085".repeat(many)).stop()));
    inputs.put("memo", checkpoint(new PickleWriter().raw("N" + "\u0094".repeat(many)).stop()));
    // Turning one long list into dicts again and again.
    inputs.put(
        "dicts",
        checkpoint(
            new PickleWriter()
                .raw("](NN\u0086q\u0001" + "h\u0001".repeat(many / 8) + "eq\u0002")
                .raw("ccollections\nOrderedDict\nq\u0003")
                .raw("h\u0003h\u0002\u0085R0".repeat(many / 8))
                .stop()));
    inputs.put("zip ends", Samples.ascii("PK\u0003\u0004" + "PK\u0005\u0006".repeat(many)));
    List<String> read =
        inputs.entrySet().stream()
            .filter(e -> Mutations.read(e.getKey(), e.getValue(), Samples::readAll))
            .map(Map.Entry::getKey)
            .toList();
    assertEquals(List.of("tensors", "aliases", "arrays"), read);
    List<String> converted =
        inputs.entrySet().stream()
            .filter(e -> Mutations.read(e.getKey(), e.getValue(), input -> convert(input, folder)))
            .map(Map.Entry::getKey)
            .toList();
    assertEquals(read, converted);
  }

  private static void convert(byte[] input, Path folder) throws IOException {
    Path in = Files.write(folder.resolve("in"), input);
    Path out = folder.resolve("out");
    Conversion.convert(in, out, Conversion.Format.SAFETENSORS, Optional.empty());
    assertTrue(Files.size(out) <= 8L * input.length + (48 << 20), Files.size(out) + " bytes");
  }
}
