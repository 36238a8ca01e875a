package dev.hedgerow.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family that torchvision has, against torchvision's own model. */
final class TorchvisionTest {
  /** A model of torchvision: its number of parameters, and what its state_dict holds. */
  record Listing(String name, long count, Map<String, Shape> tensors) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** The logits of a model for the image of a size. */
  record Logits(String name, int height, int width, float[] values) {
    @Override
    public String toString() {
      return name;
    }
  }

  @Test
  void nothingOfTorchvisionIsLeftOut() {
    List<String> families =
        Families.all().stream()
            .map(Family::name)
            .filter(name -> !name.startsWith("cifar_"))
            .toList();
    assertEquals(families, listings().stream().map(Listing::name).toList());
    assertEquals(families, logits().stream().map(Logits::name).toList());
  }

  @ParameterizedTest
  @MethodSource("listings")
  void countsNamesAndShapesAreEqual(Listing listing) {
    Family family = Families.find(listing.name).orElseThrow();
    assertEquals(listing.count, family.parameterCount());
    assertEquals(listing.tensors, new TreeMap<>(family.parameters(1000)));
  }

  @ParameterizedTest
  @MethodSource("logits")
  void logitsAreEqual(Logits expected) {
    Family family = Families.find(expected.name).orElseThrow();
    Shape input = Shape.of(1, 3, expected.height, expected.width);
    try (var pool = new ForkJoinPool(2)) {
      Engine engine = Engine.parallel(pool);
      Graph graph = family.graph(input, expected.values.length, TorchvisionTest::parameter);
      float[] actual = graph.run(engine, image(input)).toArray();
      double largest = 0;
      double error = 0;
      for (int i = 0; i < actual.length; i++) {
        largest = Math.max(largest, Math.abs(expected.values[i]));
        error = Math.max(error, Math.abs((double) actual[i] - expected.values[i]));
      }
      double off = error / largest;
      assertTrue(
          off <= 3e-5,
          () ->
              "%s: off by %.2e of the largest logit: %s, expected %s"
                  .formatted(
                      expected.name,
                      off,
                      Arrays.toString(actual),
                      Arrays.toString(expected.values)));
    }
  }

  private static Tensor image(Shape shape) {
    return Tensor.of(shape, parameter("input", 0, 2, shape));
  }

  /**
   * Weights that keep activations' spread: uniform, of variance 2/n where a sum has n terms. Norms
   * near 1, those that end a residual branch near ½.
   */
  private static Parameter parameter(String name, Shape shape) {
    float[] values;
    if (shape.rank() > 1) {
      int terms = shape.size() / shape.extent(0);
      values = parameter(name, 0, (float) Math.sqrt(6.0 / terms), shape);
    } else if (name.endsWith("running_var")) {
      values = parameter(name, 1, 0.5f, shape);
    } else if (name.endsWith("bn2.weight") || name.endsWith("bn3.weight")) {
      values = parameter(name, 0.5f, 0.125f, shape);
    } else if (name.endsWith("weight")) {
      values = parameter(name, 1, 0.25f, shape);
    } else {
      values = parameter(name, 0, 0.125f, shape);
    }
    return Parameter.of(shape, values);
  }

  /**
   * Returns {@code centre + spread · u} with u in [−1, 1), MurmurHash3's mixing of the name's hash
   * and the index, which NumPy computes alike.
   */
  private static float[] parameter(String name, float centre, float spread, Shape shape) {
    float[] values = new float[shape.size()];
    int seed = name.hashCode();
    IntStream.range(0, values.length)
        .parallel()
        .forEach(
            i -> {
              int h = seed + i * 0x9E3779B9;
              h = (h ^ h >>> 16) * 0x85ebca6b;
              h = (h ^ h >>> 13) * 0xc2b2ae35;
              h ^= h >>> 16;
              values[i] = centre + spread * ((h >> 8) * 0x1p-23f);
            });
    return values;
  }

  static List<Listing> listings() {
    var listings = new ArrayList<Listing>();
    for (String line : lines("torchvision-tensors.txt")) {
      String[] words = line.split(" ", -1);
      if (line.startsWith("[")) {
        String name = words[0].substring(1, words[0].length() - 1);
        listings.add(new Listing(name, Long.parseLong(words[1]), new TreeMap<>()));
        continue;
      }
      Map<String, Shape> tensors = listings.getLast().tensors;
      if (words[1].equals("norm")) {
        for (String vector : List.of("weight", "bias", "running_mean", "running_var")) {
          tensors.put(words[0] + "." + vector, Shape.of(Integer.parseInt(words[2])));
        }
      } else {
        int[] extents =
            Arrays.stream(words[1].split("x", -1)).mapToInt(Integer::parseInt).toArray();
        tensors.put(words[0], Shape.of(extents));
      }
    }
    return listings;
  }

  static List<Logits> logits() {
    var logits = new ArrayList<Logits>();
    for (String line : lines("torchvision-logits.txt")) {
      String[] words = line.split(" ", -1);
      float[] values = new float[words.length - 3];
      for (int i = 0; i < values.length; i++) values[i] = Float.parseFloat(words[i + 3]);
      logits.add(
          new Logits(words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2]), values));
    }
    return logits;
  }

  private static List<String> lines(String resource) {
    try (InputStream in = TorchvisionTest.class.getResourceAsStream(resource)) {
      String text =
          new String(Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#")).toList();
    } catch (IOException unexpected) {
      throw new UncheckedIOException(unexpected);
    }
  }
}
