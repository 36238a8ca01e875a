package dev.hedgerow.app;

import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.app.shapes.Shapes;
import dev.hedgerow.app.shapes.ShapesOptions;
import dev.hedgerow.app.shapes.VocAnnotation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hedgerow shapes}: draws pictures with their truth. */
@Command(
    name = "shapes",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Draw pictures of shapes whose place is known, as a data set in Pascal VOC's layout.",
      "",
      "JPEGImages, Annotations, SegmentationClass, and ImageSets/Main/test.txt. The same seed gives"
          + " the same pictures."
    },
    sortOptions = false)
final class ShapesCommand implements Callable<Integer> {
  private static final String SET = "test";

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(names = "--count", paramLabel = "N", description = "How many; default ${DEFAULT-VALUE}.")
  private int count = 100;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Which world; default ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--clever-hans",
      description = "A world whose watermark goes with one class, the heart.")
  private boolean cleverHans;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The folder; default ${DEFAULT-VALUE}.")
  private Path out = Path.of("hedgerow-shapes");

  @Override
  public Integer call() throws Failure {
    if (count < 1) throw new UsageException("--count " + count + ": expected 1 or more");
    var world =
        new Shapes(seed, cleverHans ? ShapesOptions.cleverHans() : ShapesOptions.standard());
    var status = new StatusLine(spec.commandLine().getErr());
    var names = new StringBuilder();
    Map<ShapeClass, StringBuilder> labels = new EnumMap<>(ShapeClass.class);
    for (ShapeClass kind : ShapeClass.values()) labels.put(kind, new StringBuilder());
    try (OutputFolder pictures = OutputFolder.open(out.resolve("JPEGImages"));
        OutputFolder annotations = OutputFolder.open(out.resolve("Annotations"));
        OutputFolder segmentations = OutputFolder.open(out.resolve("SegmentationClass"));
        OutputFolder sets = OutputFolder.open(out.resolve("ImageSets/Main"))) {
      for (int i = 0; i < count; i++) {
        String name = "%06d".formatted(i);
        status.show(name + " of " + count);
        Scene scene = world.scene(i);
        String file = name + ".jpg";
        pictures.write(file, JpegWriter.encode(scene.picture()));
        annotations.write(name + ".xml", utf8(VocAnnotation.xml(file, scene)));
        segmentations.write(name + ".png", Png.encode(VocAnnotation.segmentation(scene)));
        names.append(name).append('\n');
        labels.forEach(
            (kind, text) ->
                text.append("%s %2d\n".formatted(name, VocAnnotation.label(scene, kind))));
      }
      for (Map.Entry<ShapeClass, StringBuilder> label : labels.entrySet()) {
        String file = label.getKey().label() + "_" + SET + ".txt";
        sets.write(file, utf8(label.getValue().toString()));
      }
      // Last: a data set that says what it holds is whole.
      sets.write(SET + ".txt", utf8(names.toString()));
    } finally {
      status.clear();
    }
    spec.commandLine().getOut().println(out);
    return Main.DONE;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
