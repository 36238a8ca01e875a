package dev.hedgerow.app;

import dev.hedgerow.engine.Engine;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code hedgerow explain}: says what a network sees in images, and where. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Classify images and write a heatmap of what in them spoke for a class.",
      "",
      "For IMAGE cat.jpg, class 281 and a method, --out gets cat.281.METHOD.png (heatmap),"
          + " cat.281.METHOD.overlay.png, cat.281.METHOD.npy (float32 [H,W], unscaled) and cat.json;"
          + " of several methods or classes also cat.grid.png, all of them side by side."
    },
    sortOptions = false)
final class ExplainCommand implements Callable<Integer> {
  private static final String NO_FONTS = "this system has no fonts: grids are without names";

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @ParentCommand
  @SuppressWarnings("NullAway.Init")
  private Main main;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description =
          "jpg, png, bmp, gif or webp; or .npy: float32 [3,H,W] or [1,3,H,W], preprocessed already, used"
              + " as it is.")
  private List<Path> images = List.of();

  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  @Option(
      names = "--target",
      paramLabel = "TARGETS",
      converter = TargetsConverter.class,
      description =
          "Which classes to explain: top (default), an index, a name, p>0.5 (all above that"
              + " probability; quote it), or several of these with commas.")
  private @Nullable Targets targets;

  @Option(names = "--top", paramLabel = "K", description = "Explain the K best classes.")
  private @Nullable Integer top;

  @Mixin private final MethodOptions methodOptions = new MethodOptions();
  @Mixin private final DrawingOptions drawingOptions = new DrawingOptions();

  @Option(names = "--exact", description = "Use no kernel that trades accuracy for speed.")
  private boolean exact;

  @Option(
      names = "--no-exif",
      description =
          "Leave pictures as they are stored, as PyTorch's loaders do, instead of upright as their"
              + " EXIF orientation says.")
  private boolean noExif;

  @Mixin private final ThreadsOption threadsOption = new ThreadsOption();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "hedgerow-out",
      description = "Where results go; default: ./hedgerow-out.")
  private Path out = Path.of("");

  @Option(
      names = "--json",
      description = "Print each image's JSON on a line of the standard output, instead of text.")
  private boolean json;

  private static final class TargetsConverter implements ITypeConverter<Targets> {
    @Override
    public Targets convert(String text) {
      try {
        return Targets.parse(text);
      } catch (IllegalArgumentException wrong) {
        throw new TypeConversionException(wrong.getMessage());
      }
    }
  }

  @Override
  public Integer call() throws Failure {
    Messages messages = main.messages();
    if (targets != null && top != null) {
      throw new UsageException("give --target or --top, not both");
    }
    if (top != null && top < 1) {
      throw new UsageException("--top is " + top + ", expected 1 or more");
    }
    int threads = threadsOption.threads();
    Targets asked = targets != null ? targets : Targets.best(top == null ? 1 : top);
    try (OutputFolder folder = OutputFolder.open(out);
        var pool = new ForkJoinPool(threads)) {
      Model model = modelOptions.load();
      Engine fast = Engine.parallel(pool);
      Engine engine = exact ? fast.exact() : fast;
      Plan plan = methodOptions.plan(model);
      var explainer = new Explainer(engine, model, !noExif, asked, plan, main.warmUp());
      plan.warnings().forEach(messages::warning);
      Drawing drawing = drawingOptions.drawing();
      Sheet sheet = drawingOptions.sheet() ? new Sheet(Grid.ofMany(engine, drawing, plan)) : null;
      return explain(engine, explainer, sheet, folder, messages);
    }
  }

  private int explain(
      Engine engine,
      Explainer explainer,
      @Nullable Sheet sheet,
      OutputFolder folder,
      Messages messages)
      throws Failure {
    PrintWriter text = spec.commandLine().getOut();
    var progress = new Progress(messages, images.size());
    List<String> stems = OutputNames.stems(images);
    Set<String> told = new HashSet<>();
    int exitCode = Main.DONE;
    for (int i = 0; i < images.size(); i++) {
      Path image = images.get(i);
      progress.image(i + 1, stems.get(i));
      try {
        Explanation explanation = explainer.explain(image, progress);
        var report =
            new Report(engine, explanation, stems.get(i), folder, drawingOptions.drawing());
        report.write();
        if (sheet != null) sheet.add(explanation, stems.get(i));
        progress.clear();
        for (String warning : explanation.warnings()) {
          if (told.add(warning)) messages.warning(warning);
        }
        if ((report.hasGrid() || sheet != null) && !Lettering.isAvailable() && told.add(NO_FONTS)) {
          messages.warning(NO_FONTS);
        }
        for (Explanation.Failed failed : explanation.failed()) {
          messages.error(image, failed);
          exitCode = Main.FAILED;
        }
        text.print(json ? report.json(false) : report.text());
      } catch (Failure | RuntimeException | OutOfMemoryError wrong) {
        progress.clear();
        messages.error(image, wrong);
        exitCode = Main.FAILED;
      }
      text.flush();
    }
    String name = sheet == null ? "" : sheet.write(folder);
    if (!name.isEmpty() && !json) text.println("  " + folder.path(name));
    return exitCode;
  }
}
