package dev.hedgerow.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.weights.Npy;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packed program, run as users run it, on real networks and real photographs. */
class EndToEndTest {
  @TempDir private Path folder;

  /**
   * A photograph of the index: its class and the boxes of the object, as fractions of the image.
   */
  private record Photograph(int label, List<double[]> boxes) {
    boolean contains(double x, double y) {
      return boxes.stream().anyMatch(b -> x >= b[0] && y >= b[1] && x <= b[2] && y <= b[3]);
    }
  }

  /** What the program printed: exit code, and per image the top-5 classes and the maps. */
  private record Run(int exitCode, String out, String err) {
    Map<String, List<Integer>> top() {
      var top = new LinkedHashMap<String, List<Integer>>();
      List<Integer> classes = new ArrayList<>();
      for (String line : out.lines().toList()) {
        if (!line.startsWith(" ")) {
          classes = new ArrayList<>();
          top.put(Path.of(line).getFileName().toString(), classes);
        } else if (line.matches(" +\\d+ +[01]\\.\\d+ .*")) {
          classes.add(Integer.parseInt(line.trim().split(" +", -1)[0]));
        }
      }
      return top;
    }

    List<Path> maps() {
      return out.lines()
          .filter(line -> line.startsWith("  ") && line.contains(".png"))
          .map(line -> Path.of(line.trim().split("\\.png", -1)[0] + ".npy"))
          .toList();
    }
  }

  @ParameterizedTest
  @CsvSource({"squeezenet1_1, 19, 21, 30, 32", "googlenet_bvlc, 28, 30, 33, 35"})
  void recognisesAndExplainsPhotographs(
      String model, int leastTop1, int mostTop1, int leastTop5, int mostTop5) throws Exception {
    Path index = Shared.file("images/imagenet-val/index.tsv");
    Map<String, Photograph> photographs = photographs(index);
    var arguments = new ArrayList<String>(List.of("explain"));
    for (String name : photographs.keySet()) arguments.add(index.resolveSibling(name).toString());
    arguments.addAll(List.of("--model", Shared.file("models/" + model + ".onnx").toString()));
    arguments.addAll(List.of("--preprocess", "caffe", "--out", folder.toString()));
    Run run = run(arguments);
    assertEquals(0, run.exitCode, run.err);
    assertEquals(photographs.keySet(), run.top().keySet());

    int top1 = 0;
    int top5 = 0;
    int pointed = 0;
    List<Path> maps = run.maps();
    assertEquals(photographs.size(), maps.size());
    int image = 0;
    for (var entry : photographs.entrySet()) {
      List<Integer> top = run.top().getOrDefault(entry.getKey(), List.of());
      Photograph photograph = entry.getValue();
      boolean right = top.getFirst() == photograph.label;
      if (right) top1++;
      if (top.contains(photograph.label)) top5++;
      Parameter map = Npy.read(maps.get(image++));
      float[] values = map.toArray();
      int highest = 0;
      for (int i = 0; i < values.length; i++) {
        assertTrue(Float.isFinite(values[i]), entry.getKey());
        if (values[i] > values[highest]) highest = i;
      }
      int width = map.shape().extent(1);
      double x = (highest % width + 0.5) / width;
      double y = (highest / width + 0.5) / map.shape().extent(0);
      if (right && photograph.contains(x, y)) pointed++;
    }
    String counts = model + ": top-1 " + top1 + ", top-5 " + top5 + ", pointed " + pointed;
    System.out.println(counts);
    assertTrue(top1 >= leastTop1 && top1 <= mostTop1, counts);
    assertTrue(top5 >= leastTop5 && top5 <= mostTop5, counts);
    // Where the class is right the highest relevance lies on the object, with few exceptions.
    assertTrue(pointed >= 0.8 * top1, counts);
  }

  @ParameterizedTest
  @CsvSource({
    "resnet20_cifar10.onnx, ",
    "resnet56_cifar10.onnx, ",
    "cifar_resnet20, resnet20-12fca82f.th",
    "cifar_resnet56, resnet56-4bfd9763.th",
  })
  void recognisesCifarPictures(String model, @Nullable String weights) throws Exception {
    Path pictures = Shared.file("images/cifar10");
    List<Path> files;
    try (Stream<Path> list = Files.list(pictures)) {
      files = list.filter(file -> file.toString().endsWith(".png")).sorted().toList();
    }
    var arguments = new ArrayList<String>(List.of("explain"));
    for (Path file : files) arguments.add(file.toString());
    if (weights == null) {
      arguments.addAll(List.of("--model", Shared.file("models/" + model).toString()));
      arguments.addAll(List.of("--preprocess", "imagenet", "--size", "32x32"));
    } else {
      arguments.addAll(List.of("--model", model));
      arguments.addAll(List.of("--weights", Shared.file("models/" + weights).toString()));
    }
    arguments.addAll(List.of("--out", folder.toString()));
    Run run = run(arguments);
    assertEquals(0, run.exitCode, run.err);
    int right = 0;
    for (var entry : run.top().entrySet()) {
      String label = entry.getKey().replaceAll(".*_(\\d+)\\.png", "$1");
      if (entry.getValue().getFirst() == Integer.parseInt(label)) right++;
    }
    assertEquals(20, run.top().size());
    assertTrue(right >= 19, model + ": " + right + " of 20");
    assertEquals(20, run.maps().size());
  }

  @Test
  void failuresAreOneLine() throws Exception {
    Path text = Files.writeString(folder.resolve("text.onnx"), "this is no model\n");
    Path picture = Shared.root().resolve("docs/images/meadow.jpg");
    Run run = run(List.of("explain", picture.toString(), "--model", text.toString()));
    assertEquals(1, run.exitCode);
    assertEquals("", run.out);
    List<String> lines =
        run.err.lines().filter(line -> !line.contains("incubator modules")).toList();
    assertEquals(1, lines.size(), run.err);
    assertEquals(
        "hedgerow: " + text + ": looks like text, expected an ONNX model", lines.getFirst());
    assertEquals(2, run(List.of("explain")).exitCode);
    assertEquals(2, run(List.of()).exitCode);
  }

  /** The system refuses to write more: as little is left as of a disk that is full. */
  @Test
  void aFileThatCannotBeWrittenWholeIsNotLeft() throws Exception {
    Assumptions.assumeTrue(File.separatorChar == '/', "ulimit is POSIX");
    Path in = folder.resolve("in.npy");
    Npy.write(in, Shape.of(1 << 20), new float[1 << 20]);
    Path out = Files.createDirectory(folder.resolve("new")).resolve("out.safetensors");
    Run run = runLimited(List.of("convert", in.toString(), out.toString()));
    assertEquals(1, run.exitCode, run.err);
    assertEquals("", run.out);
    assertTrue(
        run.err
            .lines()
            .anyMatch(("hedgerow: " + out + ": cannot be written: File too large")::equals),
        run.err);
    assertEquals(1, run.err.lines().filter(line -> line.startsWith("hedgerow: ")).count());
    try (Stream<Path> left = Files.list(out.getParent())) {
      assertEquals(List.of(), left.toList());
    }
  }

  private static Map<String, Photograph> photographs(Path index) throws IOException {
    var photographs = new LinkedHashMap<String, Photograph>();
    for (String line : Files.readAllLines(index)) {
      if (line.startsWith("#") || line.startsWith("file")) continue;
      String[] fields = line.split("\t", -1);
      String[] size = fields[5].split("x", -1);
      var boxes = new ArrayList<double[]>();
      for (String text : fields[6].split(";", -1)) {
        String[] numbers = text.split(",", -1);
        double[] box = new double[4];
        for (int i = 0; i < 4; i++) {
          box[i] = Double.parseDouble(numbers[i]) / Double.parseDouble(size[i % 2]);
        }
        boxes.add(box);
      }
      photographs.put(fields[0], new Photograph(Integer.parseInt(fields[2]), boxes));
    }
    return photographs;
  }

  private Run run(List<String> arguments) throws IOException, InterruptedException {
    return run(List.of(), arguments);
  }

  /** Runs the program with files of at most 1 MiB. */
  private Run runLimited(List<String> arguments) throws IOException, InterruptedException {
    return run(List.of("/bin/sh", "-c", "ulimit -f 1024; exec \"$@\"", "sh"), arguments);
  }

  private Run run(List<String> launcher, List<String> arguments)
      throws IOException, InterruptedException {
    Path jar = Shared.root().resolve("app/target/hedgerow.jar");
    Assumptions.assumeTrue(Files.exists(jar), "the jar is not packed: run mvn verify");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    var command = new ArrayList<String>(launcher);
    command.addAll(
        List.of(
            java.toString(),
            "--add-modules",
            "jdk.incubator.vector",
            "-XX:+UseSerialGC",
            "-Xmx2g",
            "-jar",
            jar.toAbsolutePath().toString()));
    command.addAll(arguments);
    Path out = Files.createTempFile(folder, "run", ".out");
    Path err = Files.createTempFile(folder, "run", ".err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    boolean ended = process.waitFor(5, TimeUnit.MINUTES);
    if (!ended) process.destroyForcibly();
    assertTrue(ended, "did not end: " + command);
    return new Run(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }
}
