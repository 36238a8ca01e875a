package dev.hedgerow.app;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.StartRelevance;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.weights.Npy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say which methods explain, and how. */
final class MethodOptions {
  private static final String ALL = "all";
  private static final List<String> STARTS = List.of("logit", "one-hot", "contrast");

  @Option(
      names = "--method",
      paramLabel = "NAMES",
      converter = MethodsConverter.class,
      defaultValue = "gradient-hedge",
      description =
          "gradient-hedge (default), others (see: hedgerow methods), a variant such as"
              + " lrp:epsilon-plus, several: a,b,c, or all.")
  private MethodList methods = new MethodList(List.of());

  @Option(
      names = "--gamma",
      paramLabel = "G",
      converter = Gamma.Converter.class,
      description = "Gradient Hedge's: 1 (default, tightest) to 2 (broadest); several: 1,1.5,2.")
  private Gamma.@Nullable Gammas gammas;

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
      names = "--start",
      paramLabel = "START",
      description =
          "What the logits y receive where a method begins at them: logit (y of the class), one-hot"
              + " (1), contrast (the gradient of the class's probability) or FILE.npy: float32"
              + " [classes]. Default: the method's own.")
  private @Nullable String start;

  @Option(
      names = "--saliency-layer",
      paramLabel = "NAME",
      description =
          "Where the map is taken: a node or its output tensor. Default: the method's own, for"
              + " most the input.")
  private @Nullable String saliencyLayer;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of methods that draw random numbers; default 0.")
  private long seed;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "How many versions of the image smoothgrad, integrated-gradients and rise run the network"
              + " on; default: each method's own (50, 50, 4000).")
  private @Nullable Integer samples;

  /** The methods asked for. */
  private record MethodList(List<Attributor> methods) {}

  private static final class MethodsConverter implements ITypeConverter<MethodList> {
    @Override
    public MethodList convert(String text) {
      Set<Attributor> methods = new LinkedHashSet<>();
      for (String part : text.split(",", -1)) {
        String name = part.strip();
        if (name.equals(ALL)) {
          methods.addAll(Methods.standard().all());
        } else {
          try {
            methods.add(MethodNames.find(name));
          } catch (UsageException unknown) {
            throw new TypeConversionException(unknown.getMessage());
          }
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

  /**
   * Returns what to do with every image.
   *
   * @throws UsageException if the network has no such layer, or the options make no sense
   * @throws Failure if a file is missing or is not what it should be
   */
  Plan plan(Model model) throws Failure {
    if (samples != null && samples < 1) {
      throw new UsageException("--samples is " + samples + ", expected 1 or more");
    }
    checkLayer(startLayer, model.graph());
    checkLayer(saliencyLayer, model.graph());
    Options options =
        Options.standard()
            .withAddPolicy(addPolicy)
            .withStartLayer(startLayer)
            .withSaliencyLayer(saliencyLayer)
            .withStart(start == null ? null : start(start, model.graph()))
            .withSeed(seed)
            .withSamples(samples == null ? 0 : samples);
    List<Gamma> asked = gammas == null ? List.of(Gamma.TIGHTEST) : gammas.values();
    List<Pass> passes = new ArrayList<>();
    for (Attributor method : methods.methods()) {
      if (method.usesGamma()) {
        boolean several = asked.size() > 1;
        for (Gamma gamma : asked) {
          passes.add(
              new Pass(method, options.withGamma(gamma.value()), several ? gamma.text() : ""));
        }
      } else {
        passes.add(new Pass(method, options, ""));
      }
    }
    return new Plan(options, start == null ? "" : start, unheard(), passes);
  }

  private List<String> unheard() {
    List<String> unheard = new ArrayList<>();
    if (gammas != null && methods.methods().stream().noneMatch(Attributor::usesGamma)) {
      unheard.add("--gamma changes nothing: of these methods none has a γ");
    }
    if (samples != null && methods.methods().stream().noneMatch(Attributor::usesSamples)) {
      unheard.add("--samples changes nothing: of these methods none takes any");
    }
    return unheard;
  }

  private static void checkLayer(@Nullable String layer, Graph graph) {
    List<String> names =
        graph.nodes().stream().flatMap(node -> Stream.of(node.name(), node.outputName())).toList();
    if (layer == null || names.contains(layer)) return;
    throw new UsageException(
        graph.name()
            + " has no layer \""
            + layer
            + "\""
            + Nearest.to(layer, names)
            + " (hedgerow inspect lists them)");
  }

  private static StartRelevance start(String text, Graph graph) throws Failure {
    return switch (text) {
      case "logit" -> StartRelevance.LOGIT;
      case "one-hot" -> StartRelevance.ONE_HOT;
      case "contrast" -> StartRelevance.CONTRAST;
      default -> {
        if (text.toLowerCase(Locale.ROOT).endsWith(".npy")) yield given(Path.of(text), graph);
        throw new UsageException(
            "\"%s\" is no start, expected logit, one-hot, contrast or a .npy file%s"
                .formatted(text, Nearest.to(text, STARTS)));
      }
    };
  }

  private static StartRelevance given(Path file, Graph graph) throws Failure {
    UserFiles.check(file, "an array");
    Parameter values;
    try {
      values = Npy.read(file);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
    Shape classes = Shape.of(graph.classes());
    Shape row = Shape.of(1, graph.classes());
    if (!values.shape().equals(classes) && !values.shape().equals(row)) {
      throw new Failure(
          "%s: shape %s, expected %s, a number for each logit of %s"
              .formatted(file, values.shape(), classes, graph.name()));
    }
    float[] relevance = values.toArray();
    for (int k = 0; k < relevance.length; k++) {
      if (!Float.isFinite(relevance[k])) {
        throw new Failure("%s: %s for class %d".formatted(file, relevance[k], k));
      }
    }
    return StartRelevance.of(Tensor.of(row, relevance));
  }
}
