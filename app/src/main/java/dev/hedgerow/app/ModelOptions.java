package dev.hedgerow.app;

import dev.hedgerow.app.download.PublishedFile;
import dev.hedgerow.app.download.WeightCache;
import dev.hedgerow.app.shapes.ShapesNetwork;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.ClassNames;
import dev.hedgerow.nn.Families;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.weights.Binding;
import dev.hedgerow.weights.OnnxModel;
import dev.hedgerow.weights.Release;
import dev.hedgerow.weights.WeightFile;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which network to run, and how. */
final class ModelOptions {
  private static final int CHANNELS = 3;

  /** The bytes of the names of far more classes than any network has. */
  private static final int LARGEST_LABELS = 16 << 20;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description =
          "A network that comes with the program: shapes-vgg, shapes-resnet or clever-hans; a"
              + " family (see: hedgerow models), which needs --weights; or a self-contained file:"
              + " model.onnx.")
  private String model = "";

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description =
          "The weights of a family, as torchvision, timm, transformers, Keras or TorchRay name"
              + " them: .safetensors, .pth (.pt, .th), .h5, .keras or .npz.")
  private @Nullable Path weights;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description =
          "Where hedgerow download keeps weights, which are taken from there if --weights is not"
              + " given; default: HEDGEROW_CACHE, else hedgerow in XDG_CACHE_HOME or ~/.cache.")
  private @Nullable Path cache;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description =
          "The names of the classes, one a line, a WordNet id in front if you like. ImageNet's"
              + " names are built in.")
  private @Nullable Path labels;

  @Option(
      names = "--preprocess",
      paramLabel = "KIND",
      description =
          "imagenet (RGB/255, mean .485 .456 .406, std .229 .224 .225), caffe (RGB 0..255 minus"
              + " 123, 117, 104), none, or a .json file: {\"size\":[h,w],\"scale\":s,"
              + "\"mean\":[r,g,b],\"std\":[r,g,b]}. Families know their own.")
  private @Nullable String preprocess;

  @Option(
      names = "--size",
      paramLabel = "HxW",
      converter = Size.Converter.class,
      description =
          "The size that the whole image is resized to; default: what the model states, else"
              + " 224x224.")
  private @Nullable Size size;

  /** Returns the options that name a network and leave the rest to it. */
  static ModelOptions of(String model) {
    var options = new ModelOptions();
    options.model = model;
    return options;
  }

  /** A kind of preprocessing. */
  private record Preprocess(String name, @Nullable Size size, Preprocessing preprocessing) {}

  /**
   * Loads the network.
   *
   * @throws UsageException if the options make no sense
   * @throws Failure if a file is missing or is not what it should be
   */
  Model load() throws Failure {
    Preprocess asked = preprocess == null ? null : preprocess(preprocess);
    Optional<ShapesNetwork> own = ShapesNetwork.find(model);
    if (own.isPresent()) return load(own.get().family(), own.get(), asked);
    Optional<Family> family = Families.find(model);
    return family.isPresent() ? load(family.get(), null, asked) : loadFile(asked);
  }

  /**
   * Loads a family.
   *
   * @param own the network if it comes with the program, whose weights are at hand
   */
  private Model load(Family family, @Nullable ShapesNetwork own, @Nullable Preprocess asked)
      throws Failure {
    WeightSource source =
        own != null && own.hasWeights() && weights == null ? own.weights() : source(family);
    Path file = source.file();
    Release release = Release.of(family, source);
    String dialect = own == null ? release.dialect() : "Hedgerow";
    Preprocessing ofRelease = release.preprocessing();
    Preprocess chosen =
        asked == null ? new Preprocess(dialect + " " + family.name(), null, ofRelease) : asked;
    Size target = size(chosen);
    if (target == null) target = new Size(ofRelease.height(), ofRelease.width());
    Graph graph;
    try {
      graph = Binding.bind(release, shape(target));
    } catch (IllegalArgumentException wrong) {
      throw wrongSize(target, chosen, wrong);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
    ClassNames classes =
        labels != null
            ? labels(labels, graph)
            : graph.classes() == family.classes().size() ? family.classes() : numbered(file, graph);
    if (own != null) graph = graph.multiLabel();
    return model(file, dialect, graph, chosen, false, classes);
  }

  private WeightSource source(Family family) throws Failure {
    Path file = weights != null ? weights : cached(family);
    UserFiles.check(file, "a file of weights");
    try {
      return WeightFile.open(file);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
  }

  private Path cached(Family family) {
    return WeightCache.of(cache, System.getenv())
        .find(family.name())
        .orElseThrow(
            () ->
                new UsageException(
                    family.name()
                        + " is a family without weights: name a file with --weights"
                        + (PublishedFile.of(family.name()).isEmpty()
                            ? ""
                            : ", or run: hedgerow download " + family.name())));
  }

  private static ClassNames numbered(Path file, Graph graph) throws Failure {
    try {
      return ClassNames.numbered(graph.classes());
    } catch (IllegalArgumentException wrong) {
      throw new Failure(file + ": " + wrong.getMessage(), wrong);
    }
  }

  private Model loadFile(@Nullable Preprocess asked) throws Failure {
    Path file = Path.of(model);
    if (!Files.exists(file) && !looksLikeFile(model)) {
      List<String> known =
          Stream.concat(ShapesNetwork.labels().stream(), Families.all().stream().map(Family::name))
              .toList();
      throw new UsageException(
          "\"" + model + "\" is neither a family nor a file" + Nearest.to(model, known));
    }
    UserFiles.check(file, "a model");
    if (weights != null) {
      throw new UsageException(
          "--weights goes with a family, but " + model + " is a file, which holds its own");
    }
    Preprocess chosen =
        asked == null ? new Preprocess("imagenet", null, Preprocessing.imagenet()) : asked;
    Size target = size(chosen);
    Graph graph;
    try {
      graph = OnnxModel.read(file, target == null ? null : shape(target)).graph();
    } catch (IOException | IllegalArgumentException wrong) {
      if (target != null && isModel(file)) throw wrongSize(target, chosen, wrong);
      if (holdsWeights(file)) {
        throw new UsageException(
            file + " holds weights without a network: use --model FAMILY --weights " + file);
      }
      if (!(wrong instanceof IOException unreadable)) {
        throw new Failure(file + ": " + wrong.getMessage(), wrong);
      }
      throw UserFiles.unreadable(file, unreadable);
    }
    ClassNames imageNet = ClassNames.imageNet();
    ClassNames classes =
        labels != null
            ? labels(labels, graph)
            : graph.classes() == imageNet.size() ? imageNet : numbered(file, graph);
    return model(file, "ONNX", graph, chosen, asked == null, classes);
  }

  private Model model(
      Path file,
      String dialect,
      Graph graph,
      Preprocess chosen,
      boolean assumed,
      ClassNames classes)
      throws Failure {
    Shape input = graph.input().shape();
    if (input.rank() != 4 || input.extent(1) != CHANNELS) {
      throw new Failure(file + ": the network reads " + input + ", expected [1, 3, H, W]");
    }
    return new Model(
        model,
        file,
        dialect,
        graph,
        chosen.name(),
        assumed,
        chosen.preprocessing().withSize(input.extent(2), input.extent(3)),
        classes);
  }

  private @Nullable Size size(Preprocess chosen) {
    return size == null ? chosen.size() : size;
  }

  private UsageException wrongSize(Size target, Preprocess chosen, Exception wrong) {
    String origin = size != null ? "--size " : chosen.name() + ": size ";
    return new UsageException(origin + target + ": " + wrong.getMessage(), wrong);
  }

  private static Shape shape(Size size) {
    return Shape.of(1, CHANNELS, size.height(), size.width());
  }

  /** Whether a file is a model at its own size. */
  private static boolean isModel(Path file) {
    try {
      return OnnxModel.read(file).graph().classes() > 0;
    } catch (IOException | IllegalArgumentException other) {
      return false;
    }
  }

  private static boolean holdsWeights(Path file) {
    try {
      return !WeightFile.open(file).tensors().isEmpty();
    } catch (IOException other) {
      return false;
    }
  }

  private static boolean looksLikeFile(String model) {
    return model.contains(".") || model.contains("/") || model.contains("\\");
  }

  private static Preprocess preprocess(String kind) throws Failure {
    return switch (kind) {
      case "imagenet" -> new Preprocess(kind, null, Preprocessing.imagenet());
      case "caffe" -> new Preprocess(kind, null, Preprocessing.caffe());
      case "none" -> new Preprocess(kind, null, Preprocessing.none());
      default -> {
        if (!kind.toLowerCase(Locale.ROOT).endsWith(".json")) {
          throw new UsageException(
              "unknown preprocessing \"" + kind + "\", expected imagenet, caffe, none or a .json");
        }
        PreprocessFile file = PreprocessFile.read(Path.of(kind));
        yield new Preprocess(kind, file.size(), file.preprocessing());
      }
    };
  }

  private static ClassNames labels(Path file, Graph graph) throws Failure {
    UserFiles.check(file, "the names of the classes");
    ClassNames classes;
    try {
      long size = Files.size(file);
      if (size > LARGEST_LABELS) {
        throw new Failure(
            "%s: %d bytes, expected at most %d, one class a line"
                .formatted(file, size, LARGEST_LABELS));
      }
      classes = ClassNames.parse(Files.readAllLines(file));
    } catch (CharacterCodingException wrong) {
      throw new Failure(file + ": no text in UTF-8, expected one class a line", wrong);
    } catch (IllegalArgumentException wrong) {
      throw new Failure(file + ": " + wrong.getMessage() + ", expected one class a line", wrong);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
    if (classes.size() != graph.classes()) {
      throw new Failure(
          "%s: %d classes, expected %d, the logits of %s"
              .formatted(file, classes.size(), graph.classes(), graph.name()));
    }
    return classes;
  }
}
