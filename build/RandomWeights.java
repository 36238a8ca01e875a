import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes random weights of a family, under torchvision's names, for measurements that need a
 * network of full size but no trained one:
 *
 * <pre>java -cp app/target/hedgerow.jar build/RandomWeights.java resnet50 resnet50.safetensors</pre>
 *
 * Weights are Gaussian with He's variance, 2/n where a sum has n terms; norms and biases as a new
 * network has them. The same family gives the same file.
 */
void main(String[] arguments) throws IOException {
  if (arguments.length != 2) {
    System.err.println("usage: RandomWeights.java FAMILY OUT.safetensors");
    System.exit(2);
  }
  Family family = Families.find(arguments[0]).orElseThrow();
  Map<String, Shape> tensors = family.parameters(1000);
  var header = new StringBuilder("{");
  long offset = 0;
  for (var tensor : tensors.entrySet()) {
    long end = offset + 4L * tensor.getValue().size();
    header.append(
        "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(offset == 0 ? "" : ",", tensor.getKey(), tensor.getValue(), offset, end));
    offset = end;
  }
  header.append('}').append(" ".repeat(Math.floorMod(-header.length(), 8)));
  var random = new SplittableRandom(1);
  try (var out =
      new DataOutputStream(
          new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[1])), 1 << 20))) {
    out.writeLong(Long.reverseBytes(header.length()));
    out.write(header.toString().getBytes(StandardCharsets.US_ASCII));
    for (var tensor : tensors.entrySet()) {
      Shape shape = tensor.getValue();
      boolean one = tensor.getKey().endsWith("weight") || tensor.getKey().endsWith("running_var");
      double deviation = Math.sqrt(2.0 * shape.extent(0) / shape.size());
      for (int i = 0; i < shape.size(); i++) {
        float value =
            shape.rank() > 1 ? (float) (random.nextGaussian() * deviation) : one ? 1 : 0;
        out.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(value)));
      }
    }
  }
}
