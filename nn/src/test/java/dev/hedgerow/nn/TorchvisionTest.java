package dev.hedgerow.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
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
  /** How many logits there are, and as many places of the gradient. */
  private static final int VALUES = 16;

  /** The logit whose gradient is compared. */
  private static final int TARGET = 3;

  /** A model of torchvision: its number of parameters, and what its state_dict holds. */
  record Listing(String name, long count, Map<String, Shape> tensors) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** The logits of a model for the image of a size, and some of the gradient of one of them. */
  record Numbers(String name, int height, int width, float[] logits, float[] gradient) {
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
    assertEquals(families, numbers().stream().map(Numbers::name).toList());
  }

  @ParameterizedTest
  @MethodSource("listings")
  void countsNamesAndShapesAreEqual(Listing listing) {
    Family family = family(listing.name);
    assertEquals(listing.count, family.parameterCount());
    assertEquals(listing.tensors, new TreeMap<>(family.parameters(1000)));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void logitsAndGradientsAreEqual(Numbers expected) {
    Family family = family(expected.name);
    Topology topology =
        family.topology() instanceof Vgg net
            ? new Vgg(net.stages(), 256, net.normalized(), net.form())
            : family.topology();
    assertEqualNumbers(family.with(expected.name, topology), expected);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void otherReleasesAreEqual(Numbers expected) {
    int hyphen = expected.name.indexOf('-');
    Family family = family(expected.name.substring(0, hyphen));
    String release = expected.name.substring(hyphen + 1);
    Topology topology =
        switch (family.topology()) {
          case ResNet net ->
              new ResNet(net.block(), net.stem(), net.stages(), net.groups(), form(release));
          case Vgg net -> new Vgg(net.stages(), 128, false, Vgg.Form.CAFFE);
          case InceptionV3 net -> new InceptionV3(1, false, false);
          default -> throw new IllegalArgumentException(expected.name);
        };
    assertEqualNumbers(family.with(expected.name, topology), expected);
  }

  /** ResNet as Caffe has it, or with all that else can differ. */
  private static ResNet.Form form(String release) {
    return switch (release) {
      case "caffe" ->
          new ResNet.Form(
              ResNet.Bias.STEM,
              Window.of(7, 2, 3),
              new MaxPool(Window.of(3, 2, 0), true),
              true,
              Modules.EPSILON);
      case "biased" ->
          new ResNet.Form(
              ResNet.Bias.ALL,
              Window.of(7, 2, 0).padded(1, 2, 3, 3),
              new MaxPool(Window.of(3, 2, 1), false),
              true,
              1e-3f);
      default -> throw new IllegalArgumentException(release);
    };
  }

  private static Family family(String name) {
    return Families.find(name).orElseThrow();
  }

  private static void assertEqualNumbers(Family family, Numbers expected) {
    Shape input = Shape.of(1, 3, expected.height, expected.width);
    try (var pool = new ForkJoinPool(2)) {
      Engine engine = Engine.parallel(pool);
      Graph graph = family.graph(input, VALUES, TorchvisionTest::parameter);
      Recording recording = graph.record(engine, image(input));
      assertClose(expected.logits, recording.logits().toArray());
      float[] gradient = graph.gradient(engine, recording, TARGET, graph.input()).toArray();
      assertGradient(recording, expected.gradient, gradient);
    }
  }

  /** Asserts equality to 3·10⁻⁵ of the largest magnitude. */
  private static void assertClose(float[] expected, float[] actual) {
    double largest = 0;
    double error = 0;
    for (int i = 0; i < VALUES; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, Math.abs((double) actual[i] - expected[i]));
    }
    double off = error / largest;
    assertTrue(
        off <= 3e-5,
        () ->
            "logits off by %.2e of the largest: %s, expected %s"
                .formatted(off, Arrays.toString(actual), Arrays.toString(expected)));
  }

  /**
   * Asserts a gradient's equality to 2·10⁻⁵ of the largest magnitude. A gradient jumps where an
   * activation next to 0 has another sign in float32 than in torchvision's float64, or a window
   * another maximum: a few of millions. Where that happens, the gradient is to be the float64
   * gradient of the linear piece float32 is in, everywhere, and torchvision's to a cosine of 0.999.
   */
  private static void assertGradient(Recording recording, float[] expected, float[] gradient) {
    double[] picked = new double[VALUES];
    double[] theirs = new double[VALUES];
    for (int i = 0; i < VALUES; i++) {
      picked[i] = gradient[i * (gradient.length / VALUES + 7)];
      theirs[i] = expected[i];
    }
    double largest = 0;
    for (float value : gradient) largest = Math.max(largest, Math.abs(value));
    if (largestDifference(theirs, picked) <= 2e-5 * largest) return;
    double[] ours = IntStream.range(0, gradient.length).mapToDouble(i -> gradient[i]).toArray();
    double off = largestDifference(NaiveGradient.of(recording, TARGET), ours) / largest;
    assertTrue(off <= 2e-5, () -> "gradient off by %.2e of the largest".formatted(off));
    double cosine = cosine(theirs, picked);
    assertTrue(cosine >= 0.999, () -> "gradient: cosine " + cosine);
  }

  private static double largestDifference(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
    return largest;
  }

  private static double cosine(double[] a, double[] b) {
    double product = 0;
    double squares = 0;
    double otherSquares = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      squares += a[i] * a[i];
      otherSquares += b[i] * b[i];
    }
    return product / Math.sqrt(squares * otherSquares);
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

  static List<Numbers> numbers() {
    return numbers("torchvision-numbers.txt");
  }

  static List<Numbers> variants() {
    return numbers("torchvision-variants.txt");
  }

  private static List<Numbers> numbers(String resource) {
    var numbers = new ArrayList<Numbers>();
    for (String line : lines(resource)) {
      String[] words = line.split(" ", -1);
      int height = Integer.parseInt(words[1]);
      int width = Integer.parseInt(words[2]);
      numbers.add(
          new Numbers(words[0], height, width, floats(words, 3), floats(words, 3 + VALUES)));
    }
    return numbers;
  }

  private static float[] floats(String[] words, int from) {
    float[] values = new float[VALUES];
    for (int i = 0; i < VALUES; i++) values[i] = Float.parseFloat(words[from + i]);
    return values;
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
