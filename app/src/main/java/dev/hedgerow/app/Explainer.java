package dev.hedgerow.app;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Softmax;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.weights.Npy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Explains images, one after the other, with one network and the same methods. */
final class Explainer {
  private final Engine engine;
  private final Model model;
  private final boolean exif;
  private final Targets.Selection targets;
  private final Plan plan;
  private final Set<Node> keep;
  private final WarmUp warmUp;

  /** Why the network as a whole is nothing for a method. */
  private final Map<Pass, IllegalArgumentException> refusals = new HashMap<>();

  /** An image as the network reads it, {@code [1, 3, h, w]}, and as people see it. */
  private record Subject(Tensor input, boolean preprocessed, Picture picture) {}

  /**
   * Prepares explanations.
   *
   * @param exif whether to honour the orientation of pictures that EXIF states
   * @param warmUp waited for before the network runs
   * @throws UsageException if the network has no such class, or is nothing for any of the methods
   */
  Explainer(Engine engine, Model model, boolean exif, Targets targets, Plan plan, WarmUp warmUp) {
    this.engine = engine;
    this.model = model;
    this.exif = exif;
    this.targets = select(targets, model);
    this.plan = plan;
    this.warmUp = warmUp;
    Set<Node> kept = new LinkedHashSet<>();
    for (Pass pass : plan.passes()) {
      try {
        kept.addAll(pass.method().keeps(model.graph(), pass.options()));
      } catch (IllegalArgumentException refused) {
        refusals.put(pass, refused);
      }
    }
    if (refusals.size() == plan.passes().size()) {
      Pass first = plan.passes().getFirst();
      IllegalArgumentException refused = Objects.requireNonNull(refusals.get(first));
      throw new UsageException(first.method().name() + ": " + refused.getMessage(), refused);
    }
    this.keep = kept;
  }

  private static Targets.Selection select(Targets targets, Model model) {
    try {
      return targets.among(model.classes());
    } catch (IllegalArgumentException wrong) {
      throw new UsageException(String.valueOf(wrong.getMessage()), wrong);
    }
  }

  /**
   * Classifies and explains an image. A method that fails on it does not stop the others.
   *
   * @param progress told of every method
   * @throws Failure if the image cannot be read, or the network fails on it
   */
  Explanation explain(Path image, Progress progress) throws Failure {
    long started = System.nanoTime();
    Subject subject = subject(image);
    long read = System.nanoTime();
    warmUp.await();
    long ready = System.nanoTime();
    Recording recording = model.graph().record(engine, subject.input(), keep);
    long recorded = System.nanoTime();
    float[] logits = recording.logits().toArray();
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        throw new Failure(image + ": the network's logits are not finite, " + logit);
      }
    }
    Tensor y = recording.logits();
    Tensor p =
        model.graph().isMultiLabel()
            ? Elementwise.sigmoid(engine, y)
            : Softmax.forward(engine, y, 1);
    float[] probabilities = p.toArray();
    List<Explanation.Score> scores = new ArrayList<>();
    for (int k : Targets.descending(logits)) {
      scores.add(new Explanation.Score(k, model.classes().get(k), logits[k], probabilities[k]));
    }
    List<Integer> selected = targets.of(probabilities);
    List<Explanation.Result> results = new ArrayList<>();
    Map<Question, Explanation.Result> shared = new HashMap<>();
    for (int target : selected) {
      for (Pass pass : plan.passes()) {
        progress.method(pass, results.size() + 1, selected.size() * plan.passes().size());
        var question = new Question(target, pass);
        if (pass.method().sharesWork() && !shared.containsKey(question)) {
          shared.putAll(together(recording, selected, pass.method()));
        }
        Explanation.Result result = shared.get(question);
        if (result == null) result = result(recording, target, pass, progress);
        progress.ended(image, result);
        results.add(result);
      }
    }
    return new Explanation(
        image,
        model,
        subject.preprocessed(),
        subject.picture(),
        plan,
        scores,
        results,
        new Explanation.Times(milliseconds(started, read), milliseconds(ready, recorded)));
  }

  /** One of the maps an image gets. */
  private record Question(int target, Pass pass) {}

  /** Answers all questions to a method at once; none of them if one of them fails. */
  private Map<Question, Explanation.Result> together(
      Recording recording, List<Integer> targets, Attributor method) {
    List<Question> questions = new ArrayList<>();
    List<Attributor.Request> requests = new ArrayList<>();
    for (Pass pass : plan.passes()) {
      if (!pass.method().equals(method) || refusals.containsKey(pass)) continue;
      for (int target : targets) {
        questions.add(new Question(target, pass));
        requests.add(new Attributor.Request(target, pass.options()));
      }
    }
    Map<Question, Explanation.Result> results = new HashMap<>();
    long started = System.nanoTime();
    try {
      List<Attribution> attributions = method.explainAll(engine, recording, requests);
      double time = milliseconds(started, System.nanoTime()) / requests.size();
      for (int k = 0; k < requests.size(); k++) {
        Attribution attribution = attributions.get(k);
        results.put(
            questions.get(k),
            new Explanation.Map(
                questions.get(k).pass(), attribution, Heatmap.of(attribution.heatmap()), time));
      }
    } catch (RuntimeException | OutOfMemoryError failed) {
      // Asked one by one, each says what is wrong with it, and the others are answered.
      results.clear();
    }
    return results;
  }

  private Explanation.Result result(Recording recording, int target, Pass pass, Progress progress) {
    long started = System.nanoTime();
    Throwable error;
    try {
      IllegalArgumentException refused = refusals.get(pass);
      if (refused != null) throw refused;
      Options options = pass.options().withProgress(progress::advanced);
      Attribution attribution = pass.method().explain(engine, recording, target, options);
      double time = milliseconds(started, System.nanoTime());
      return new Explanation.Map(pass, attribution, Heatmap.of(attribution.heatmap()), time);
    } catch (IllegalArgumentException | ArithmeticException refused) {
      error = new Failure(String.valueOf(refused.getMessage()), refused);
    } catch (RuntimeException | OutOfMemoryError wrong) {
      error = wrong;
    }
    return new Explanation.Failed(pass, target, error, milliseconds(started, System.nanoTime()));
  }

  private Subject subject(Path image) throws Failure {
    if (image.toString().toLowerCase(Locale.ROOT).endsWith(".npy")) return preprocessed(image);
    Picture picture = PictureFile.read(image, exif);
    Size size = model.size();
    Tensor pixels = picture.resized(engine, size.height(), size.width());
    return new Subject(model.preprocessing().apply(engine, pixels), false, picture);
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
