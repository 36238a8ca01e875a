package dev.hedgerow.app;

import dev.hedgerow.attribution.AddPolicy;
import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Softmax;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
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

/** Explains images, one after the other, with one network and the same methods. */
final class Explainer {
  private final Engine engine;
  private final Model model;
  private final Targets.Selection targets;
  private final AddPolicy addPolicy;
  private final @Nullable String startLayer;
  private final List<Pass> passes = new ArrayList<>();
  private final Node[] keep;

  /**
   * A method with its options.
   *
   * @param named whether γ is part of file names
   */
  private record Pass(Attributor method, Options options, Gamma gamma, boolean named) {}

  /** An image as the network reads it, {@code [1, 3, h, w]}, and as people see it. */
  private record Subject(Tensor input, boolean preprocessed, Picture picture) {}

  /**
   * Prepares explanations.
   *
   * @param startLayer where they begin; null for the network's own
   * @throws UsageException if the network has no such class or layer
   */
  Explainer(
      Engine engine,
      Model model,
      Targets targets,
      List<Attributor> methods,
      List<Gamma> gammas,
      AddPolicy addPolicy,
      @Nullable String startLayer) {
    this.engine = engine;
    this.model = model;
    this.targets = select(targets, model);
    this.addPolicy = addPolicy;
    this.startLayer = startLayer == null ? null : checked(startLayer, model.graph());
    Set<Node> kept = new LinkedHashSet<>();
    for (Attributor method : methods) {
      List<Gamma> values = method.usesGamma() ? gammas : gammas.subList(0, 1);
      for (Gamma gamma : values) {
        var options =
            Options.standard()
                .withGamma(gamma.value())
                .withAddPolicy(addPolicy)
                .withStartLayer(this.startLayer);
        passes.add(new Pass(method, options, gamma, values.size() > 1));
        try {
          kept.addAll(method.keeps(model.graph(), options));
        } catch (IllegalArgumentException wrong) {
          throw new UsageException(method.name() + ": " + wrong.getMessage(), wrong);
        }
      }
    }
    this.keep = kept.toArray(new Node[0]);
  }

  private static Targets.Selection select(Targets targets, Model model) {
    try {
      return targets.among(model.classes());
    } catch (IllegalArgumentException wrong) {
      throw new UsageException(String.valueOf(wrong.getMessage()), wrong);
    }
  }

  private static String checked(String layer, Graph graph) {
    List<String> names =
        graph.nodes().stream().flatMap(node -> Stream.of(node.name(), node.outputName())).toList();
    if (names.contains(layer)) return layer;
    throw new UsageException(
        graph.name()
            + " has no layer \""
            + layer
            + "\""
            + Nearest.to(layer, names)
            + " (hedgerow inspect lists them)");
  }

  /**
   * Classifies and explains an image.
   *
   * @throws Failure if it cannot be read, or the network or a method fails on it
   */
  Explanation explain(Path image) throws Failure {
    long started = System.nanoTime();
    Subject subject = subject(image);
    long read = System.nanoTime();
    Recording recording = model.graph().record(engine, subject.input(), keep);
    long recorded = System.nanoTime();
    float[] logits = recording.logits().toArray();
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        throw new Failure(image + ": the network's logits are not finite, " + logit);
      }
    }
    float[] probabilities = Softmax.forward(engine, recording.logits(), 1).toArray();
    List<Explanation.Score> scores = new ArrayList<>();
    for (int k : Targets.descending(logits)) {
      scores.add(new Explanation.Score(k, model.classes().get(k), logits[k], probabilities[k]));
    }
    List<Explanation.Map> maps = new ArrayList<>();
    for (int target : targets.of(probabilities)) {
      for (Pass pass : passes) maps.add(map(image, recording, target, pass));
    }
    return new Explanation(
        image,
        model,
        subject.preprocessed(),
        subject.picture(),
        addPolicy,
        startLayer != null
            ? startLayer
            : model.graph().startLayer().map(Node::outputName).orElse(null),
        scores,
        maps,
        new Explanation.Times(milliseconds(started, read), milliseconds(read, recorded)));
  }

  private Explanation.Map map(Path image, Recording recording, int target, Pass pass)
      throws Failure {
    long started = System.nanoTime();
    Attribution attribution;
    try {
      attribution = pass.method().explain(engine, recording, target, pass.options());
    } catch (IllegalArgumentException refused) {
      throw new Failure(image + ": " + pass.method().name() + ": " + refused.getMessage(), refused);
    }
    double time = milliseconds(started, System.nanoTime());
    return new Explanation.Map(
        attribution,
        Heatmap.of(attribution.heatmap()),
        pass.method().usesGamma() ? pass.gamma() : null,
        pass.named(),
        time);
  }

  private Subject subject(Path image) throws Failure {
    if (image.toString().toLowerCase(Locale.ROOT).endsWith(".npy")) return preprocessed(image);
    Picture picture = PictureFile.read(image);
    return new Subject(model.preprocessing().apply(engine, picture.pixels()), false, picture);
  }

  private Subject preprocessed(Path file) throws Failure {
    UserFiles.check(file, "an array");
    Tensor array;
    try {
      Parameter values = Npy.read(file);
      array = Tensor.of(values.shape(), values.toArray());
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
    Shape input = model.input();
    Shape shape = array.shape();
    Shape one = Shape.of(input.extent(1), input.extent(2), input.extent(3));
    if (!shape.equals(input) && !shape.equals(one)) {
      throw new Failure(file + ": shape " + shape + ", expected " + one + " or " + input);
    }
    return new Subject(array.reshape(input), true, Picture.of(array.reshape(one)));
  }

  private static double milliseconds(long from, long to) {
    return (to - from) / 1e6;
  }
}
