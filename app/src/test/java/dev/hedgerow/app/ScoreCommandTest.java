package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.app.shapes.DrawnObject;
import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.app.shapes.Shapes;
import dev.hedgerow.app.shapes.ShapesOptions;
import dev.hedgerow.app.voc.VocFolder;
import dev.hedgerow.app.voc.VocObject;
import dev.hedgerow.app.voc.VocPicture;
import dev.hedgerow.attribution.metrics.Region;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Scores methods on a data set that {@code hedgerow shapes} drew. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScoreCommandTest {
  private static final int COUNT = 6;

  @TempDir private static Path folder;
  private Path data = folder;
  private Path labels = folder;
  private Path weights = folder;

  private record Result(int exitCode, String out, String err) {}

  private static Result run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exitCode =
        new Main(WarmUp.none()).execute(new PrintWriter(out), new PrintWriter(err), arguments);
    return new Result(exitCode, out.toString(), err.toString());
  }

  private Result score(Path from, String... more) {
    List<String> arguments = new ArrayList<>(List.of("score", from.toString()));
    arguments.addAll(List.of("--model", "cifar_resnet20", "--weights", weights.toString()));
    arguments.addAll(List.of("--labels", labels.toString()));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  @BeforeAll
  void draw() throws IOException {
    data = folder.resolve("shapes");
    Result drawn = run("shapes", "--count", "" + COUNT, "--seed", "3", "--out", data.toString());
    assertEquals(0, drawn.exitCode, drawn.err);
    labels = Files.write(folder.resolve("labels.txt"), ShapeClass.labels());
    weights = RandomWeights.write(folder.resolve("weights.safetensors"), "cifar_resnet20", 10);
  }

  @Test
  void whatWasDrawnIsReadBack() throws IOException {
    var read = new VocFolder(data);
    var world = new Shapes(3, ShapesOptions.standard());
    List<String> names = read.names("test");
    assertEquals(COUNT, names.size());
    for (int i = 0; i < COUNT; i++) {
      Scene scene = world.scene(i);
      VocPicture picture = read.picture(names.get(i));
      assertEquals(scene.picture().getHeight(), picture.height());
      assertEquals(scene.objects().size(), picture.objects().size());
      for (int k = 0; k < scene.objects().size(); k++) {
        DrawnObject drawn = scene.objects().get(k);
        VocObject object = picture.objects().get(k);
        assertEquals(drawn.kind().label(), object.name());
        assertEquals(drawn.difficult(), object.difficult());
        assertEquals(drawn.box().x, object.box().xMin());
        assertEquals(drawn.box().height, object.box().yMax() - object.box().yMin() + 1);
      }
      List<Region> regions = read.segmentation(picture, 10);
      for (ShapeClass kind : ShapeClass.all()) {
        // Outlines tell regions apart.
        assertEquals(
            Outline.of(ScenePictures.region(scene, kind)), Outline.of(regions.get(kind.index())));
      }
    }
  }

  @Test
  void printsALineForEachMethod() {
    Result result = score(data, "--method", "gradient-hedge,random", "--gamma", "1,2");
    assertEquals(0, result.exitCode, result.err);
    List<String> lines = result.out.lines().toList();
    var world = new Shapes(3, ShapesOptions.standard());
    int questions = 0;
    for (int i = 0; i < COUNT; i++) questions += ScenePictures.truths(world.scene(i)).size();
    assertTrue(
        lines.get(0).startsWith(COUNT + " pictures, " + questions + " questions, "), result.out);
    assertTrue(lines.get(1).startsWith("method "), result.out);
    assertEquals(
        List.of("gradient-hedge, γ = 1", "gradient-hedge, γ = 2", "random"),
        lines.stream().skip(2).map(line -> line.split("  +", -1)[0]).toList());
    for (String line : lines.subList(2, 5)) {
      assertTrue(line.matches(".+?( +[0-9]+\\.[0-9]{3}){4}"), line);
    }
  }

  @Test
  void printsJson() {
    Result result = score(data, "--method", "random", "--json", "--limit", "2", "--boxes");
    assertEquals(0, result.exitCode, result.err);
    for (String key :
        List.of("pointing_game", "pointing_game_difficult", "positive_ratio", "outside_inside")) {
      assertTrue(result.out.contains("\"" + key + "\" : "), result.out);
    }
    assertTrue(result.out.startsWith("{\n  \"random\" : {"), result.out);
  }

  @Test
  void aWiderToleranceHitsMore() {
    Result all = score(data, "--method", "random", "--tolerance", "500");
    assertTrue(all.out.lines().toList().getLast().matches("random +1\\.000 .*"), all.out);
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertError(1, "no such file", score(folder.resolve("nothing")));
    assertError(1, "train.txt", score(data, "--set", "train"));
    assertError(2, "--tolerance is 0.0, expected above 0", score(data, "--tolerance", "0"));
    assertError(2, "\"x\", expected a number", score(data, "--tolerance", "x"));
    assertError(2, "--limit is 0, expected 1 or more", score(data, "--limit", "0"));
    assertError(2, "no method \"magic\"", score(data, "--method", "magic"));
    Path broken = folder.resolve("broken");
    assertEquals(0, run("shapes", "--count", "1", "--out", broken.toString()).exitCode);
    Path xml = broken.resolve("Annotations/000000.xml");
    String text = Files.readString(xml);
    Files.writeString(xml, text.replaceAll("<name>\\w+</name>", "<name>zebra</name>"));
    assertError(1, xml + ": no class is named \"zebra\"", score(broken));
    Files.writeString(xml, text.replace("<width>96</width>", "<width>97</width>"));
    assertError(1, "000000.jpg: 96 x 96, but its annotation says 96 x 97", score(broken));
    Files.writeString(xml, text.substring(0, 80));
    assertError(1, "000000.xml: ", score(broken));
    Files.writeString(xml, text);
    Files.delete(broken.resolve("SegmentationClass/000000.png"));
    assertError(1, "000000.png", score(broken));
    assertEquals(0, score(broken, "--boxes", "--method", "random").exitCode);
  }

  private static void assertError(int exitCode, String message, Result result) {
    assertEquals(exitCode, result.exitCode, result.err);
    assertEquals(1, result.err.lines().count(), result.err);
    assertTrue(result.err.contains(message), result.err);
    assertEquals("", result.out);
  }
}
