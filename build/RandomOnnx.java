import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.weights.OnnxExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.SplittableRandom;

/**
 * Writes a family with random weights as an ONNX model, for {@code hedgerow bench --against
 * onnxruntime}:
 *
 * <pre>java -cp app/target/hedgerow.jar:weights/target/test-classes \
 *     build/RandomOnnx.java densenet121 densenet121.onnx</pre>
 *
 * Weights are uniform with He's variance, 2/n where a sum has n terms; norms and biases change
 * nothing.
 */
void main(String[] arguments) throws IOException {
  if (arguments.length != 2) {
    System.err.println("usage: RandomOnnx.java FAMILY OUT.onnx");
    System.exit(2);
  }
  Family family = Families.find(arguments[0]).orElseThrow();
  var random = new SplittableRandom(1);
  var made = new HashMap<String, Parameter>();
  var graph =
      family.graph(
          family.input(),
          1000,
          (name, shape) -> made.computeIfAbsent(name, _ -> values(name, shape, random)));
  Parameter none = Parameter.of(Shape.of(0), new float[0]);
  byte[] model =
      OnnxExport.bytes(graph, (name, shape) -> made.getOrDefault(name, none), 1e-5f);
  Files.write(Path.of(arguments[1]), model);
}

Parameter values(String name, Shape shape, SplittableRandom random) {
  float[] values = new float[shape.size()];
  if (shape.rank() > 1) {
    double bound = Math.sqrt(6.0 * shape.extent(0) / shape.size());
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (bound * (2 * random.nextDouble() - 1));
    }
  } else if (name.endsWith("weight") || name.endsWith("running_var")) {
    Arrays.fill(values, 1f);
  }
  return Parameter.of(shape, values);
}
