package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A narrow network as a project publishes it: what its tensors are called and how they are shaped
 * there, and the logits that an independent program computed; see {@code dialects/README.md}.
 *
 * @param size of the picture
 * @param logits in double precision
 * @param layers in the order of the model; one layer without a name where the project has none
 */
record Published(int size, double[] logits, List<Layer> layers) {
  /**
   * A layer.
   *
   * @param type Keras' class
   * @param tensors their shapes by what they are called in the layer
   */
  record Layer(String type, String name, Map<String, Shape> tensors) {}

  static Published read(String network) {
    String file = "dialects/" + network + ".txt";
    var in = Objects.requireNonNull(Published.class.getResourceAsStream(file), file);
    try (var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      int size = Integer.parseInt(Objects.requireNonNull(lines.readLine()).split(" ", -1)[1]);
      double[] logits =
          Arrays.stream(Objects.requireNonNull(lines.readLine()).split(" ", -1))
              .skip(1)
              .mapToDouble(Double::parseDouble)
              .toArray();
      var layers = new ArrayList<Layer>();
      for (String line : lines.lines().toList()) layers.add(layer(line.split(" ", -1)));
      return new Published(size, logits, layers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Layer layer(String[] words) {
    boolean named = !words[0].contains(":");
    var tensors = new LinkedHashMap<String, Shape>();
    for (int i = named ? 2 : 0; i < words.length; i++) {
      int colon = words[i].lastIndexOf(':');
      int[] extents =
          Arrays.stream(words[i].substring(colon + 1).split("x", -1))
              .mapToInt(Integer::parseInt)
              .toArray();
      tensors.put(words[i].substring(0, colon), Shape.of(extents));
    }
    return named ? new Layer(words[0], words[1], tensors) : new Layer("", "", tensors);
  }

  /** Returns the number of classes. */
  int classes() {
    return logits.length;
  }

  /** Returns the values of a Keras layer's tensor: its last extent counts the outputs. */
  static Parameter keras(String layer, String part, Shape shape) {
    boolean scale = part.equals("gamma") || part.equals("moving_variance");
    return Formula.weight(layer + "/" + part, shape, shape.extent(shape.rank() - 1), scale);
  }

  /** Returns the values of a tensor of PyTorch: its first extent counts the outputs. */
  static Parameter torch(String name, Shape shape) {
    boolean scale =
        shape.rank() == 1
            && (name.endsWith("running_var")
                || name.matches(
                    ".*(norm[0-9]?|normalization|bn|bn[123]|bn[123].1|norm.[12]|downsample(.1)*)\\.weight"));
    return Formula.weight(name, shape, shape.extent(0), scale);
  }
}
