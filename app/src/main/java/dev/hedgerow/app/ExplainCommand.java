package dev.hedgerow.app;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.engine.Engine;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
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
          + " cat.281.METHOD.overlay.png, cat.281.METHOD.npy (float32 [H,W], unscaled) and cat.json."
    },
    sortOptions = false)
final class ExplainCommand implements Callable<Integer> {
  private static final String ALL = "all";
  private static final int MOST_THREADS = 1024;

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

  @Option(
      names = "--method",
      paramLabel = "NAMES",
      converter = MethodsConverter.class,
      defaultValue = "gradient-hedge",
      description = "gradient-hedge (default), others (see: hedgerow methods), a,b,c or all.")
  private MethodList methods = new MethodList(List.of());

  @Option(
      names = "--gamma",
      paramLabel = "G",
      converter = Gamma.Converter.class,
      defaultValue = "1",
      description = "1 (default, tightest) to 2 (broadest); several: 1,1.5,2.")
  private Gamma.Gammas gammas = new Gamma.Gammas(List.of());

  @Option(
      names = "--add-policy",
      paramLabel = "POLICY",
      converter = AddPolicyConverter.class,
      defaultValue = "published",
      description = "How relevance passes a residual addition: published (default) or conserving.")
  private AddPolicy addPolicy = AddPolicy.PUBLISHED;

  @Option(
      names = "--start-layer",
      paramLabel = "NAME",
      description = "Where the explanation begins: a node or its output tensor.")
  private @Nullable String startLayer;

  @Option(
      names = "--exact",
      description = "Use no kernel that trades accuracy for speed. (None does yet.)")
  @SuppressWarnings("UnusedVariable") // Every kernel is exact, so there is nothing to choose.
  private boolean exact;

  @Option(
      names = "--no-exif",
      description =
          "Leave pictures as they are stored, as PyTorch's loaders do, instead of upright as their"
              + " EXIF orientation says.")
  private boolean noExif;

  @Option(names = "--threads", paramLabel = "N", description = "Default: one a processor.")
  private int threads = Runtime.getRuntime().availableProcessors();

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

  /** The methods asked for. */
  private record MethodList(List<Attributor> methods) {}

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

  private static final class MethodsConverter implements ITypeConverter<MethodList> {
    @Override
    public MethodList convert(String text) {
      if (text.equals(ALL)) return new MethodList(Methods.standard().all());
      Set<Attributor> methods = new LinkedHashSet<>();
      for (String name : text.split(",", -1)) {
        try {
          methods.add(Methods.standard().find(name.strip()));
        } catch (IllegalArgumentException unknown) {
          throw new TypeConversionException(unknown.getMessage());
        }
      }
      return new MethodList(List.copyOf(methods));
    }
  }

  private static final class AddPolicyConverter implements ITypeConverter<AddPolicy> {
    @Override
    public AddPolicy convert(String text) {
      for (AddPolicy policy : AddPolicy.values()) {
        if (policy.name().toLowerCase(Locale.ROOT).equals(text)) return policy;
      }
      throw new TypeConversionException(
          "\"" + text + "\" is no policy, expected published or conserving");
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
    if (threads < 1 || threads > MOST_THREADS) {
      throw new UsageException("--threads is " + threads + ", expected 1 to " + MOST_THREADS);
    }
    Targets asked = targets != null ? targets : Targets.best(top == null ? 1 : top);
    try (OutputFolder folder = OutputFolder.open(out);
        var pool = new ForkJoinPool(threads)) {
      Model model = modelOptions.load();
      Engine engine = Engine.parallel(pool);
      var explainer =
          new Explainer(
              engine,
              model,
              !noExif,
              asked,
              methods.methods(),
              gammas.values(),
              addPolicy,
              startLayer);
      return explain(engine, explainer, folder, messages);
    }
  }

  private int explain(Engine engine, Explainer explainer, OutputFolder folder, Messages messages) {
    PrintWriter text = spec.commandLine().getOut();
    var progress = new Progress(spec.commandLine().getErr(), images.size());
    List<String> stems = OutputNames.stems(images);
    Set<String> told = new HashSet<>();
    int exitCode = Main.DONE;
    for (int i = 0; i < images.size(); i++) {
      Path image = images.get(i);
      progress.show(i + 1, stems.get(i));
      try {
        Explanation explanation = explainer.explain(image);
        var report = new Report(engine, explanation, stems.get(i), folder);
        report.write();
        progress.clear();
        for (String warning : explanation.warnings()) {
          if (told.add(warning)) messages.warning(warning);
        }
        text.print(json ? report.json(false) : report.text());
      } catch (Failure | RuntimeException | OutOfMemoryError wrong) {
        progress.clear();
        messages.error(image, wrong);
        exitCode = Main.FAILED;
      }
      text.flush();
    }
    return exitCode;
  }
}
