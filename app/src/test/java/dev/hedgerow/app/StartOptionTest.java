package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.weights.Npy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Where methods start and end, as the command line has it, with a small network. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StartOptionTest {
  private static final String FAMILY = "cifar_resnet20";
  private static final Shape IMAGE = Shape.of(3, 32, 32);

  /**
   * Have a map of 0, as the class has a negative logit and next to no probability: with either
   * start the score of every masked image is negative, and so is every channel's weight.
   */
  private static final Set<String> EMPTY =
      Set.of("score-cam:relevance-cam --start=logit", "score-cam:relevance-cam --start=contrast");

  @TempDir private static Path folder;
  private Path weights = folder;
  private Path image = folder;
  private Path other = folder;

  @BeforeAll
  void writeFiles() throws IOException {
    weights = RandomWeights.write(folder.resolve("weights.safetensors"), FAMILY, 10);
    image = image(folder.resolve("image.npy"), 1);
    other = image(folder.resolve("other.npy"), 2);
  }

  private static Path image(Path file, long seed) throws IOException {
    var random = new Random(seed);
    float[] pixels = new float[IMAGE.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    Npy.write(file, IMAGE, pixels);
    return file;
  }

  static Stream<Arguments> methodsAndStarts() {
    return Methods.standard().allWithVariants().stream()
        .map(Attributor::name)
        .flatMap(
            name ->
                Stream.of("", "--start=one-hot", "--start=logit", "--start=contrast")
                    .map(start -> Arguments.of(name, start)));
  }

  @ParameterizedTest
  @MethodSource("methodsAndStarts")
  void everyStartGivesAMapOrAWarning(String method, String start) throws IOException {
    Path out = folder.resolve("out");
    List<String> errors =
        start.isEmpty()
            ? explain(out, image, "--method=" + method, "--samples=3")
            : explain(out, image, "--method=" + method, "--samples=3", start);
    String file = "image.1.%s.npy".formatted(method.replace(':', '-'));
    float[] map = Npy.read(out.resolve(file)).toArray();
    assertEquals(32 * 32, map.length);
    boolean empty = true;
    for (float value : map) {
      assertTrue(Float.isFinite(value), method + " has " + value);
      empty &= value == 0;
    }
    assertEquals(EMPTY.contains(method + " " + start), empty, "empty");
    assertEquals(
        empty, errors.stream().anyMatch(line -> line.endsWith("the map is empty: 0 everywhere")));
    boolean ignored = errors.contains(warning(method, "--start"));
    assertEquals(method.equals("random") && !start.isEmpty(), ignored, errors.toString());
  }

  @Test
  void whatAMethodIgnoresIsSaidOnce() {
    List<String> errors =
        explain(
            folder.resolve("ignored"),
            image,
            other,
            "--method=gradient,rap:agf,integrated-gradients,grad-cam,lrp",
            "--samples=3",
            "--start-layer=layer3",
            "--saliency-layer=layer1");
    assertEquals(
        List.of(
            warning("gradient", "--start-layer"),
            warning("rap:agf", "--start-layer"),
            warning("integrated-gradients", "--start-layer and --saliency-layer"),
            warning("grad-cam", "--saliency-layer")),
        ignored(errors));
    assertEquals(
        List.of(), explain(folder.resolve("heard"), image, "--gamma=1,2", "--start-layer=layer3"));
  }

  /** A layer for the map takes the place of the one that the start layer leads to. */
  @Test
  void whatAMethodIgnoresBesideAnotherChoiceIsSaid() {
    String methods =
        "--method=excitation-backprop,contrastive-excitation-backprop,relevance-cam,"
            + "relevance-cam:signed-add,gradient-hedge,rsp,lrp,grad-cam";
    Path out = folder.resolve("beside");
    String start = "--start-layer=layer2";
    String saliency = "--saliency-layer=layer1";
    String beside = "--start-layer beside --saliency-layer";
    assertEquals(
        List.of(
            warning("excitation-backprop", beside),
            warning("contrastive-excitation-backprop", beside),
            warning("relevance-cam", beside),
            warning("relevance-cam:signed-add", beside),
            warning("grad-cam", "--saliency-layer")),
        ignored(explain(out, image, methods, start, saliency)));
    assertEquals(List.of(), ignored(explain(out, image, methods, start)));
    assertEquals(
        List.of(warning("grad-cam", "--saliency-layer")),
        ignored(explain(out, image, methods, saliency)));
    assertEquals(
        List.of(warning("relevance-cam", "--start-layer beside --start and --saliency-layer")),
        ignored(explain(out, image, "--method=relevance-cam", "--start=logit", start, saliency)));
  }

  private static List<String> ignored(List<String> errors) {
    return errors.stream().filter(line -> line.contains(" ignores ")).toList();
  }

  private static String warning(String method, String options) {
    return "hedgerow: warning: " + method + " by definition ignores " + options;
  }

  /** Returns the lines of the error stream. */
  private List<String> explain(Path out, Object... more) {
    Stream<Object> arguments =
        Stream.concat(
            Stream.of("explain", "--model", FAMILY, "--weights", weights, "--out", out),
            Arrays.stream(more));
    var errors = new StringWriter();
    int exitCode =
        new Main(WarmUp.none())
            .execute(
                new PrintWriter(new StringWriter()),
                new PrintWriter(errors),
                Stream.concat(arguments, Stream.of("--target=1"))
                    .map(Object::toString)
                    .toArray(String[]::new));
    assertEquals(0, exitCode, errors.toString());
    return errors.toString().lines().toList();
  }
}
