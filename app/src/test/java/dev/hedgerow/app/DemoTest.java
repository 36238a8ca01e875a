package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.app.score.Score;
import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.app.shapes.Shapes;
import dev.hedgerow.app.shapes.ShapesOptions;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.ClassNames;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page, of small networks of random weights. */
class DemoTest {
  private static final Pattern IMAGE =
      Pattern.compile("<img src=\"data:image/png;base64,([^\"]*)\"");

  @TempDir private Path folder;

  /** Three convolutions and two pools. */
  private Model model(String name) {
    var random = new Random(name.length());
    Graph.Builder graph = Graph.builder(name);
    Node node = graph.input("input", Shape.of(1, 3, 96, 96));
    int[] channels = {3, 4, 6, 6};
    for (int i = 1; i < channels.length; i++) {
      Parameter weight = gaussian(random, Shape.of(channels[i], channels[i - 1], 3, 3));
      Convolution convolution = Convolution.of(weight, null, Window.of(3, 1, 1), 1);
      node = graph.add("conv" + i, new Conv2d(convolution), node);
      node = graph.add("relu" + i, new Relu(), node);
      if (i == 3) break;
      node = graph.add("pool" + i, new MaxPool2d(new MaxPool(Window.of(4, 4, 0), false)), node);
    }
    node = graph.add("flatten", new Flatten(1), node);
    Dense dense = Dense.of(gaussian(random, Shape.of(10, 6 * 6 * 6)), null);
    return new Model(
        name,
        folder,
        "",
        graph.build(graph.add("fc", new Linear(dense), node)).multiLabel(),
        "imagenet",
        false,
        Preprocessing.imagenet().withSize(96, 96),
        ClassNames.parse(ShapeClass.labels()));
  }

  private static Parameter gaussian(Random random, Shape shape) {
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian() / 4;
    return Parameter.of(shape, values);
  }

  private String write(Path out, int pictures, int scored) throws Exception {
    var demo =
        new Demo(List.of(model("vgg"), model("res<b>net")), model("hans"), 7, pictures, scored, 2);
    try (OutputFolder to = OutputFolder.open(out)) {
      List<Score> scores = demo.write(to, new StatusLine(new PrintWriter(new StringWriter())));
      assertEquals("gradient-hedge", scores.getFirst().name());
      assertEquals(ScoreTable.json(scores), Files.readString(out.resolve("scores.json")));
    }
    return Files.readString(out.resolve("report.html"));
  }

  @Test
  void oneFileHoldsEverything() throws Exception {
    String html = write(folder.resolve("demo"), 2, 3);
    var world = new Shapes(7, ShapesOptions.standard());
    int questions = 0;
    for (int i = 0; i < 2; i++) {
      Scene scene = world.scene(i);
      questions += scene.classes().size();
      for (ShapeClass kind : scene.classes()) {
        assertTrue(html.contains("Why <em>" + kind.label() + "</em>?"), kind.label());
        assertTrue(html.contains(Outline.of(ScenePictures.region(scene, kind))), kind.label());
      }
    }
    // Of a question, on two networks: Gradient Hedge for five γ and Grad-CAM. Of the case of Hans:
    // two pictures and two maps for five γ.
    Set<String> images = new HashSet<>();
    int count = 0;
    Matcher image = IMAGE.matcher(html);
    while (image.find()) {
      count++;
      images.add(image.group(1));
      byte[] png = Base64.getDecoder().decode(image.group(1));
      assertEquals(96, ImageIO.read(new ByteArrayInputStream(png)).getWidth());
    }
    assertEquals(2 + questions * 2 * (5 + 1) + 2 + 2 * 5, count);
    assertTrue(images.size() > questions * 5, "γ changes maps");
    assertEquals(count, html.split("<img ", -1).length - 1, "all images are in the page");
    String text = IMAGE.matcher(html).replaceAll("");
    for (String outside : List.of("http:", "https:", "src=\"/", "url(", "@import", "{{", "NaN")) {
      assertFalse(text.contains(outside), outside);
    }
    assertTrue(html.contains("res&lt;b&gt;net") && !html.contains("res<b>net"), "escaped");
    // The pages' networks have no relevance to lose: every 3×3 convolution's sum is due.
    assertTrue(html.contains("<td>−1.000000</td></tr>"));
    assertEquals(html.split("alt=\"", -1).length, count + 1);
  }

  @Test
  void theSameSeedGivesTheSameBytes() throws Exception {
    assertEquals(write(folder.resolve("a"), 1, 2), write(folder.resolve("b"), 1, 2));
  }

  /** Pictures are explained by as many threads as were asked for, which are its own. */
  @Test
  void leavesTheCommonPoolAlone() throws Exception {
    write(folder.resolve("warm"), 1, 1);
    long before = commonPoolTime();
    write(folder.resolve("demo"), 6, 1);
    long time = commonPoolTime() - before;
    assertTrue(time < 5_000_000, () -> time + " ns");
  }

  private static long commonPoolTime() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("commonPool"))
        .mapToLong(
            thread -> ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId()))
        .sum();
  }

  @Test
  void theTwoWorldsDifferInTheWatermarkAlone() throws Exception {
    DemoPage.Hans hans = new DemoHans(model("hans"), model("honest"), 7).page();
    assertNotNull(hans);
    assertEquals(
        List.of("hans", "honest"), hans.answers().stream().map(DemoPage.Answer::name).toList());
    // The badge is a sixth of the side: 16 of 96 pixels, at the lower left, 2 from the border.
    assertTrue(hans.verdict().contains("The watermark is 2.8 %"), hans.verdict());
    assertEquals(
        "M2 78h16M2 94h16M2 78v16M18 78v16", hans.figures().getFirst().outlined().get(1).path());
  }
}
