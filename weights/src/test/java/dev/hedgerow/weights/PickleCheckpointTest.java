package dev.hedgerow.weights;

import static dev.hedgerow.weights.Samples.assertRefused;
import static dev.hedgerow.weights.Samples.checkpoint;
import static dev.hedgerow.weights.Samples.concat;
import static dev.hedgerow.weights.Samples.entries;
import static dev.hedgerow.weights.Samples.f32;
import static dev.hedgerow.weights.Samples.f64;
import static dev.hedgerow.weights.Samples.i16;
import static dev.hedgerow.weights.Samples.i64;
import static dev.hedgerow.weights.Samples.legacy;
import static dev.hedgerow.weights.Samples.smallStateDict;
import static dev.hedgerow.weights.Samples.tensor;
import static dev.hedgerow.weights.Samples.zip;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PickleCheckpointTest {
  private static final byte[] EIGHT = f32(0, 1, 2, 3, 4, 5, 6, 7);

  /** Written by CPython's pickler: a training checkpoint with two views of storage 0. */
  private static final String PROTOCOL_2 =
      ""
          + "gAJ9cQAoWAUAAABlcG9jaHEBTSwBWAQAAABhcmNocQJYBAAAAHRpbnlxA1gEAAAAYmVzdHEER0BW4AAAAAAAWAMA"
          + "AABiaWdxBYoJAAAAAAAAAABAWAMAAABuZWdxBkr7////WAUAAABmbGFnc3EHXXEIKIiJTmVYAQAAAHRxCShLAUsC"
          + "SwNLBHRxClgKAAAAc3RhdGVfZGljdHELY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEMKVJxDShYCQAAAGZjLndl"
          + "aWdodHEOY3RvcmNoLl91dGlscwpfcmVidWlsZF90ZW5zb3JfdjIKcQ8oKFgHAAAAc3RvcmFnZXEQY3RvcmNoCkZs"
          + "b2F0U3RvcmFnZQpxEVgBAAAAMHESWAMAAABjcHVxE0sGdHEUUUsASwJLAoZxFUsCSwGGcRaJaAwpUnEXdHEYUnEZ"
          + "WAcAAABmYy5iaWFzcRpoDygoaBBoEWgSaBNLBnRxG1FLBEsChXEcSwGFcR2JaAwpUnEedHEfUnEgdX1xIVgJAAAA"
          + "X21ldGFkYXRhcSJoDClScSNYAAAAAHEkfXElWAcAAAB2ZXJzaW9ucSZLAXNzc2JYAQAAAHVxJ1gCAAAAw6lxKFgE"
          + "AAAAaW50c3EpXXEqKEv/TQABTf//SgAAAQBK/////4oFAAAAgACKBgAAAAAAAWV1Lg==";

  private static final String PROTOCOL_5 =
      ""
          + "gAWV1AEAAAAAAAB9lCiMBWVwb2NolE0sAYwEYXJjaJSMBHRpbnmUjARiZXN0lEdAVuAAAAAAAIwDYmlnlIoJAAAA"
          + "AAAAAABAjANuZWeUSvv///+MBWZsYWdzlF2UKIiJTmWMA3NldJSPlChLAUsCkIwCZnOUKEsDkZSMAWKUQwN4eXqU"
          + "jAJiYZSWAQAAAAAAAABxlIwBdJQoSwFLAksDSwR0lIwKc3RhdGVfZGljdJSMC2NvbGxlY3Rpb25zlIwLT3JkZXJl"
          + "ZERpY3SUk5QpUpQojAlmYy53ZWlnaHSUjAx0b3JjaC5fdXRpbHOUjBJfcmVidWlsZF90ZW5zb3JfdjKUk5QoKIwH"
          + "c3RvcmFnZZSMBXRvcmNolIwMRmxvYXRTdG9yYWdllJOUjAEwlIwDY3B1lEsGdJRRSwBLAksChpRLAksBhpSJaBYp"
          + "UpR0lFKUjAdmYy5iaWFzlGgbKChoHGgfaCBoIUsGdJRRSwRLAoWUSwGFlIloFilSlHSUUpR1fZSMCV9tZXRhZGF0"
          + "YZRoFilSlIwAlH2UjAd2ZXJzaW9ulEsBc3NzYowBdZSMAsOplIwEaW50c5RdlChL/00AAU3//0oAAAEASv////+K"
          + "BQAAAIAAigYAAAAAAAFldS4=";

  private static PickleWriter dict() {
    return new PickleWriter().raw("}(");
  }

  /** Returns a checkpoint with one tensor, {@code t}, in storage 0. */
  private static byte[] single(
      String type, byte[] storage, long count, long first, long[] size, long[] stride) {
    return checkpoint(
        dict().text("t").tensor(type, "0", count, first, size, stride).raw('u').stop(), storage);
  }

  private static byte[] single(String type, byte[] storage, long count) {
    return single(type, storage, count, 0, new long[] {count}, new long[] {1});
  }

  @Test
  void readsViewsOfOneStorage() throws IOException {
    for (byte[] file :
        List.of(
            checkpoint(smallStateDict("FloatStorage").stop(), EIGHT),
            zip(true, entries(smallStateDict("FloatStorage").stop(), "little", EIGHT)),
            legacy(smallStateDict("FloatStorage").stop(), 8, EIGHT))) {
      WeightSource source = Samples.read(file);
      assertEquals(
          List.of("fc.weight", "fc.bias"),
          source.tensors().stream().map(TensorInfo::name).toList());
      assertEquals(Shape.of(2, 3), source.parameter("fc.weight").shape());
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, tensor(file, "fc.weight"));
      assertArrayEquals(new float[] {6, 7}, tensor(file, "fc.bias"));
    }
  }

  @Test
  void namesWhereValuesLie() throws IOException {
    for (byte[] file :
        List.of(
            checkpoint(smallStateDict("FloatStorage").stop(), EIGHT),
            legacy(smallStateDict("FloatStorage").stop(), 8, EIGHT))) {
      for (TensorInfo info : Samples.read(file).tensors()) {
        int at = (int) info.offset();
        byte[] values = Arrays.copyOfRange(file, at, at + 4 * info.shape().size());
        assertArrayEquals(f32(tensor(file, info.name())), values);
        assertEquals("F32", info.type());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {PROTOCOL_2, PROTOCOL_5})
  void readsWhatCPythonWrites(String pickle) throws IOException {
    byte[] file = checkpoint(Base64.getDecoder().decode(pickle), f32(1, 2, 3, 4, 5, 6));
    assertEquals(2, Samples.read(file).tensors().size());
    assertArrayEquals(new float[] {1, 2, 3, 4}, tensor(file, "fc.weight"));
    assertArrayEquals(new float[] {5, 6}, tensor(file, "fc.bias"));
  }

  @Test
  void followsStrides() throws IOException {
    long[] shape = {2, 3};
    assertArrayEquals(
        new float[] {0, 2, 4, 1, 3, 5},
        tensor(single("FloatStorage", EIGHT, 8, 0, shape, new long[] {1, 2}), "t"));
    assertArrayEquals(
        new float[] {1, 3, 5, 2, 4, 6},
        tensor(single("FloatStorage", EIGHT, 8, 1, shape, new long[] {1, 2}), "t"));
    assertArrayEquals(
        new float[] {7, 7, 7, 7, 7, 7},
        tensor(single("FloatStorage", EIGHT, 8, 7, shape, new long[] {0, 0}), "t"));
    assertArrayEquals(
        new float[] {0, 4, 2, 6, 1, 5, 3, 7},
        tensor(
            single("FloatStorage", EIGHT, 8, 0, new long[] {2, 1, 2, 2}, new long[] {1, 9, 2, 4}),
            "t"));
    assertArrayEquals(
        new float[] {3},
        tensor(single("FloatStorage", EIGHT, 8, 3, new long[0], new long[0]), "t"));
    assertArrayEquals(
        new float[0],
        tensor(single("FloatStorage", EIGHT, 8, 8, new long[] {0, 5}, new long[] {5, 1}), "t"));
  }

  @Test
  void readsContiguousFloat32WhereItLies() throws IOException {
    // The stride of an axis of one element says nothing.
    byte[] file = single("FloatStorage", EIGHT, 8, 1, new long[] {2, 1, 3}, new long[] {3, 99, 1});
    WeightSource source = Samples.read(file);
    var parameter = source.parameter("t");
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, parameter.toArray());
    int at = (int) source.tensors().iterator().next().offset();
    System.arraycopy(f32(-1), 0, file, at, 4);
    assertEquals(-1, parameter.get(0));
  }

  @Test
  void convertsEveryFloatingStorage() throws IOException {
    assertArrayEquals(
        new float[] {1, -2.5f}, tensor(single("HalfStorage", i16(0x3c00, 0xc100), 2), "t"));
    assertArrayEquals(
        new float[] {1.5f, -2}, tensor(single("BFloat16Storage", i16(0x3fc0, 0xc000), 2), "t"));
    assertArrayEquals(
        new float[] {0.1f, -3}, tensor(single("DoubleStorage", f64(0.1, -3), 2), "t"));
    assertArrayEquals(
        new float[] {3, 2, 1},
        tensor(
            single("DoubleStorage", f64(3, 0, 2, 0, 1), 5, 0, new long[] {3}, new long[] {2}),
            "t"));
  }

  @Test
  void listsOtherStorages() throws IOException {
    byte[] file = single("LongStorage", i64(5), 1);
    WeightSource source = Samples.read(file);
    assertEquals("I64", source.tensors().iterator().next().type());
    var error = assertThrows(FormatException.class, () -> source.parameter("t"));
    assertTrue(String.valueOf(error.getMessage()).contains("elements of type I64 (at tensor t)"));
  }

  @Test
  void readsBigEndianValues() throws IOException {
    byte[] values = f32(ByteOrder.BIG_ENDIAN, 0, 1, 2, 3, 4, 5, 6, 7);
    byte[] pickle = smallStateDict("FloatStorage").stop();
    byte[] file = zip(false, entries(pickle, "big", values));
    assertArrayEquals(new float[] {6, 7}, tensor(file, "fc.bias"));
    assertRefused("byteorder mixed", zip(false, entries(pickle, "mixed", values)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"state_dict", "model_state_dict", "model", "net"})
  void findsTheStateDictInACheckpoint(String name) throws IOException {
    byte[] pickle =
        dict()
            .text("epoch")
            .integer(1 << 20)
            .text("best")
            .tensor("FloatStorage", "0", 8)
            .text(name)
            .raw("}(")
            .text("module.fc.bias")
            .tensor("FloatStorage", "0", 8, 6, new long[] {2}, new long[] {1})
            .text("module.")
            .integer(-1)
            .raw("uu")
            .stop();
    byte[] file = checkpoint(pickle, EIGHT);
    assertEquals(1, Samples.read(file).tensors().size());
    assertArrayEquals(new float[] {6, 7}, tensor(file, "fc.bias"));
  }

  @Test
  void letsTheLastOfEqualKeysWinAsPythonDoes() throws IOException {
    byte[] pickle =
        dict()
            .text("t")
            .tensor("FloatStorage", "0", 8)
            .text("t")
            .tensor("FloatStorage", "0", 8, 6, new long[] {2}, new long[] {1})
            .raw('u')
            .stop();
    assertArrayEquals(new float[] {6, 7}, tensor(checkpoint(pickle, EIGHT), "t"));
    pickle =
        dict()
            .text("t")
            .tensor("FloatStorage", "0", 8)
            .text("module.t")
            .tensor("FloatStorage", "0", 8)
            .raw('u')
            .stop();
    assertRefused("two tensors of the same name", checkpoint(pickle, EIGHT));
  }

  @Test
  void readsParametersOldRebuildersAndTypedTensors() throws IOException {
    byte[] pickle =
        dict()
            .text("a")
            .global("torch._utils", "_rebuild_parameter")
            .raw('(')
            .tensor("FloatStorage", "0", 8)
            .raw(0x88)
            .orderedDict()
            .raw("tR")
            .text("b")
            .global("torch.nn.parameter", "Parameter")
            .tensor("FloatStorage", "0", 8)
            .raw(0x85, 0x81)
            .raw(0x88, 0x89, 'N', 0x87, 'b')
            .text("c")
            .global("torch._utils", "_rebuild_tensor")
            .raw('(')
            .storage("FloatStorage", "0", 8)
            .integer(6)
            .integers(2)
            .integers(1)
            .raw("tR")
            .text("d")
            .global("torch._utils", "_rebuild_tensor_v3")
            .raw("((")
            .text("storage")
            .global("torch.storage", "UntypedStorage")
            .text("1")
            .text("cpu")
            .integer(4)
            .raw("tQ")
            .integer(1)
            .integers(1)
            .integers(1)
            .raw(0x89)
            .orderedDict()
            .global("torch", "bfloat16")
            .raw("tR")
            .raw('u')
            .stop();
    byte[] file = checkpoint(pickle, EIGHT, i16(0x3f80, 0x4000));
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7}, tensor(file, "a"));
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7}, tensor(file, "b"));
    assertArrayEquals(new float[] {6, 7}, tensor(file, "c"));
    assertArrayEquals(new float[] {2}, tensor(file, "d"));
  }

  @Test
  void skipsWhatIsNoTensor() throws IOException {
    byte[] pickle =
        dict()
            .text("best")
            .global("numpy.core.multiarray", "scalar")
            .global("numpy", "dtype")
            .raw('(')
            .text("f8")
            .integer(0)
            .integer(1)
            .raw("tR(")
            .integer(3)
            .text("<")
            .raw("NNNtb")
            .global("_codecs", "encode")
            .text("xxxxxxxx")
            .text("latin1")
            .raw(0x86, 'R')
            .raw(0x86, 'R')
            .text("device")
            .global("torch", "device")
            .text("cpu")
            .raw(0x85, 'R')
            .text("size")
            .global("torch", "Size")
            .integers(1, 2)
            .raw(0x85, 'R')
            .text("dtype")
            .global("torch", "float32")
            .text("t")
            .tensor("FloatStorage", "0", 8)
            .raw('u')
            .stop();
    assertEquals(1, Samples.read(checkpoint(pickle, EIGHT)).tensors().size());
  }

  @Test
  void readsOrderedDictsOfPythonTwo() throws IOException {
    byte[] pickle =
        new PickleWriter()
            .global("collections", "OrderedDict")
            .raw("](](U\u0001t")
            .tensor("FloatStorage", "0", 8)
            .raw("ee")
            .raw(0x85, 'R')
            .stop();
    assertEquals(8, tensor(legacy(pickle, 8, EIGHT), "t").length);
  }

  @Test
  void readsViewsOfLegacyStorages() throws IOException {
    byte[] pickle =
        dict()
            .text("t")
            .global("torch._utils", "_rebuild_tensor")
            .raw("((")
            .text("storage")
            .global("torch", "FloatStorage")
            .text("0")
            .text("cuda:0")
            .integer(8)
            .raw('(')
            .text("view")
            .integer(4)
            .integer(3)
            .raw("ttQ")
            .integer(1)
            .integers(2)
            .integers(1)
            .raw("tR")
            .raw('u')
            .stop();
    assertArrayEquals(new float[] {5, 6}, tensor(legacy(pickle, 8, EIGHT), "t"));
  }

  @Test
  void refusesForeignCallsByName() {
    byte[] call = dict().text("x").global("posix", "system").text("id").raw(0x85, 'R').stop();
    byte[] stream = legacy(call, 0);
    var error = assertThrows(FormatException.class, () -> Samples.read(stream));
    int offset = new String(stream, StandardCharsets.ISO_8859_1).indexOf("cposix");
    assertEquals(
        "weights.file: pickle calls posix.system at offset "
            + offset
            + "; only tensor rebuilding is allowed",
        error.getMessage());
    assertRefused("pickle calls posix.system at offset", checkpoint(call));
  }

  @Test
  void refusesForeignCallsThatNoTensorNeeds() {
    // A call that comes and goes before the state dict.
    byte[] popped =
        new PickleWriter()
            .global("builtins", "eval")
            .text("1")
            .raw(0x85, 'R', '0')
            .raw("}(")
            .text("t")
            .tensor("FloatStorage", "0", 8)
            .raw('u')
            .stop();
    assertRefused("pickle calls builtins.eval", checkpoint(popped, EIGHT));
    assertRefused("pickle calls builtins.eval", legacy(popped, 8, EIGHT));
    // A name that is never called.
    byte[] named = dict().text("x").global("os", "system").raw('u').stop();
    assertRefused("pickle calls os.system", checkpoint(named));
    // Other ways to spell a call.
    byte[] instance = new PickleWriter().raw("(U\u0002idios\nsystem\n").stop();
    assertRefused("pickle calls os.system", checkpoint(instance));
    byte[] stacked = new PickleWriter().text("os").text("system").raw(0x93).stop();
    assertRefused("pickle calls os.system", checkpoint(stacked));
    byte[] dotted = new PickleWriter().text("torch").text("_utils.x").raw(0x93).stop();
    assertRefused("pickle calls torch._utils.x", checkpoint(dotted));
    // What a module is called from, an extension code, a class of the user's.
    assertRefused(
        "pickle calls torch.load", checkpoint(new PickleWriter().global("torch", "load").stop()));
    assertRefused("pickle instruction 130", checkpoint(new PickleWriter().raw(0x82, 1).stop()));
    assertRefused(
        "pickle calls my\\nmodule",
        checkpoint(new PickleWriter().text("my\nmodule").text("C").raw(0x93).stop()));
  }

  @Test
  void refusesForeignCallsInEveryPickleOfAStream() {
    byte[] valid = legacy(smallStateDict("FloatStorage").stop(), 8, EIGHT);
    byte[] call = new PickleWriter().global("os", "getcwd").raw(")R").stop();
    byte[] magic = Arrays.copyOf(valid, 15);
    assertRefused("pickle calls os.getcwd at offset 2;", call);
    assertRefused("pickle calls os.getcwd at offset 17;", concat(magic, call));
  }

  @Test
  void refusesCallsOfValues() {
    assertRefused(
        "pickle calls a value", checkpoint(new PickleWriter().integer(1).raw(")R").stop()));
    assertRefused(
        "pickle calls a value",
        checkpoint(new PickleWriter().global("torch", "FloatStorage").raw(")R").stop()));
  }

  @Test
  void refusesTensorsOutsideOfTheirStorage() {
    long[] two = {2, 2};
    String part = "elements outside of their storage of 32 bytes (at tensor t)";
    assertRefused(part, single("FloatStorage", EIGHT, 8, 5, two, new long[] {2, 1}));
    assertRefused(part, single("FloatStorage", EIGHT, 8, 0, two, new long[] {7, 1}));
    assertRefused(part, single("FloatStorage", EIGHT, 8, 0, two, new long[] {-1, 1}));
    assertRefused(part, single("FloatStorage", EIGHT, 8, 8, new long[0], new long[0]));
    assertRefused(
        part,
        single("FloatStorage", EIGHT, 8, 0, two, new long[] {Long.MAX_VALUE, Long.MAX_VALUE}));
    assertRefused(
        part,
        single("FloatStorage", EIGHT, 8, 0, new long[] {3, 3}, new long[] {1L << 62, 1L << 62}));
    // Products and sums that are small again after they overflow.
    assertRefused(
        part, single("FloatStorage", EIGHT, 8, 0, new long[] {5, 2}, new long[] {1L << 62, 1}));
    assertRefused(
        part,
        single(
            "FloatStorage",
            EIGHT,
            8,
            0,
            new long[] {3, 3},
            new long[] {Long.MAX_VALUE / 2 + 1, Long.MAX_VALUE / 2 + 2}));
    assertRefused(
        "starts at element -1", single("FloatStorage", EIGHT, 8, -1, two, new long[] {2, 1}));
    assertRefused(
        "starts at element 9223372036854775807",
        single("FloatStorage", EIGHT, 8, Long.MAX_VALUE, two, new long[] {2, 1}));
    assertRefused(
        "1 strides for shape [2, 2]", single("FloatStorage", EIGHT, 8, 0, two, new long[] {2}));
    assertRefused(
        "2^31-1", single("FloatStorage", EIGHT, 8, 0, new long[] {65536, 65536}, new long[2]));
    assertRefused(
        "more than 64 axes", single("FloatStorage", EIGHT, 8, 0, new long[65], new long[65]));
    assertRefused(
        "axis 0 has extent 4294967296",
        single("FloatStorage", EIGHT, 8, 0, new long[] {1L << 32}, new long[1]));
  }

  @Test
  void refusesTensorsThatRepeatTheirElementsWithoutEnd() {
    assertRefused(
        "shape [1073741824] needs 4294967296 bytes",
        single("FloatStorage", EIGHT, 8, 0, new long[] {1 << 30}, new long[] {0}));
  }

  @Test
  void refusesStoragesOfAnotherSize() {
    byte[] contradiction =
        dict()
            .text("a")
            .tensor("FloatStorage", "0", 8)
            .text("b")
            .tensor("FloatStorage", "0", 4)
            .raw('u')
            .stop();
    assertRefused("storage 0 in two types or sizes", checkpoint(contradiction, EIGHT));
    assertRefused("storage 0 of 28 bytes", single("FloatStorage", Arrays.copyOf(EIGHT, 28), 8));
    assertRefused(
        "no storage 0 (at tensor t)",
        checkpoint(dict().text("t").tensor("FloatStorage", "0", 8).raw('u').stop()));
    byte[] pickle = smallStateDict("FloatStorage").stop();
    assertRefused("storage 0 of 7 elements", legacy(pickle, 7, EIGHT));
    assertRefused("truncated: storage 0", legacy(pickle, 8, Arrays.copyOf(EIGHT, 31)));
    assertRefused("no storage 0", legacy(pickle, 8));
  }

  @Test
  void refusesCheckpointsWithoutTensors() {
    assertRefused(
        "without tensors; it has: epoch, arch, expected a state dict",
        checkpoint(dict().text("epoch").integer(3).text("arch").text("x").raw('u').stop()));
    assertRefused("holds no dict", checkpoint(new PickleWriter().integer(3).stop()));
    assertRefused("no PyTorch checkpoint", dict().text("epoch").integer(3).raw('u').stop());
  }

  @Test
  void bearsContainersThatContainThemselves() {
    // d = {}; d['state_dict'] = d; d[d] = d
    byte[] pickle =
        new PickleWriter().raw("}q\u0001(").text("state_dict").raw("h\u0001h\u0001h\u0001u").stop();
    assertRefused("without tensors; it has: state_dict, ?", checkpoint(pickle));
    byte[] list = new PickleWriter().raw("]q\u0001h\u0001a").stop();
    assertRefused("holds no dict", checkpoint(list));
  }

  @Test
  void limitsWhatAPickleTakesInTheHeap() {
    assertRefused(
        "too many objects", checkpoint(new PickleWriter().raw("}".repeat(1 << 19)).stop()));
    // Each key and its value take two bytes of the file and a row of the table.
    assertRefused(
        "too many objects",
        checkpoint(new PickleWriter().raw("}(" + "NN".repeat(1 << 19) + "u").stop()));
    assertRefused("memo index 9", checkpoint(new PickleWriter().raw("}q\u0009").stop()));
    assertRefused(
        "memo index 4294967295",
        checkpoint(new PickleWriter().raw("}r\u00ff\u00ff\u00ff\u00ff").stop()));
    assertRefused(
        "ends too early", checkpoint(new PickleWriter().raw("X\u00ff\u00ff\u00ff\u007f").stop()));
    assertRefused(
        "an integer of 2147483647 bytes",
        checkpoint(new PickleWriter().raw(0x8b).raw("\u00ff\u00ff\u00ff\u007f").stop()));
    assertRefused(
        "without an end", checkpoint(new PickleWriter().raw("I" + "1".repeat(600) + "\n").stop()));
  }

  @Test
  void refusesPicklesThatDoNotAddUp() {
    for (String instructions :
        List.of(
            "",
            "N",
            "NN.",
            "(N.",
            "0.",
            "(0N.",
            "t.",
            "e.",
            "a.",
            "Na.",
            "}Na.",
            "]Ns.",
            "}(Nu.",
            "NNs.",
            "(NN0u.",
            "]N(at.",
            "h\u0000.",
            "R.",
            "NR.",
            "b.",
            "NNb.",
            "Q.",
            "(tQ.",
            "Ixx\n.",
            "Lx\n.",
            "Sx\n.",
            "g7\n.",
            "gx\n.",
            "o.",
            "(o.",
            "\u0080\u0006N.",
            "\u0085.",
            "N\u0086.",
            "2.",
            "1.",
            "\u0001.",
            "Pid\n.",
            "N\u0081.",
            "ccollections\nOrderedDict\nNR.",
            "ccollections\nOrderedDict\nN\u0085R.",
            "ctorch._utils\n_rebuild_tensor\n)R.",
            "ctorch._utils\n_rebuild_parameter\n)R.",
            "ctorch._utils\n_rebuild_tensor_v3\n)R.")) {
      byte[] pickle = Samples.ascii(instructions);
      assertThrows(FormatException.class, () -> Samples.readAll(checkpoint(pickle)), instructions);
    }
  }

  @Test
  void readsTextInstructions() throws IOException {
    byte[] pickle =
        concat(
            Samples.ascii(
                "(dp0\nS'epoch'\np1\nI12\nsVlr\np2\nF0.1\nsS\"n\"\nL123456789012345678901234L\nsS'f'\nI01\ns"
                    + "(lp3\nI1\nag3\n0(I1\nI2\ntp4\n00S't'\n"),
            Arrays.copyOfRange(
                new PickleWriter().tensor("FloatStorage", "0", 8).raw('s').stop(), 2, 1 << 10));
    assertEquals(8, tensor(checkpoint(pickle, EIGHT), "t").length);
  }

  @Test
  void opensFiles(@TempDir Path folder) throws IOException {
    byte[] pickle = smallStateDict("FloatStorage").stop();
    Path zip = Files.write(folder.resolve("a.pth"), checkpoint(pickle, EIGHT));
    Path stream = Files.write(folder.resolve("b.th"), legacy(pickle, 8, EIGHT));
    assertArrayEquals(
        new float[] {6, 7}, PickleCheckpoint.open(zip).parameter("fc.bias").toArray());
    assertArrayEquals(
        new float[] {6, 7}, PickleCheckpoint.open(stream).parameter("fc.bias").toArray());
    assertEquals(zip, WeightFile.open(zip).file());
    assertEquals(
        stream + ": PyTorch legacy checkpoint, 2 tensors", WeightFile.open(stream).toString());
  }
}
