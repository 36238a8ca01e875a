package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trained networks and golden data, where they are at hand; the numbers were read by NumPy. */
final class RealFilesTest {
  private static Path shared(String name) {
    String root = System.getProperty("hedgerow.root");
    Assumptions.assumeTrue(root != null, "system property hedgerow.root");
    Path file = Path.of(String.valueOf(root)).resolve("../shared").resolve(name).normalize();
    Assumptions.assumeTrue(Files.exists(file), () -> file + " is not there");
    return file;
  }

  private static void assertTensor(
      WeightSource source, String name, Shape shape, float first, float last, double sum)
      throws IOException {
    var parameter = source.parameter(name);
    float[] values = parameter.toArray();
    assertEquals(shape, parameter.shape());
    assertEquals(first, values[0]);
    assertEquals(last, values[values.length - 1]);
    double total = 0;
    for (float value : values) total += value;
    assertEquals(sum, total, 1e-9);
  }

  private static void readAll(WeightSource source) throws IOException {
    for (TensorInfo info : source.tensors()) {
      for (float value : source.parameter(info.name()).toArray()) {
        assertTrue(Float.isFinite(value), info.name());
      }
    }
  }

  @Test
  void readsSqueezeNet() throws IOException {
    WeightSource source = WeightFile.open(shared("models/squeezenet1_1.pth"));
    assertEquals(52, source.tensors().size());
    assertEquals("features.0.weight", source.tensors().iterator().next().name());
    assertTensor(
        source,
        "features.0.weight",
        Shape.of(64, 3, 3, 3),
        0.3146835f,
        0.073250815f,
        -2.9973132426930533);
    assertTensor(
        source,
        "features.12.expand3x3.weight",
        Shape.of(256, 64, 3, 3),
        0.09164338f,
        -0.020507172f,
        -855.1462849080947);
    assertTensor(
        source,
        "classifier.1.bias",
        Shape.of(1000),
        0.036029596f,
        0.061611548f,
        10.936995808340725);
    readAll(source);
  }

  @Test
  void readsTheCifarResNets() throws IOException {
    WeightSource source = WeightFile.open(shared("models/resnet20-12fca82f.th"));
    assertEquals(97, source.tensors().size());
    assertEquals("conv1.weight", source.tensors().iterator().next().name());
    assertTensor(
        source,
        "conv1.weight",
        Shape.of(16, 3, 3, 3),
        -0.13818146f,
        0.3087102f,
        1.3100982000032673);
    assertTensor(
        source, "layer3.0.bn1.running_var", Shape.of(64), 3.4040358f, 2.576045f, 257.0919622939691);
    assertTensor(
        source, "linear.bias", Shape.of(10), 0.19355907f, -0.2702594f, 3.4442171454429626e-5);
    readAll(source);
    source = WeightFile.open(shared("models/resnet56-4bfd9763.th"));
    assertEquals(277, source.tensors().size());
    assertTensor(source, "linear.bias", Shape.of(10), 0.13465537f, -0.27211186f, -0.00148231536159);
    readAll(source);
  }

  @ParameterizedTest
  @ValueSource(strings = {"densenet-mini", "resnet-mini", "vgg16-mini"})
  void readsTheSameInputFromSafetensorsAndNpy(String net) throws IOException {
    WeightSource golden = WeightFile.open(shared("golden/" + net + ".golden.safetensors"));
    var input = Npy.read(shared("golden/" + net + ".input.npy"));
    assertEquals(input.shape(), golden.parameter("input").shape());
    assertArrayEquals(input.toArray(), golden.parameter("input").toArray());
    readAll(golden);
    readAll(WeightFile.open(shared("golden/" + net + ".weights.safetensors")));
  }

  @Test
  void tellsAnOnnxModelFromWeights() {
    Path file = shared("models/squeezenet1_1.onnx");
    var error = assertThrows(FormatException.class, () -> WeightFile.open(file));
    assertTrue(String.valueOf(error.getMessage()).contains("looks like an ONNX model"));
  }
}
