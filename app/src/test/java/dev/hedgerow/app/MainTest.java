package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.sun.net.httpserver.HttpServer;
import dev.hedgerow.app.shapes.ShapesNetwork;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.ColourMap;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.weights.Binding;
import dev.hedgerow.weights.Npy;
import dev.hedgerow.weights.WeightFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the command line in process, with a small network of random weights. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MainTest {
  private static final String FAMILY = "cifar_resnet20";

  /** A model that averages its input, {@code [N, 3, 8, 8]}. */
  private static final String AVERAGE =
      "CAgSBGhhbmQaAzEuMDpOWhsKAXgSFgoUCAESEAoCCAEKAggDCgIICAoCCAgKGQoBeBIBcCIRR2xvYmFsQXZlcmFn"
          + "ZVBvb2wKDwoBcBIBeSIHRmxhdHRlbmIDCgF5QgQKABAN";

  @TempDir private static Path folder;
  private Path weights = folder;
  private Path cat = folder;
  private Path dog = folder;
  private Path noPicture = folder;

  private record Result(int exitCode, String out, String err) {
    List<String> errLines() {
      return err.lines().toList();
    }
  }

  @BeforeAll
  void writeFiles() throws IOException {
    weights = RandomWeights.write(folder.resolve("weights.safetensors"), FAMILY, 10);
    cat = picture(folder.resolve("cat.png"), 1);
    dog = picture(folder.resolve("dog.png"), 2);
    noPicture = Files.writeString(folder.resolve("no.png"), "no picture");
  }

  private static Path picture(Path file, long seed) throws IOException {
    var image = new BufferedImage(40, 30, BufferedImage.TYPE_3BYTE_BGR);
    var random = new Random(seed);
    for (int i = 0; i < 1200; i++) image.setRGB(i % 40, i / 40, random.nextInt(1 << 24));
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private static Result run(Object... arguments) {
    return run(WarmUp.none(), arguments);
  }

  private static Result run(WarmUp warmUp, Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    String[] texts = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
    int exitCode = new Main(warmUp).execute(new PrintWriter(out), new PrintWriter(err), texts);
    return new Result(exitCode, out.toString(), err.toString());
  }

  /** Explains with the small network. */
  private Result explain(Path out, Object... arguments) {
    return explain(WarmUp.none(), out, arguments);
  }

  private Result explain(WarmUp warmUp, Path out, Object... arguments) {
    return run(
        warmUp,
        Stream.of(
                new Object[] {"explain", "--model", FAMILY, "--weights", weights, "--out", out},
                arguments)
            .flatMap(Arrays::stream)
            .toArray());
  }

  private static List<String> files(Path out) throws IOException {
    try (var files = Files.list(out)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static void assertUsage(Result result, String message) {
    assertEquals(2, result.exitCode(), result.err());
    assertEquals("", result.out());
    assertEquals(1, result.errLines().size(), result.err());
    assertTrue(result.err().startsWith("hedgerow: "), result.err());
    assertTrue(result.err().contains(message), result.err());
  }

  private static void assertFailure(Result result, String line) {
    assertEquals(1, result.exitCode(), result.err());
    assertEquals(List.of("hedgerow: " + line), result.errLines());
  }

  @Test
  void withoutArgumentsPrintsItsUsage() {
    Result result = run();
    assertEquals(2, result.exitCode());
    assertEquals("", result.out());
    assertTrue(result.err().startsWith("Usage: hedgerow"), result.err());
  }

  @Test
  void printsHelpAndVersion() {
    for (String[] arguments :
        new String[][] {
          {"help"},
          {"--help"},
          {"-h"},
          {"help", "explain"},
          {"explain", "--help"},
          {"help", "inspect"},
          {"--version"}
        }) {
      Result result = run((Object[]) arguments);
      assertEquals(0, result.exitCode());
      assertEquals("", result.err());
      assertFalse(result.out().isBlank());
    }
    assertTrue(run("--version").out().matches("hedgerow \\d+\\.\\d+\\.\\d+\\S*\\R"));
  }

  @Test
  void listsModelsAndMethods() {
    List<String> models = run("models").out().lines().toList();
    assertEquals(ShapesNetwork.labels().size() + Families.all().size(), models.size());
    assertTrue(models.getFirst().startsWith("shapes-vgg "), models.getFirst());
    String vgg16 =
        models.stream().filter(line -> line.startsWith("vgg16 ")).findFirst().orElseThrow();
    assertTrue(vgg16.contains(" 138357544 parameters"), vgg16);
    assertTrue(vgg16.endsWith("starts at features.29"), vgg16);
    List<String> methods = run("methods").out().lines().toList();
    assertEquals(
        Methods.standard().all().stream().map(Attributor::name).toList(),
        methods.stream().map(line -> line.substring(0, line.indexOf(' '))).toList());
  }

  @Test
  void inspectsWeights() {
    List<String> lines = run("inspect", weights).out().lines().toList();
    assertEquals(weights + ": safetensors, 97 tensors, 271098 values", lines.getFirst());
    assertTrue(lines.get(2).matches("sha256\t[0-9a-f]{64}"), lines.get(2));
    assertEquals("family\tcifar_resnet20", lines.get(3));
    assertEquals("dialect\ttorchvision", lines.get(4));
    assertEquals(
        "preprocess\t" + PreprocessFile.text(Families.find(FAMILY).orElseThrow().preprocessing()),
        lines.get(5));
    assertTrue(lines.get(6).matches("conv1\\.weight\t\\[16, 3, 3, 3\\]\tF32\t\\d+"), lines.get(6));
    assertEquals(103, lines.size());
    String json = run("inspect", "--json", weights).out();
    assertTrue(json.contains("\"family\":\"cifar_resnet20\",\"dialect\":\"torchvision\","), json);
    assertTrue(json.contains(",\"preprocess\":{\"size\":[32,32],\"scale\":"), json);
    assertTrue(json.contains("},\"differences\":[]"), json);
  }

  @Test
  void convertsWeights() throws IOException {
    Path out = folder.resolve("half.npz");
    Result done = run("convert", weights, out, "--type", "f16");
    assertEquals("", done.err());
    assertEquals(out + ": 97 tensors, 271098 values, " + Files.size(out) + " bytes\n", done.out());
    assertTrue(Files.size(out) < Files.size(weights));
    assertFailure(run("convert", weights, out), out + ": exists already (--force replaces it)");
    assertEquals(0, run("convert", weights, out, "--force").exitCode());
    assertEquals("family\tcifar_resnet20", run("inspect", out).out().lines().toList().get(3));
    assertUsage(run("convert", weights, folder.resolve("out.pth")), ".safetensors or .npz");
    assertUsage(run("convert", weights, out, "--type", "f8"), "f32, f16 or bf16");
    Path nowhere = folder.resolve("missing/out.npz");
    assertFailure(
        run("convert", weights, nowhere), nowhere + ": there is no folder " + nowhere.getParent());
  }

  @Test
  void suggestsTheFamilyThatFits() {
    Result result = run("explain", cat, "--model", "cifar_resnet32", "--weights", weights);
    assertEquals(1, result.exitCode());
    assertTrue(
        result.err().strip().endsWith("; these are the weights of cifar_resnet20"), result.err());
    assertTrue(result.err().startsWith("hedgerow: cifar_resnet32: 60 tensors missing (layer1.3."));
    assertEquals(60, result.err().split(",", -1).length, result.err());
    assertEquals(1, result.errLines().size());
  }

  @Test
  void networkWaitsForTheWarmUp() {
    Thread explaining = Thread.currentThread();
    var done = new CountDownLatch(1);
    var waited = new CompletableFuture<Boolean>();
    WarmUp warmUp =
        WarmUp.running(
            () -> {
              boolean seen = false;
              while (!seen && done.getCount() > 0) {
                seen = Arrays.stream(explaining.getStackTrace()).anyMatch(MainTest::isWaiting);
              }
              waited.complete(seen);
            });
    assertEquals(0, explain(warmUp, folder.resolve("warm"), cat).exitCode());
    done.countDown();
    assertTrue(waited.join(), "nobody waited");
  }

  @Test
  void warmsUpForExplainAlone() {
    assertTrue(Main.explains("explain", "cat.png"));
    assertTrue(Main.explains("--verbose", "explain", "cat.png"));
    assertFalse(Main.explains("inspect", "explain"));
    assertFalse(Main.explains("--help"));
    for (String help : List.of("--help", "-h", "--version", "-V")) {
      assertFalse(Main.explains("explain", help), help);
    }
    assertFalse(Main.explains());
  }

  private static boolean isWaiting(StackTraceElement frame) {
    return frame.getClassName().equals(WarmUp.class.getName())
        && frame.getMethodName().equals("await");
  }

  @Test
  void errorDoesNotWaitForTheWarmUp() {
    var done = new CountDownLatch(1);
    WarmUp warmUp = WarmUp.running(() -> WarmUpTest.waitFor(done));
    Result result =
        assertTimeoutPreemptively(
            Duration.ofMinutes(2), () -> explain(warmUp, folder.resolve("cold"), noPicture));
    done.countDown();
    assertEquals(1, result.exitCode());
  }

  @Test
  void explainsAnImage() throws IOException {
    Path out = folder.resolve("one");
    Result result = explain(out, cat);
    assertEquals("", result.err());
    assertEquals(0, result.exitCode());
    List<String> lines = result.out().lines().toList();
    assertEquals(cat.toString(), lines.getFirst());
    double total = 0;
    for (String line : lines.subList(1, 6)) {
      assertTrue(line.matches(" {5}\\d  [01]\\.\\d{4}  [a-z]+"), line);
      total += Double.parseDouble(line.substring(8, 14));
    }
    assertTrue(total > 0.5 && total <= 1.0001, result.out());
    String best = lines.get(1).strip().substring(0, 1);
    String stem = "cat." + best + ".gradient-hedge";
    assertTrue(lines.get(6).startsWith("  " + out.resolve(stem + ".png") + "  sum "), lines.get(6));
    assertEquals(7, lines.size());
    assertEquals(
        List.of(stem + ".npy", stem + ".overlay.png", stem + ".png", "cat.json"), files(out));
    BufferedImage heatmap = ImageIO.read(out.resolve(stem + ".png").toFile());
    assertEquals(32, heatmap.getWidth());
    assertEquals(32, heatmap.getHeight());
    BufferedImage overlay = ImageIO.read(out.resolve(stem + ".overlay.png").toFile());
    assertEquals(40, overlay.getWidth());
    assertEquals(30, overlay.getHeight());
    Parameter values = Npy.read(out.resolve(stem + ".npy"));
    assertEquals(Shape.of(32, 32), values.shape());
    double sum = 0;
    for (float value : values.toArray()) sum += value;
    assertEquals(number(out.resolve("cat.json"), "sum"), sum, 1e-5);
  }

  /** Returns the first number of that name in a file of JSON. */
  private static double number(Path file, String name) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
      for (JsonToken token; (token = json.nextToken()) != null; ) {
        if (token.isNumeric() && name.equals(json.currentName())) return json.getDoubleValue();
      }
    }
    throw new AssertionError(file + " has no number " + name);
  }

  @Test
  void printsJsonOnOneLineAnImage() throws IOException {
    Path out = folder.resolve("json");
    Result result = explain(out, "--json", cat, dog, "--target", "dog", "--method", "gradient");
    assertEquals(0, result.exitCode(), result.err());
    List<String> lines = result.out().lines().toList();
    assertEquals(2, lines.size());
    List<String> names = new ArrayList<>();
    try (JsonParser json = new JsonFactory().createParser(lines.get(0))) {
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.FIELD_NAME) names.add(json.currentName());
      }
    }
    List<String> expected =
        List.of(
            "hedgerow",
            "image",
            "image_size",
            "model",
            "weights",
            "dialect",
            "size",
            "preprocess",
            "add_policy",
            "start_layer",
            "kernels",
            "threads",
            "top",
            "logit",
            "probability",
            "maps",
            "method",
            "target",
            "files",
            "heatmap",
            "overlay",
            "values",
            "sum",
            "positive_ratio",
            "argmax_yx",
            "min",
            "max",
            "layers",
            "warnings",
            "ms",
            "read_ms",
            "forward_ms");
    for (String name : expected) assertTrue(names.contains(name), name + " in " + lines.get(0));
    assertFalse(names.contains("gamma"), "the gradient has no γ");
    assertTrue(Files.readString(out.resolve("dog.json")).contains("\"dog.5.gradient.png\""));
  }

  @Test
  void explainsEveryMethodAndGamma() throws IOException {
    Path out = folder.resolve("all");
    Result result = explain(out, "--method=all", "--gamma=1,1.50,2", "--target=3,cat", cat);
    assertEquals(0, result.exitCode(), result.err());
    List<String> maps = files(out).stream().filter(name -> name.endsWith(".npy")).toList();
    List<String> expected = new ArrayList<>();
    for (Attributor method : Methods.standard().all()) {
      List<String> gammas = method.usesGamma() ? List.of(".g1", ".g1.5", ".g2") : List.of("");
      for (String gamma : gammas) expected.add("cat.3." + method.name() + gamma + ".npy");
    }
    assertEquals(expected.stream().sorted().toList(), maps);
    for (String map : maps) {
      assertEquals(Shape.of(32, 32), Npy.read(out.resolve(map)).shape(), map);
    }
  }

  @Test
  void putsSeveralMethodsAndClassesSideBySide() throws IOException {
    Path out = folder.resolve("grid");
    Result result =
        explain(
            out, cat, "--method=gradient,grad-cam,gradient", "--target=1,2,3", "--scale=common");
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.out().contains(out.resolve("cat.grid.png") + "  grid of 3 x 2"));
    assertTrue(Files.readString(out.resolve("cat.json")).contains("\"cat.grid.png\""));
    BufferedImage grid = ImageIO.read(out.resolve("cat.grid.png").toFile());
    // A column for names, one for the picture of 224 x 168, two for maps.
    assertTrue(grid.getWidth() > 3 * 224 && grid.getWidth() < 5 * 224, grid.toString());
    assertTrue(grid.getHeight() > 3 * 168 && grid.getHeight() < 4 * 168 + 60, grid.toString());
    Path one = folder.resolve("no-grid");
    explain(one, cat, "--method=gradient", "--target=1");
    assertFalse(files(one).contains("cat.grid.png"));
    assertFalse(Files.readString(one.resolve("cat.json")).contains("\"grid\""));
  }

  @Test
  void aGridOfManyMethodsIsNoWiderThanAPage() throws IOException {
    Path out = folder.resolve("bands");
    Result result = explain(out, cat, "--method=all", "--target=1", "--samples=2", "--grid");
    assertEquals(0, result.exitCode(), result.err());
    // 24 methods: three bands of a picture of 224 x 168, or 128 x 96, and eight maps.
    BufferedImage grid = ImageIO.read(out.resolve("cat.grid.png").toFile());
    assertEquals(166 + 9 * (224 + 8), grid.getWidth());
    assertTrue(grid.getHeight() > 3 * 168 && grid.getHeight() < 4 * 168 + 60, grid.toString());
    BufferedImage sheet = ImageIO.read(out.resolve("grid.png").toFile());
    assertEquals(166 + 9 * (128 + 8), sheet.getWidth());
    assertTrue(sheet.getHeight() > 3 * 96 && sheet.getHeight() < 5 * 96 + 60, sheet.toString());
  }

  /** Methods have different units: one must not fade because another has large numbers. */
  @Test
  void theCommonScaleIsOneAMethod() throws IOException {
    Path alone = folder.resolve("scale-alone");
    Path both = folder.resolve("scale-both");
    explain(alone, cat, "--target=1,2,3", "--scale=common", "--method=gradient");
    explain(both, cat, "--target=1,2,3", "--scale=common", "--method=gradient,random");
    int full = 0;
    for (int target = 1; target <= 3; target++) {
      String name = "cat." + target + ".gradient.png";
      assertEquals(-1, Files.mismatch(alone.resolve(name), both.resolve(name)), name);
      BufferedImage map = ImageIO.read(both.resolve(name).toFile());
      full += hasEndColour(map) ? 1 : 0;
    }
    assertEquals(
        1, full, "the map with the largest magnitude alone reaches the end of the colours");
  }

  private static boolean hasEndColour(BufferedImage map) {
    for (int i = 0; i < map.getWidth() * map.getHeight(); i++) {
      int rgb = map.getRGB(i % map.getWidth(), i / map.getWidth()) & 0xffffff;
      if (rgb == ColourMap.SEISMIC.colour(0) || rgb == ColourMap.SEISMIC.colour(255)) return true;
    }
    return false;
  }

  @Test
  void samplesAndNotesAreReported() throws IOException {
    Path out = folder.resolve("samples");
    Result result =
        explain(out, cat, "--method=rise,integrated-gradients", "--samples=3", "--target=1");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(3, number(out.resolve("cat.json"), "samples"));
    double gap = number(out.resolve("cat.json"), "completeness gap");
    assertTrue(gap > 0, "gap " + gap);
    String line = String.format(Locale.ROOT, "    completeness gap %.4g", gap);
    assertTrue(result.out().lines().anyMatch(line::equals), result.out());
  }

  @Test
  void aTerminalShowsHowFarALongMethodIs() {
    System.setProperty("hedgerow.terminal", "true");
    try {
      Result result =
          explain(folder.resolve("progress"), cat, "--method=gradient,rise", "--target=1");
      assertEquals(0, result.exitCode());
      assertTrue(result.err().contains("\r"), result.err());
      assertTrue(
          Pattern.compile("cat  2/2  rise  \\d+/4000").matcher(result.err()).find(), result.err());
    } finally {
      System.clearProperty("hedgerow.terminal");
    }
    Result silent =
        explain(folder.resolve("silent"), cat, "--method=rise", "--target=1", "--samples=64");
    assertEquals("", silent.err());
  }

  @Test
  void putsSeveralImagesOnOneSheet() throws IOException {
    Path out = folder.resolve("sheet");
    Result result = explain(out, "--grid", cat, dog, noPicture, "--method=gradient", "--target=1");
    assertEquals(1, result.exitCode());
    assertTrue(result.out().endsWith("  " + out.resolve("grid.png") + System.lineSeparator()));
    BufferedImage sheet = ImageIO.read(out.resolve("grid.png").toFile());
    assertTrue(sheet.getHeight() > 2 * 96 && sheet.getHeight() < 3 * 96 + 60, sheet.toString());
    assertFalse(explain(out, "--grid", "--json", cat).out().contains("grid.png\n"));
  }

  @Test
  void aMethodThatFailsDoesNotStopTheOthers() throws IOException {
    Path out = folder.resolve("failing");
    Result result =
        explain(
            out,
            cat,
            "--method=gradient,grad-cam,input-x-gradient",
            "--target=1",
            "--start-layer=linear");
    assertEquals(1, result.exitCode(), result.err());
    assertEquals(
        List.of(
            "hedgerow: warning: gradient by definition ignores --start-layer",
            "hedgerow: warning: input-x-gradient by definition ignores --start-layer",
            "hedgerow: "
                + cat
                + ": grad-cam of class 1: grad-cam: layer \"linear\" is not spatial but [1, 10]"),
        result.errLines());
    assertTrue(
        files(out)
            .containsAll(
                List.of("cat.1.gradient.png", "cat.1.input-x-gradient.png", "cat.grid.png")));
    assertFalse(files(out).contains("cat.1.grad-cam.png"));
    String json = Files.readString(out.resolve("cat.json"));
    assertTrue(json.contains("\"error\" : \"grad-cam: layer \\\"linear\\\" is not spatial"), json);
    assertFailure(
        explain(folder.resolve("failing-all"), cat, "--method=grad-cam", "--start-layer=linear"),
        cat
            + ": grad-cam of class "
            + best()
            + ": grad-cam: layer \"linear\" is not spatial but [1, 10]");
  }

  @Test
  void anEmptyMapIsNeverSilent() throws IOException {
    Path zero = folder.resolve("zero.npy");
    Npy.write(zero, Shape.of(3, 32, 32), new float[3 * 32 * 32]);
    Path out = folder.resolve("empty");
    Result result = explain(out, zero, "--method=input-x-gradient,gradient", "--target=1");
    assertEquals(0, result.exitCode(), result.err());
    String warning =
        "hedgerow: warning: " + zero + ": input-x-gradient of class 1: the map is empty";
    assertTrue(result.err().contains(warning + ": 0 everywhere"), result.err());
    assertTrue(files(out).contains("zero.grid.png"));
  }

  private String best() {
    return explain(folder.resolve("best"), cat)
        .out()
        .lines()
        .toList()
        .get(1)
        .strip()
        .split(" ", -1)[0];
  }

  @Test
  void verboseTellsTheTimeOfEachMethod() {
    Result result =
        explain(folder.resolve("times"), cat, "--verbose", "--method=gradient,grad-cam", "--top=1");
    assertEquals(0, result.exitCode());
    assertEquals(2, result.errLines().size(), result.err());
    assertTrue(result.errLines().getFirst().matches(".*: gradient of class \\d: \\d+ ms"));
  }

  @Test
  void scalesAndColoursChangePicturesOnly() throws IOException {
    Path plain = folder.resolve("plain");
    Path drawn = folder.resolve("drawn");
    explain(plain, cat, "--method=gradient", "--target=1");
    Result result =
        explain(
            drawn,
            cat,
            "--method=gradient",
            "--target=1",
            "--scale=percentile:90",
            "--colours=grey");
    assertEquals(0, result.exitCode(), result.err());
    for (String name : List.of("cat.1.gradient.png", "cat.1.gradient.overlay.png")) {
      assertTrue(Files.mismatch(plain.resolve(name), drawn.resolve(name)) >= 0, name);
    }
    String values = "cat.1.gradient.npy";
    assertEquals(-1, Files.mismatch(plain.resolve(values), drawn.resolve(values)));
    BufferedImage grey = ImageIO.read(drawn.resolve("cat.1.gradient.png").toFile());
    int ends = 0;
    for (int i = 0; i < 1024; i++) {
      int rgb = grey.getRGB(i % 32, i / 32) & 0xffffff;
      assertEquals(rgb & 255, rgb >> 16);
      if (rgb == 0 || rgb == 0xffffff) ends++;
    }
    assertTrue(ends >= 102 && ends <= 115, ends + " of 1024 pixels beyond percentile 90");
  }

  @Test
  void readsAStartOfTheUsersOwn() throws IOException {
    Path row = folder.resolve("row.npy");
    Npy.write(row, Shape.of(1, 10), new float[] {0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
    Path out = folder.resolve("start");
    Result result = explain(out, cat, "--start", row, "--seed=7", "--saliency-layer=layer1.0");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(7, number(out.resolve("cat.json"), "seed"));
    assertTrue(Files.readString(out.resolve("cat.json")).contains("\"start\" : \"" + row));
    Path few = folder.resolve("few.npy");
    Npy.write(few, Shape.of(2), new float[] {1, 2});
    assertFailure(
        explain(out, cat, "--start", few),
        few + ": shape [2], expected [10], a number for each logit of " + FAMILY);
    Npy.write(few, Shape.of(10), new float[] {0, 0, Float.NaN, 0, 0, 0, 0, 0, 0, 0});
    assertFailure(explain(out, cat, "--start", few), few + ": NaN for class 2");
    assertFailure(explain(out, cat, "--start=none.npy"), "none.npy: no such file");
  }

  @Test
  void theResultsDoNotDependOnTheThreads() throws IOException {
    Path one = folder.resolve("thread-1");
    Path two = folder.resolve("thread-2");
    assertEquals(
        0, explain(one, cat, "--threads", 1, "--top", 2, "--add-policy=conserving").exitCode());
    assertEquals(
        0, explain(two, cat, "--threads", 2, "--top", 2, "--add-policy=conserving").exitCode());
    for (String name : files(one)) {
      if (name.endsWith(".json")) continue;
      assertEquals(-1, Files.mismatch(one.resolve(name), two.resolve(name)), name);
    }
    assertEquals(8, files(one).size());
  }

  /** To the bit, as they are the same for any number of threads; the network has 3×3 of 32. */
  @Test
  void exactReachesTheEngine() throws IOException {
    var random = new Random(4);
    Shape shape = Shape.of(1, 3, 32, 32);
    float[] pixels = new float[shape.size()];
    for (int i = 0; i < pixels.length; i++) pixels[i] = (float) random.nextGaussian();
    Path image = folder.resolve("pixels.npy");
    Npy.write(image, shape, pixels);
    Path fast = folder.resolve("fast");
    assertEquals(0, explain(fast, image, "--target=3").exitCode());
    Path exact = folder.resolve("exact");
    assertEquals(0, explain(exact, image, "--target=3", "--exact").exitCode());

    Graph graph =
        Binding.bind(Families.find(FAMILY).orElseThrow(), WeightFile.open(weights), shape);
    Tensor x = Tensor.of(shape, pixels);
    float[] ofFast = map(Engine.sequential(), graph, x);
    float[] ofExact = map(Engine.sequential().exact(), graph, x);
    assertFalse(Arrays.equals(ofFast, ofExact), "nothing to tell them apart by");
    String map = "pixels.3.gradient-hedge.npy";
    assertArrayEquals(ofFast, Npy.read(fast.resolve(map)).toArray());
    assertArrayEquals(ofExact, Npy.read(exact.resolve(map)).toArray());
  }

  private static float[] map(Engine engine, Graph graph, Tensor x) {
    Attributor hedge = Methods.standard().find("gradient-hedge");
    Options options = Options.standard();
    Recording recording = graph.record(engine, x, hedge.keeps(graph, options));
    return hedge.explain(engine, recording, 3, options).heatmap().toArray();
  }

  @Test
  void takesAPreprocessedInput() throws IOException {
    var random = new Random(3);
    float[] values = new float[3 * 32 * 32];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    Path three = folder.resolve("three.npy");
    Npy.write(three, Shape.of(3, 32, 32), values);
    Path four = folder.resolve("four.npy");
    Npy.write(four, Shape.of(1, 3, 32, 32), values);
    Path out = folder.resolve("npy");
    Result result = explain(out, three, four, "--target", "1");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(
        -1,
        Files.mismatch(
            out.resolve("three.1.gradient-hedge.npy"), out.resolve("four.1.gradient-hedge.npy")));
    assertEquals(
        32, ImageIO.read(out.resolve("four.1.gradient-hedge.overlay.png").toFile()).getWidth());
    Path wrong = folder.resolve("wrong.npy");
    Npy.write(wrong, Shape.of(3, 2, 2), new float[12]);
    assertFailure(
        explain(out, wrong), wrong + ": shape [3, 2, 2], expected [3, 32, 32] or [1, 3, 32, 32]");
    Path nan = folder.resolve("nan.npy");
    values[7] = Float.NaN;
    Npy.write(nan, Shape.of(3, 32, 32), values);
    assertFailure(explain(out, nan), nan + ": the network's logits are not finite, NaN");
  }

  @Test
  void turnsPicturesUpright() throws Exception {
    URL turned = Objects.requireNonNull(MainTest.class.getResource("/pictures/orientation6.jpg"));
    Path picture = Path.of(turned.toURI());
    Path out = folder.resolve("upright");
    assertEquals(0, explain(out, picture, "--target=1", "--method=gradient").exitCode());
    assertEquals(11, overlayWidth(out.resolve("orientation6.1.gradient.overlay.png")));
    assertEquals(
        0, explain(out, picture, "--target=1", "--method=gradient", "--no-exif").exitCode());
    assertEquals(16, overlayWidth(out.resolve("orientation6.1.gradient.overlay.png")));
  }

  private static int overlayWidth(Path file) throws IOException {
    return ImageIO.read(file.toFile()).getWidth();
  }

  @Test
  void aSinglePixelIsAnImage() throws IOException {
    Path pixel = folder.resolve("pixel.png");
    ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR), "png", pixel.toFile());
    Path out = folder.resolve("pixel");
    Result result = explain(out, pixel);
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(4, files(out).size());
  }

  @Test
  void goesOnAfterABadImage() throws IOException {
    Path out = folder.resolve("batch");
    Result result = explain(out, noPicture, cat, folder.resolve("missing.jpg"), dog);
    assertEquals(1, result.exitCode());
    assertEquals(
        List.of(
            "hedgerow: "
                + noPicture
                + ": not a picture that is read here, expected jpg, png, bmp, gif or webp",
            "hedgerow: " + folder.resolve("missing.jpg") + ": no such file"),
        result.errLines());
    assertTrue(files(out).containsAll(List.of("cat.json", "dog.json")));
    assertEquals(8, files(out).size());
  }

  @Test
  void imagesOfOneNameKeepTheirResults() throws IOException {
    Path other = picture(Files.createDirectories(folder.resolve("other")).resolve("cat.png"), 9);
    Path out = folder.resolve("same");
    assertEquals(0, explain(out, cat, other, "--target=0").exitCode());
    assertTrue(files(out).containsAll(List.of("cat.json", "cat-2.json")));
    assertTrue(
        Files.readString(out.resolve("cat-2.json")).contains("\"cat-2.0.gradient-hedge.png\""));
    assertTrue(
        Files.mismatch(
                out.resolve("cat.0.gradient-hedge.npy"), out.resolve("cat-2.0.gradient-hedge.npy"))
            >= 0);
  }

  @Test
  void saysSoWhenNoClassIsProbableEnough() throws IOException {
    Path out = folder.resolve("none");
    Result result = explain(out, cat, "--target", "p>0.99999");
    assertEquals(0, result.exitCode());
    assertTrue(result.err().contains("no class is as probable"), result.err());
    assertEquals(List.of("cat.json"), files(out));
  }

  @Test
  void leavesNoFolderBehindWhenNothingWasWritten() {
    Path out = folder.resolve("nothing");
    assertEquals(1, explain(out, noPicture).exitCode());
    assertFalse(Files.exists(out));
    assertUsage(
        run("explain", cat, "--model", "vgg61", "--out", out),
        "did you mean vgg11, vgg13 or vgg16?");
    assertFalse(Files.exists(out));
  }

  @Test
  void refusesAFolderItCannotWriteToBeforeItWorks() {
    Result result = explain(weights, noPicture, cat);
    assertFailure(result, weights + ": not a folder, expected one to write to");
  }

  @Test
  void loadsLabels() throws IOException {
    String names =
        IntStream.range(0, 10)
            .mapToObj(i -> "n0000000" + i + " thing " + i)
            .collect(Collectors.joining("\n"));
    Path labels = Files.writeString(folder.resolve("labels.txt"), names + "\n");
    Result result =
        explain(folder.resolve("labelled"), cat, "--labels", labels, "--target=thing 4");
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.out().contains("cat.4.gradient-hedge.png"), result.out());
    Path few = Files.writeString(folder.resolve("few.txt"), "a\nb\n");
    assertFailure(
        explain(folder.resolve("labelled"), cat, "--labels", few),
        few + ": 2 classes, expected 10, the logits of " + FAMILY);
  }

  @Test
  void refusesLabelsThatAreNoList() throws IOException {
    Path large = folder.resolve("large.txt");
    try (var sparse = new RandomAccessFile(large.toFile(), "rw")) {
      sparse.setLength(17 << 20);
    }
    assertFailure(
        explain(folder.resolve("labelled"), cat, "--labels", large),
        large + ": 17825792 bytes, expected at most 16777216, one class a line");
  }

  /** They have no end, or nobody writes to them. */
  @Test
  @Timeout(60)
  void refusesWhatIsNoRegularFile() {
    Path zero = Path.of("/dev/zero");
    assumeTrue(Files.exists(zero), "a system with devices");
    Path out = folder.resolve("device");
    assertFailure(explain(out, zero), zero + ": not a regular file, expected a picture");
    assertFailure(
        explain(out, cat, "--labels", zero),
        zero + ": not a regular file, expected the names of the classes");
    assertFailure(run("inspect", zero), zero + ": not a regular file, expected a model or weights");
  }

  @Test
  void suggestsMoreMemoryThanThereIs() {
    long most = Runtime.getRuntime().maxMemory() >> 20;
    assertEquals(
        "not enough memory: the heap ends at %d MiB; HEDGEROW_JAVA_OPTIONS=-Xmx%dm doubles it"
            .formatted(most, 2 * most),
        Messages.reason(new OutOfMemoryError()));
  }

  @Test
  void weightsBringTheirPreprocessing() throws IOException {
    Path file = pointingGameResNet(folder.resolve("resnet50_voc.pth.tar"));
    List<Object> arguments =
        List.of(
            "explain",
            cat,
            "--model=resnet50",
            "--weights",
            file,
            "--size=32x32",
            "--method=gradient",
            "--target=0",
            "--json",
            "--out",
            folder.resolve("voc"));
    Result own = run(arguments.toArray());
    assertEquals(0, own.exitCode(), own.err());
    assertTrue(own.out().contains("\"dialect\":\"TorchRay\""), own.out());
    assertTrue(own.out().contains("\"name\":\"TorchRay resnet50\""), own.out());
    assertTrue(own.out().contains("\"mean\":[123.68,116.779,103.939]"), own.out());
    List<Object> asked = new ArrayList<>(arguments);
    asked.add("--preprocess=imagenet");
    Result result = run(asked.toArray());
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.out().contains("\"name\":\"imagenet\""), result.out());
    assertTrue(result.out().contains("\"mean\":[0.485,0.456,0.406]"), result.out());
  }

  /** Writes a ResNet-50 of three classes as TorchRay names it: all zeros, which take no room. */
  private static Path pointingGameResNet(Path file) throws IOException {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    tensors.put("conv1.bias", Shape.of(64));
    Families.find("resnet50")
        .orElseThrow()
        .parameters(3)
        .forEach(
            (name, shape) ->
                tensors.put(
                    name.replaceFirst("(bn.|downsample\\.1)\\.(running)", "$1.0.$2")
                        .replaceFirst("(bn.|downsample\\.1)\\.(weight|bias)", "$1.1.$2"),
                    shape));
    StringBuilder header = new StringBuilder("{");
    long end = 0;
    for (var tensor : tensors.entrySet()) {
      long start = end;
      end += 4L * tensor.getValue().size();
      header
          .append(start == 0 ? "" : ",")
          .append(
              "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                  .formatted(tensor.getKey(), tensor.getValue(), start, end));
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length);
    try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.write(length.array());
      sparse.write(json);
      sparse.setLength(8 + json.length + end);
    }
    return file;
  }

  @Test
  void resizesToAnotherSizeAndPreprocessing() throws IOException {
    Path out = folder.resolve("sized");
    assertEquals(
        0, explain(out, cat, "--size=48x40", "--target=0", "--preprocess=none").exitCode());
    assertEquals(Shape.of(48, 40), Npy.read(out.resolve("cat.0.gradient-hedge.npy")).shape());
    Path json = Files.writeString(folder.resolve("own.json"), "{\"size\":[36,44],\"scale\":0.01}");
    assertEquals(0, explain(out, dog, "--target=0", "--preprocess", json).exitCode());
    assertEquals(Shape.of(36, 44), Npy.read(out.resolve("dog.0.gradient-hedge.npy")).shape());
    assertEquals(0.01, number(out.resolve("dog.json"), "scale"));
  }

  @Test
  void saysWhereASizeThatDoesNotFitComesFrom() throws IOException {
    Path json = Files.writeString(folder.resolve("large.json"), "{\"size\":[99999,99999]}");
    String large = "99999x99999: shape [1, 3, 99999, 99999] has more than 2^31-1 elements";
    Path out = folder.resolve("wrong");
    assertUsage(explain(out, cat, "--size=99999x99999"), "hedgerow: --size " + large);
    assertUsage(explain(out, cat, "--preprocess", json), "hedgerow: " + json + ": size " + large);
    Path model = Files.write(folder.resolve("average.onnx"), Base64.getDecoder().decode(AVERAGE));
    Object[] onnx = {"explain", cat, "--model", model, "--out", out, "--method=gradient"};
    assertEquals(0, run(onnx).exitCode());
    String other = model + ": input \"x\" is [1, 3, 8, 8], expected [1, 3, 9, 8]";
    Object[] sized = Arrays.copyOf(onnx, onnx.length + 1);
    sized[onnx.length] = "--size=9x8";
    assertUsage(run(sized), "hedgerow: --size 9x8: " + other);
    Path nine = Files.writeString(folder.resolve("nine.json"), "{\"size\":[9,8]}");
    sized[onnx.length] = "--preprocess=" + nine;
    assertUsage(run(sized), "hedgerow: " + nine + ": size 9x8: " + other);
    Path text = Files.writeString(folder.resolve("text.onnx"), "This is no model.\n");
    assertFailure(
        run("explain", cat, "--model", text, "--size=9x8", "--out", out),
        text + ": looks like text, expected an ONNX model");
  }

  @Test
  void anEmptyNameIsNoFile() {
    Path out = folder.resolve("empty-names");
    assertFailure(explain(out, ""), "an empty name, expected a picture");
    assertFailure(run("explain", cat, "--model", ""), "an empty name, expected a model");
    assertFailure(explain(Path.of(""), cat), "an empty name, expected a folder to write to");
    assertFailure(
        run("download", "alexnet", "--mirror", "http://localhost:1", "--out", ""),
        "an empty name, expected a file to write");
    assertFailure(
        run("shapes", "--count=1", "--out", cat), cat + ": not a folder, expected one to write to");
  }

  @Test
  void saysWhichOptionsNoMethodHears() {
    Path out = folder.resolve("unheard");
    Result result = explain(out, cat, "--method=gradient", "--gamma=2", "--samples=3");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(
        List.of(
            "hedgerow: warning: --gamma changes nothing: of these methods none has a γ",
            "hedgerow: warning: --samples changes nothing: of these methods none takes any"),
        result.errLines());
    for (String method : List.of("rise", "smoothgrad", "integrated-gradients")) {
      Result heard =
          explain(out, cat, "--method=gradient-hedge," + method, "--gamma=2", "--samples=3");
      assertEquals("", heard.err());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --metod=x                | Unknown option: '--metod=x'
          --method=gradcam         | no method "gradcam"; did you mean grad-cam? (hedgerow methods
          --gamma=3                | "3" is no γ, expected a number from 1 to 2
          --gamma=1,x              | "x" is no γ
          --target=tabby           | no class is named "tabby"
          --target=10              | there is no class 10
          --target=p>2             | is no target
          --top=0                  | --top is 0, expected 1 or more
          --top=x                  | "x", expected a whole number below 2^31
          --threads=0              | --threads is 0
          --size=224               | "224" is no size, expected HEIGHTxWIDTH
          --size=99999x99999       | shape [1, 3, 99999, 99999] has more than 2^31-1 elements
          --size=0x5               | "0x5" is no size
          --add-policy=none        | "none" is no policy, expected published or conserving
          --start-layer=layer9     | has no layer "layer9"; did you mean layer
          --saliency-layer=layer9  | has no layer "layer9"; did you mean layer
          --start=logits           | "logits" is no start, expected logit, one-hot, contrast or a .npy
          --start=logits           | did you mean logit?
          --seed=x                 | '--seed': "x", expected a whole number below 2^63
          --scale=comon            | "comon" is no scale, expected each, common or percentile:99
          --scale=comon            | did you mean common?
          --samples=0              | --samples is 0, expected 1 or more
          --samples=many           | '--samples': "many", expected a whole number below 2^31
          --scale=percentile:0     | "0" is no percentile, expected a number above 0, up to 100
          --scale=percentile:      | "" is no percentile
          --colours=sismic         | no colours "sismic", expected one of seismic, bwr, jet
          --colours=sismic         | did you mean seismic?
          --preprocess=imagnet     | unknown preprocessing "imagnet"
          --model=x                | should be specified only once
          """)
  void saysWhatIsWrongWithTheArguments(String argument, String message) {
    assertUsage(explain(folder.resolve("wrong"), cat, argument), message);
  }

  @Test
  void saysWhatIsMissing() {
    assertUsage(run("trian", cat), "there is no command trian; did you mean train?");
    assertUsage(run("explain"), "Missing required");
    assertUsage(run("explain", "--model", "vgg16"), "IMAGE");
    assertUsage(run("explain", cat), "--model");
    assertUsage(
        run("explain", cat, "--model", "vgg16", "--cache", folder),
        "name a file with --weights, or run: hedgerow download vgg16");
    assertUsage(
        run("explain", cat, "--model", FAMILY, "--cache", folder), "name a file with --weights");
    assertUsage(run("inspect"), "FILE");
    assertUsage(run("explian"), "explain");
    assertUsage(run("help", "explian"), "explian");
    assertUsage(explain(folder, cat, "--target=1", "--top=2"), "give --target or --top, not both");
    assertUsage(run("explain", cat, "--model", weights), "--model FAMILY --weights");
  }

  @Test
  void saysWhatIsWrongWithFiles() throws IOException {
    Path missing = folder.resolve("missing.onnx");
    assertFailure(run("explain", cat, "--model", missing), missing + ": no such file");
    assertFailure(run("inspect", missing), missing + ": no such file");
    assertFailure(run("inspect", folder), folder + ": a folder, expected a model or weights");
    Path text = Files.writeString(folder.resolve("text.onnx"), "This is no model.\n");
    for (Result result :
        List.of(
            run("explain", cat, "--model", text),
            run("inspect", text),
            run("explain", cat, "--model", FAMILY, "--weights", text),
            run("explain", cat, "--model", "cifar_resnet32", "--weights", weights))) {
      assertEquals(1, result.exitCode());
      assertEquals(1, result.errLines().size(), result.err());
      assertTrue(
          result.err().contains(text.toString()) || result.err().contains(weights.toString()),
          result.err());
    }
  }

  @Test
  void listsWhatCanBeDownloaded() {
    List<String> lines = run("download", "--list", "--cache", folder).out().lines().toList();
    assertEquals(31, lines.size());
    assertTrue(
        lines.getFirst().matches("vgg11 +v1  vgg11-8a719046.pth +506.8 MiB  -"), lines.getFirst());
  }

  @Test
  void downloadsFromAMirror() throws Exception {
    Path cache = folder.resolve("cache");
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/mirror/vgg16-397923af.pth",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, 3);
            exchange.getResponseBody().write(new byte[] {1, 2, 3});
          }
        });
    server.start();
    try {
      String mirror = "http://127.0.0.1:" + server.getAddress().getPort() + "/mirror/";
      Result result = run("download", "vgg16", "--cache", cache, "--mirror", mirror);
      assertFailure(
          result,
          mirror
              + "vgg16-397923af.pth: its SHA-256 starts with 039058c6, expected 397923af; it was"
              + " not kept");
      assertEquals(List.of(), files(cache));
      assertFailure(
          run("download", "vgg19", "--cache", cache, "--mirror", mirror),
          mirror + "vgg19-dcbb9e9d.pth: the server answers 404 (not found)");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void saysWhatIsWrongWithADownload() throws IOException {
    Path cache = Files.createDirectories(folder.resolve("bad-cache"));
    Path file = Files.write(cache.resolve("vgg16-397923af.pth"), new byte[] {1, 2, 3});
    assertFailure(
        run("download", "vgg16", "--cache", cache),
        file
            + ": exists, but is not vgg16-397923af.pth: its SHA-256 starts with 039058c6, expected"
            + " 397923af; --force replaces it");
    assertFailure(
        run("download", "resnet50:v2", "--offline", "--cache", cache),
        cache.resolve("resnet50-11ad3fa6.pth")
            + ": not there, and --offline forbids to download it");
    assertUsage(run("download"), "Missing NAME");
    assertUsage(run("download", "resnet5"), "did you mean resnet50");
    assertUsage(run("download", "vgg16:v2"), "vgg16 has no weights \"v2\", expected v1");
    assertUsage(run("download", "resnet50:v1", "--weights-version=v2"), "contradict");
    for (String mirror : List.of("ftp://a.org", "file:///tmp", "a b", "")) {
      assertUsage(
          run("download", "alexnet", "--cache", cache, "--mirror", mirror),
          "is no http or https address");
    }
  }

  @Test
  void looksForTheFolderOfAFileBeforeItWorks() {
    Path nowhere = folder.resolve("nowhere/file.safetensors");
    for (Result result :
        List.of(
            run("download", "alexnet", "--mirror", "http://localhost:1", "--out", nowhere),
            run("train", "shapes-vgg", "--out", nowhere))) {
      assertEquals(1, result.exitCode());
      assertEquals(
          "hedgerow: %s: there is no folder %s".formatted(nowhere, nowhere.getParent()),
          result.err().strip());
    }
  }

  @Test
  void verboseAddsTheStackTrace() {
    Result result = explain(folder.resolve("verbose"), noPicture, "--verbose");
    assertEquals(1, result.exitCode());
    assertTrue(result.errLines().size() > 3);
    assertTrue(result.err().contains("\tat dev.hedgerow.app.PictureFile"), result.err());
  }

  @Test
  void verboseMayComeBeforeTheCommand() {
    String missing = folder.resolve("missing.npz").toString();
    Result result = run("--verbose", "inspect", missing);
    assertEquals(1, result.exitCode());
    assertTrue(result.errLines().getFirst().contains(missing), result.err());
    assertTrue(result.err().contains("\tat dev.hedgerow.app.InspectCommand"), result.err());
  }

  @Test
  void timesNetworks() throws IOException {
    Path json = folder.resolve("bench.json");
    Result result =
        run(
            "bench",
            "squeezenet1_1",
            "--task",
            "forward,explain,next-target",
            "--rounds",
            "1",
            "--threads",
            "1",
            "--batch",
            "2,1",
            "--json",
            json.toString());
    assertEquals(0, result.exitCode, result.err);
    assertEquals(
        List.of("forward 1 2", "forward 1 1", "explain 1 1", "next-target 1 1"),
        result
            .out
            .lines()
            .skip(2)
            .map(line -> line.replaceFirst("squeezenet1_1 +(\\S+) +(\\d+) +(\\d+) .*", "$1 $2 $3"))
            .toList());
    String text = Files.readString(json);
    for (String task : List.of("forward", "explain", "next-target")) {
      assertTrue(text.contains("\"model\":\"squeezenet1_1\",\"task\":\"" + task + "\""), text);
    }
    assertTrue(text.startsWith("{\"machine\":\""), text);
    assertTrue(text.contains("\"threads\":1,\"batch\":1,\"side\":224,\"ours_ms\":"), text);
    assertTrue(text.contains("\"peer_ms\":null,\"ratio\":null"), text);
    try (Stream<Path> files = Files.list(folder)) {
      assertTrue(files.noneMatch(file -> file.toString().endsWith(".part")));
    }
    Path nowhere = folder.resolve("nowhere/bench.json");
    Result refused = run("bench", "squeezenet1_1", "--json", nowhere);
    assertEquals(1, refused.exitCode);
    assertEquals("", refused.out, "before anything is timed");
    assertTrue(refused.err.contains(nowhere + ": there is no folder"), refused.err);
    String forward = result.out.lines().toList().get(2);
    assertTrue(forward.matches(".* [\\d.]+ +- +- +\\S+"), forward);
  }

  @Test
  void refusesABenchmarkBeforeItTimes() throws IOException {
    Path missing = folder.resolve("missing.ONNX");
    Result late = run("bench", "squeezenet1_1", missing);
    assertFailure(late, missing + ": no such file");
    assertEquals("", late.out);
    assertUsage(run("bench", "squeezenet1_1", "nosuchnet"), "neither a family nor an .onnx file");
    assertUsage(run("bench", "--against", "nobody"), "expected onnxruntime");
    Result small = run("bench", "alexnet", "--side", "100", "--task", "cold");
    assertEquals(2, small.exitCode, small.err);
    assertTrue(
        small.err.contains(
            "--side 100 as a file: avgpool: there is no pool of ONNX from [1, 256, 2, 2]"),
        small.err);
    assertEquals("", small.out);
    Result smaller = run("bench", "squeezenet1_1", "--side", "224,1", "--task", "forward");
    assertUsage(smaller, "--side 1: ");
    assertEquals("", smaller.out);
    assertUsage(
        run("bench", "--against", "onnxruntime", "--task", "explain,cold"),
        "--against onnxruntime: the peer runs forward only, which --task leaves out");
    assertUsage(
        run("bench", "--task", "foo"),
        "no task \"foo\", expected forward, explain, next-target or cold");
    String home = System.setProperty("user.home", folder.toString());
    try {
      Result alone = run("bench", "--against", "onnxruntime");
      assertEquals(1, alone.exitCode);
      assertTrue(alone.err.contains("its jar is neither on the class path nor in"), alone.err);
    } finally {
      System.setProperty("user.home", home);
    }
  }

  @Test
  void timesWhatNeedsNoFileWhereNoneCanBeWritten() {
    Path nowhere = folder.resolve("nowhere");
    String wrong = nowhere + ": cifar_resnet20.onnx cannot be written: no such file";
    String before = System.setProperty("java.io.tmpdir", nowhere.toString());
    try {
      String[] plain = {"bench", "cifar_resnet20", "--rounds", "1", "--threads", "1"};
      Result result = run((Object[]) plain);
      assertEquals(0, result.exitCode, result.err);
      assertEquals(
          List.of("forward", "explain", "next-target"),
          result.out.lines().skip(2).map(line -> line.split(" +", -1)[1]).toList());
      assertEquals("hedgerow: warning: " + wrong + "; cold is left out", result.err.strip());
      Result cold = run("bench", "cifar_resnet20", "--task", "forward,cold");
      assertFailure(
          cold,
          wrong
              + " (-Djava.io.tmpdir=FOLDER names another folder, --task what needs no file:"
              + " forward, explain, next-target)");
      assertEquals(2, cold.out.lines().count(), "nothing is timed");
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  @Test
  void drawsADataSet() throws IOException {
    Path out = folder.resolve("shapes");
    Result result = run("shapes", "--count", "12", "--seed", "3", "--out", out.toString());
    assertEquals(0, result.exitCode, result.err);
    List<String> names = Files.readAllLines(out.resolve("ImageSets/Main/test.txt"));
    assertEquals(12, names.size());
    for (String name : names) {
      BufferedImage picture = ImageIO.read(out.resolve("JPEGImages/" + name + ".jpg").toFile());
      assertEquals(96, picture.getWidth());
      assertTrue(Files.exists(out.resolve("SegmentationClass/" + name + ".png")));
      String xml = Files.readString(out.resolve("Annotations/" + name + ".xml"));
      for (String line : Files.readAllLines(out.resolve("ImageSets/Main/star_test.txt"))) {
        if (!line.startsWith(name)) continue;
        assertEquals(xml.contains("<name>star</name>"), !line.endsWith("-1"), line);
      }
    }
    assertEquals(2, run("shapes", "--count", "0", "--out", out.toString()).exitCode);
  }

  /** The loss falls, threads do not matter, and an interrupted training ends the same. */
  @Test
  void trainsANetwork() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    Result result = train(whole, "--threads", "1");
    assertEquals(0, result.exitCode, result.err);
    assertTrue(result.out.lines().anyMatch(line -> line.startsWith("mean ")), result.out);
    List<String> curve = Files.readAllLines(folder.resolve("whole.csv"));
    assertEquals("pictures,loss", curve.getFirst());
    double first = Double.parseDouble(curve.get(1).split(",", -1)[1]);
    double last = Double.parseDouble(curve.getLast().split(",", -1)[1]);
    assertTrue(last < first - 0.5, first + " fell to " + last);

    Path parts = folder.resolve("parts.safetensors");
    Path checkpoint = folder.resolve("checkpoint.safetensors");
    assertEquals(0, train(parts, "--threads", "3", "--checkpoint", checkpoint).exitCode);
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(parts));
    // The checkpoint is of step 100 of 110: what comes after it is done again.
    Files.delete(parts);
    assertEquals(0, train(parts, "--threads", "2", "--checkpoint", checkpoint).exitCode);
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(parts));
    assertEquals(curve, Files.readAllLines(folder.resolve("parts.csv")));

    Path none = folder.resolve("none.pth");
    assertFailure(
        train(parts, "--from", none, "--checkpoint", checkpoint), none + ": no such file");
    for (Object[] option :
        new Object[][] {{"--seed", "4"}, {"--rate", "0.5"}, {"--from", checkpoint}}) {
      Result other = train(parts, option[0], option[1], "--checkpoint", checkpoint);
      assertEquals(1, other.exitCode);
      assertTrue(other.err.contains("seed 3"), other.err);
    }
  }

  @Test
  void aShortTrainingSaysWhatItWrote() throws IOException {
    Path out = folder.resolve("short.safetensors");
    Result result = run("train", "shapes-resnet", "--out", out, "--pictures", "4", "--batch", "2");
    assertEquals(0, result.exitCode, result.err);
    Path curve = folder.resolve("short.csv");
    assertEquals(List.of("pictures,loss"), Files.readAllLines(curve));
    List<String> lines = result.out.lines().toList();
    assertEquals(
        List.of(out.toString(), curve.toString()), lines.subList(lines.size() - 2, lines.size()));
  }

  private static Result train(Path out, Object... options) {
    Object[] all = {
      "train", "shapes-resnet", "--out", out, "--pictures", "220", "--batch", "2", "--seed", "3"
    };
    var arguments = new ArrayList<Object>(Arrays.asList(all));
    if (Arrays.asList(options).contains("--seed")) arguments.subList(7, 9).clear();
    arguments.addAll(Arrays.asList(options));
    return run(arguments.toArray());
  }

  @Test
  void refusesToTrainWhatItDoesNotKnow() {
    Path out = folder.resolve("none.safetensors");
    assertEquals(2, run("train", "vgg16", "--out", out).exitCode);
    assertEquals(2, run("train", "shapes-vgg", "--out", folder.resolve("none.npz")).exitCode);
    assertEquals(2, run("train", "shapes-vgg", "--out", out, "--pictures", "3").exitCode);
    for (String rate : List.of("NaN", "-1", "0", "Infinity")) {
      assertUsage(run("train", "shapes-vgg", "--out", out, "--rate", rate), ", expected above 0");
    }
  }

  @Test
  void refusesACheckpointThatCannotBeWrittenBeforeItTrains() throws IOException {
    Path out = folder.resolve("unmade.safetensors");
    Path checkpoint = folder.resolve("nowhere/checkpoint.safetensors");
    Result result = train(out, "--checkpoint", checkpoint);
    assertEquals(1, result.exitCode);
    assertTrue(result.err.contains(checkpoint + ": there is no folder"), result.err);
    assertFalse(Files.exists(folder.resolve("unmade.csv")), "trained");
    Path taken = Files.createDirectory(folder.resolve("taken"));
    assertTrue(
        train(out, "--checkpoint", taken).err.contains(taken + ": a folder, expected a file"));
  }

  /** Weights are built in, and each class has a probability of its own. */
  @ParameterizedTest
  @CsvSource({"shapes-vgg", "clever-hans"})
  void explainsWithItsOwnNetworks(String network) throws IOException {
    Path data = folder.resolve("data-" + network);
    assertEquals(0, run("shapes", "--count", "1", "--seed", "9", "--out", data).exitCode);
    Path out = folder.resolve("out-" + network);
    Result result =
        run("explain", data.resolve("JPEGImages/000000.jpg"), "--model", network, "--out", out);
    assertEquals(0, result.exitCode, result.err);
    assertTrue(Files.exists(out.resolve("000000.json")));
  }

  @Test
  void demonstrates() throws IOException {
    Path out = folder.resolve("demo");
    Result result = run("demo", "--out", out, "--pictures", "1", "--score", "3");
    assertEquals(0, result.exitCode, result.err);
    assertTrue(result.out.contains("gradient-hedge"), result.out);
    assertTrue(result.out.endsWith(out.resolve("report.html") + System.lineSeparator()));
    String page = Files.readString(out.resolve("report.html"));
    for (String network : List.of("shapes-vgg", "shapes-resnet", "clever-hans")) {
      assertTrue(page.contains(network), network);
    }
    assertTrue(Files.readString(out.resolve("scores.json")).contains("\"outside_inside\""));
    assertUsage(run("demo", "--out", out, "--pictures", "0"), "--pictures is 0");
    assertUsage(run("demo", "--out", out, "--score", "0"), "--score is 0");
  }
}
