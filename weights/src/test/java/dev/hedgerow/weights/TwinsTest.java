package dev.hedgerow.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Twins;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A narrow twin of every family is the same network, whichever format its weights come from. */
final class TwinsTest {
  private static final Engine ENGINE = Engine.sequential();
  private static final int CLASSES = 10;

  @TempDir private Path folder;

  static Stream<String> families() {
    return Families.all().stream().map(Family::name);
  }

  @ParameterizedTest
  @MethodSource("families")
  void pthSafetensorsNpzAndOnnxAgree(String name) throws IOException {
    Family family = Twins.of(Families.find(name).orElseThrow());
    var parameters = new LinkedHashMap<String, Parameter>();
    family
        .parameters(CLASSES)
        .forEach((tensor, shape) -> parameters.put(tensor, made(tensor, shape)));
    Tensor x = picture(family);
    float[] expected = logits(bound(family, pth(parameters)), x);
    assertEquals(CLASSES, expected.length);
    assertTrue(
        Arrays.stream(toDoubles(expected)).distinct().count() > 1, Arrays.toString(expected));
    assertClose(expected, logits(bound(family, safetensors(parameters)), x));
    assertClose(expected, logits(bound(family, npz(parameters)), x));
    Graph graph = family.graph(family.input(), CLASSES, (tensor, _) -> parameters.get(tensor));
    Path onnx = folder.resolve("twin.onnx");
    OnnxExport.write(graph, onnx);
    assertClose(expected, logits(OnnxModel.read(onnx).graph(), x));
  }

  private static Parameter made(String name, Shape shape) {
    boolean scale = name.endsWith(".running_var") || shape.rank() == 1 && name.endsWith(".weight");
    return Formula.weight(name, shape, shape.extent(0), scale);
  }

  private static Tensor picture(Family family) {
    Shape input = family.input();
    return family.preprocessing().apply(ENGINE, Formula.picture(input.extent(2), input.extent(3)));
  }

  private static Graph bound(Family family, byte[] file) throws IOException {
    return Binding.bind(family, Samples.read(file), family.input());
  }

  private static float[] logits(Graph graph, Tensor x) {
    return graph.run(ENGINE, x).toArray();
  }

  private static double[] toDoubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) doubles[i] = values[i];
    return doubles;
  }

  /** Asserts equality to 10⁻⁶ of the largest magnitude. */
  private static void assertClose(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    double largest = 0;
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, Math.abs((double) expected[i] - actual[i]));
    }
    assertTrue(error <= 1e-6 * largest, error + " of " + largest);
  }

  private static byte[] pth(Map<String, Parameter> parameters) {
    var pickle = new PickleWriter().orderedDict().raw('(');
    byte[][] storages = new byte[parameters.size()][];
    int at = 0;
    for (var parameter : parameters.entrySet()) {
      long[] extents =
          Arrays.stream(parameter.getValue().shape().toArray()).asLongStream().toArray();
      pickle.text(parameter.getKey()).tensor("FloatStorage", at + "", extents);
      storages[at++] = Samples.f32(parameter.getValue().toArray());
    }
    return Samples.checkpoint(pickle.raw('u').stop(), storages);
  }

  private static byte[] safetensors(Map<String, Parameter> parameters) {
    var header = new StringBuilder("{");
    var data = new ByteArrayOutputStream();
    parameters.forEach(
        (name, parameter) -> {
          int start = data.size();
          data.writeBytes(Samples.f32(parameter.toArray()));
          header
              .append(header.length() > 1 ? "," : "")
              .append(
                  "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                      .formatted(name, parameter.shape(), start, data.size()));
        });
    return Samples.safetensors(header + "}", data.toByteArray());
  }

  private static byte[] npz(Map<String, Parameter> parameters) {
    return Samples.zip(false, npyEntries(parameters));
  }

  static Map<String, byte[]> npyEntries(Map<String, Parameter> parameters) {
    var entries = new LinkedHashMap<String, byte[]>();
    parameters.forEach(
        (name, parameter) -> {
          String shape =
              Arrays.stream(parameter.shape().toArray())
                  .mapToObj(extent -> extent + ",")
                  .collect(Collectors.joining(" ", "(", ")"));
          entries.put(name + ".npy", Samples.npy("<f4", shape, Samples.f32(parameter.toArray())));
        });
    return entries;
  }
}
