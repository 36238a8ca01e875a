package dev.hedgerow.app;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/** Writes a family's weights, drawn at random, as safetensors. */
final class RandomWeights {
  private RandomWeights() {}

  static Path write(Path file, String familyName, int classes) throws IOException {
    Family family = Families.find(familyName).orElseThrow();
    Map<String, Shape> parameters = family.parameters(classes);
    var header = new StringBuilder();
    int bytes = 0;
    for (Map.Entry<String, Shape> parameter : parameters.entrySet()) {
      int end = bytes + 4 * parameter.getValue().size();
      String shape =
          Arrays.stream(parameter.getValue().toArray())
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(","));
      header.append(header.isEmpty() ? "{" : ",");
      header.append(
          "\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
              .formatted(parameter.getKey(), shape, bytes, end));
      bytes = end;
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer all = ByteBuffer.allocate(8 + json.length + bytes).order(ByteOrder.LITTLE_ENDIAN);
    all.putLong(json.length).put(json);
    var random = new Random(11);
    parameters.forEach(
        (name, shape) -> {
          double spread = shape.rank() == 1 ? 0 : Math.sqrt(2.0 * shape.extent(0) / shape.size());
          double centre = name.endsWith("bias") || name.endsWith("mean") ? 0 : 1;
          for (int i = 0; i < shape.size(); i++) {
            double value = shape.rank() == 1 ? centre : spread * random.nextGaussian();
            all.putFloat((float) value);
          }
        });
    return Files.write(file, all.array());
  }
}
