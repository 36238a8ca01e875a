package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.weights.KerasFile.Layer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HDF5 files that h5py wrote in the layouts of Keras; element i of an array is i / 8. */
final class Hdf5Test {
  /** Returns a file of the resources. */
  static byte[] resource(String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(Hdf5Test.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    }
  }

  private static KerasFile read(String name) throws IOException {
    return assertInstanceOf(KerasFile.class, Samples.read(resource(name)));
  }

  private static void assertEighths(WeightSource source, String name, int... extents)
      throws FormatException {
    assertEquals(Shape.of(extents), source.parameter(name).shape());
    float[] values = source.parameter(name).toArray();
    for (int i = 0; i < values.length; i++) assertEquals(i / 8f, values[i], name + " " + i);
  }

  @Test
  void keras2ListsItsLayers() throws IOException {
    KerasFile file = read("keras2.h5");
    assertEquals(
        List.of(
            new Layer("conv", "", List.of("conv/conv/kernel:0", "conv/conv/bias:0")),
            new Layer("bn", "", List.of("bn/bn/gamma:0", "bn/bn/beta:0")),
            new Layer("fc", "", List.of("fc/fc/kernel:0", "fc/fc/bias:0"))),
        file.layers());
    assertEquals(Optional.empty(), file.config());
    assertEquals(6, file.tensors().size());
    assertEighths(file, "conv/conv/kernel:0", 3, 3, 2, 4);
    assertEighths(file, "fc/fc/kernel:0", 4, 3);
    assertArrayEquals(
        new float[] {1, 1.125f, 1.25f, 1.375f}, file.parameter("bn/bn/beta:0").toArray());
    assertEquals("weights.file: HDF5, 6 tensors", file.toString());
  }

  @Test
  void keras3NumbersItsLayersInTheOrderOfTheModel() throws IOException {
    for (String name : List.of("keras3.keras", "deflated.keras")) {
      KerasFile file = read(name);
      List<Layer> layers = file.layers();
      assertEquals(
          new Layer("zz_first", "Conv2D", List.of("layers/conv2d/vars/0", "layers/conv2d/vars/1")),
          layers.getFirst());
      assertEquals("norm BatchNormalization", layers.get(1).name() + " " + layers.get(1).type());
      assertEquals("aa_second", layers.get(2).name());
      assertEquals("layers/conv2d_1/vars/1", layers.get(2).tensors().getLast());
      assertTrue(file.config().orElseThrow().contains("\"epsilon\": 0.001"));
      assertEighths(file, "layers/conv2d/vars/0", 1, 1, 2, 4);
      assertEighths(file, "layers/conv2d_1/vars/0", 1, 1, 4, 2);
      assertEighths(file, "layers/conv2d_1/vars/1", 2);
    }
  }

  @Test
  void withoutTheModelOnlyTheGroupsAreKnown() throws IOException {
    KerasFile file = read("keras3.weights.h5");
    assertEquals(
        List.of("batch_normalization", "conv2d", "aa_second"),
        file.layers().stream().map(Layer::name).toList());
    assertEquals(Optional.empty(), file.config());
  }

  @Test
  void theTensorsOfALayerAreInTheOrderOfTheirNumbers() throws IOException {
    assertEquals("batch_normalization", KerasLayers.snakeCase("BatchNormalization"));
    assertEquals("depthwise_conv2d", KerasLayers.snakeCase("DepthwiseConv2D"));
    assertEquals("re_lu", KerasLayers.snakeCase("ReLU"));
    KerasFile file = read("latest.h5");
    assertEquals(List.of(new Layer("dense", "", List.of("dense/w1", "dense/w0"))), file.layers());
    for (int i = 0; i < 12; i++) {
      assertArrayEquals(new float[] {i, i + 0.125f}, file.parameter("dense/w" + i).toArray());
    }
  }

  @Test
  void chunksAreDecodedAndPutTogether() throws IOException {
    KerasFile file = read("chunks.h5");
    assertEighths(file, "gzip", 5, 7);
    assertEighths(file, "plain", 2, 3, 2);
    assertEighths(file, "half", 6);
    assertEighths(file, "empty", 0, 3);
    assertArrayEquals(new float[] {2.5f}, file.parameter("scalar").toArray());
    // This one's chunk says that it was not deflated.
    assertArrayEquals(
        new float[] {
          -2.27078989339778e+30f,
          -1.1371966616514506e-19f,
          -1.513547759346423e-10f,
          -1.0377615798312219e+23f
        },
        file.parameter("noise").toArray());
    assertEquals(6, file.tensors().size());
    assertEighths(read("latest.h5"), "one", 4, 4);
    assertEighths(read("latest.h5"), "array", 6, 2);
  }

  @Test
  void offsetsAreThoseOfTheWholeFile() throws IOException {
    for (String name : List.of("latest.h5", "keras3.keras")) {
      byte[] bytes = resource(name);
      for (TensorInfo tensor : read(name).tensors()) {
        if (!tensor.type().equals("F32") || tensor.shape().rank() != 1) continue;
        float[] stored = read(name).parameter(tensor.name()).toArray();
        float first =
            MemorySegment.ofArray(bytes)
                .get(java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED, tensor.offset());
        assertEquals(stored[0], first, tensor.name());
      }
    }
  }

  @Test
  void saysWhereAFileWasCut() throws IOException {
    for (String name : List.of("keras2.h5", "latest.h5")) {
      byte[] whole = resource(name);
      Samples.assertRefused(
          "truncated: %d bytes, expected %d as its superblock says"
              .formatted(whole.length - 1, whole.length),
          Arrays.copyOf(whole, whole.length - 1));
      Samples.assertRefused("truncated: 1200 bytes", Arrays.copyOf(whole, 1200));
    }
  }

  @Test
  void saysWhatIsMissingWithoutJhdf(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("keras.file"), resource("keras2.h5"));
    URL[] without =
        Stream.of(System.getProperty("java.class.path").split(java.io.File.pathSeparator, -1))
            .filter(path -> !path.contains("jhdf"))
            .map(path -> Path.of(path).toUri())
            .map(Hdf5Test::url)
            .toArray(URL[]::new);
    try (var loader = new URLClassLoader(without, ClassLoader.getPlatformClassLoader())) {
      var open = loader.loadClass(WeightFile.class.getName()).getDeclaredMethod("open", Path.class);
      var thrown = assertThrows(InvocationTargetException.class, () -> open.invoke(null, file));
      assertEquals(
          file
              + ": is HDF5, but its reader is not there, expected io.jhdf:jhdf:0.13.0 on the class"
              + " path",
          Objects.requireNonNull(thrown.getCause()).getMessage());
    }
  }

  private static URL url(URI uri) {
    try {
      return uri.toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
