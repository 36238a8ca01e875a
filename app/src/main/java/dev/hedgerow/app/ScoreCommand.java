package dev.hedgerow.app;

import dev.hedgerow.app.score.Contender;
import dev.hedgerow.app.score.Contest;
import dev.hedgerow.app.score.Sample;
import dev.hedgerow.app.score.Score;
import dev.hedgerow.app.score.Truth;
import dev.hedgerow.app.voc.VocFolder;
import dev.hedgerow.app.voc.VocObject;
import dev.hedgerow.app.voc.VocPicture;
import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.attribution.metrics.PointingGame;
import dev.hedgerow.attribution.metrics.Region;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code hedgerow score}: scores methods on pictures whose objects are annotated. */
@Command(
    name = "score",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Score explanation methods on a data set in Pascal VOC's layout: the pointing game, the share"
          + " of positive relevance, the outside-inside ratio.",
      "",
      "Class n of SegmentationClass is the network's class n - 1, and Annotations name classes as"
          + " the network does. hedgerow shapes draws such a data set."
    },
    sortOptions = false)
final class ScoreCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @ParentCommand
  @SuppressWarnings("NullAway.Init")
  private Main main;

  @Parameters(arity = "1", paramLabel = "DIR", description = "The data set.")
  private Path folder = Path.of("");

  @Mixin private final ModelOptions modelOptions = new ModelOptions();
  @Mixin private final MethodOptions methodOptions = new MethodOptions();

  @Option(
      names = "--set",
      paramLabel = "NAME",
      description = "Of ImageSets/Main; default ${DEFAULT-VALUE}.")
  private String set = "test";

  @Option(
      names = "--boxes",
      description =
          "An object is its box, as in VOC's pointing game, instead of the pixels it is segmented"
              + " into.")
  private boolean boxes;

  @Option(
      names = "--tolerance",
      paramLabel = "PIXELS",
      description =
          "How near the largest value must be to the object; default: 15 for pictures 500 pixels"
              + " long, and in proportion.")
  private @Nullable Double tolerance;

  @Option(names = "--limit", paramLabel = "N", description = "Only the first N pictures.")
  private int limit = Integer.MAX_VALUE;

  @Mixin private final ThreadsOption threadsOption = new ThreadsOption();

  @Option(names = "--json", description = "Print JSON instead of a table.")
  private boolean json;

  @Override
  public Integer call() throws Failure {
    if (limit < 1) throw new UsageException("--limit is " + limit + ", expected 1 or more");
    if (tolerance != null && !(tolerance > 0)) {
      throw new UsageException("--tolerance is " + tolerance + ", expected above 0");
    }
    int threads = threadsOption.threads();
    Model model = modelOptions.load();
    List<Contender> contenders = new ArrayList<>();
    Plan plan = methodOptions.plan(model);
    plan.warnings().forEach(main.messages()::warning);
    for (Pass pass : plan.passes()) {
      contenders.add(new Contender(pass.label(), pass.method(), pass.options()));
    }
    var data = new VocFolder(folder);
    List<String> names;
    try {
      names = data.names(set);
    } catch (IOException wrong) {
      throw unreadable(wrong);
    }
    int count = Math.min(limit, names.size());
    Double pixels = tolerance;
    Contest.Game game =
        pixels == null ? Contest.Game.SCALED : (height, width) -> new PointingGame(pixels);
    List<Score> scores =
        Scoring.run(
            model,
            contenders,
            game,
            number -> sample(data, names.get(number), model),
            count,
            threads,
            new StatusLine(spec.commandLine().getErr()));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.print(ScoreTable.json(scores));
    } else {
      Score first = scores.getFirst();
      out.printf(
          Locale.ROOT,
          "%d pictures, %d questions, %d difficult (recomputed)%n",
          count,
          first.questions(),
          first.difficult());
      out.print(ScoreTable.text(scores));
    }
    return Main.DONE;
  }

  private Failure unreadable(IOException wrong) {
    if (wrong instanceof FileSystemException named && named.getFile() != null) {
      return UserFiles.unreadable(Path.of(named.getFile()), wrong);
    }
    return UserFiles.unreadable(folder, wrong);
  }

  private Sample sample(VocFolder data, String name, Model model) throws Failure {
    try {
      return read(data, name, model);
    } catch (IOException wrong) {
      throw unreadable(wrong);
    }
  }

  private Sample read(VocFolder data, String name, Model model) throws IOException, Failure {
    Engine engine = Engine.sequential();
    VocPicture annotation = data.picture(name);
    Picture picture = PictureFile.read(annotation.file(), false);
    int height = annotation.height();
    int width = annotation.width();
    if (picture.height() != height || picture.width() != width) {
      throw new Failure(
          "%s: %d x %d, but its annotation says %d x %d"
              .formatted(annotation.file(), picture.height(), picture.width(), height, width));
    }
    List<Truth.Annotated> objects = new ArrayList<>();
    for (VocObject object : annotation.objects()) {
      objects.add(
          new Truth.Annotated(
              target(model, data.annotation(name), object), object.box(), object.difficult()));
    }
    List<Truth> truths;
    if (boxes) {
      truths = Truth.of(height, width, objects, target -> boxes(height, width, objects, target));
    } else {
      List<Region> regions = data.segmentation(annotation, model.classes().size());
      truths = Truth.of(height, width, objects, regions::get);
    }
    Tensor pixels = picture.resized(engine, model.size().height(), model.size().width());
    return new Sample(name, model.preprocessing().apply(engine, pixels), truths);
  }

  private static int target(Model model, Path annotation, VocObject object) throws Failure {
    try {
      return model.classes().find(object.name());
    } catch (IllegalArgumentException unknown) {
      throw new Failure(annotation + ": " + unknown.getMessage() + " in " + model.name(), unknown);
    }
  }

  private static Region boxes(int height, int width, List<Truth.Annotated> objects, int target) {
    List<Box> own =
        objects.stream()
            .filter(object -> object.target() == target)
            .map(Truth.Annotated::box)
            .toList();
    return Region.ofBoxes(height, width, own);
  }
}
