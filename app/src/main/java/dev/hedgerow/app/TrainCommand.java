package dev.hedgerow.app;

import dev.hedgerow.app.download.PublishedFile;
import dev.hedgerow.app.shapes.Curriculum;
import dev.hedgerow.app.shapes.ShapeClass;
import dev.hedgerow.app.shapes.Shapes;
import dev.hedgerow.app.shapes.ShapesBatch;
import dev.hedgerow.app.shapes.ShapesNetwork;
import dev.hedgerow.app.shapes.ShapesScore;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.train.Loss;
import dev.hedgerow.nn.train.Schedule;
import dev.hedgerow.nn.train.Trainer;
import dev.hedgerow.weights.Binding;
import dev.hedgerow.weights.Conversion;
import dev.hedgerow.weights.WeightFile;
import it.unimi.dsi.fastutil.floats.FloatList;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hedgerow train}: trains a network on the drawn world. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Train one of the networks that come with this program, on pictures that it draws.",
      "",
      "No picture is drawn twice. The same options give the same file, to the bit, on the same Java"
          + " and the same kind of processor, with any number of threads, interrupted or not."
          + " Beside the weights, in half precision, goes the loss, as .csv: its mean over every 25"
          + " steps."
    },
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {
  /** Steps whose mean loss is one point of the curve. */
  static final int POINT = 25;

  /** Steps from one checkpoint to the next. */
  private static final int CHECKPOINT = 100;

  private static final double WARM_UP = 0.02;
  private static final double MOMENTUM = 0.9;
  private static final double DECAY = 5e-4;

  /** Pictures that a network is scored on, of another seed. */
  private static final int UNSEEN = 1000;

  private static final int UNSEEN_SEED = 10_000_000;

  private static final String SUFFIX = ".safetensors";

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(paramLabel = "NETWORK", description = "shapes-vgg, shapes-resnet or clever-hans.")
  private String name = "";

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Where the weights go; the name ends in .safetensors.")
  private Path out = Path.of("");

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "0 to 9999999; default ${DEFAULT-VALUE}.")
  private int seed = 1;

  @Option(
      names = "--pictures",
      paramLabel = "N",
      description = "How many to train on; default ${DEFAULT-VALUE}.")
  private int pictures = 180_000;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Pictures a step; default ${DEFAULT-VALUE}.")
  private int batch = 8;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "The largest step size; default ${DEFAULT-VALUE}.")
  private double rate = 0.02;

  @Mixin private final ThreadsOption threadsOption = new ThreadsOption();

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description =
          "Begin with the parameters of a checkpoint of a network of the same layers, and so with"
              + " pictures of the full size and difficulty.")
  private @Nullable Path from;

  @Option(
      names = "--checkpoint",
      paramLabel = "FILE",
      description = "Keep the state there, and go on from it if it is there already.")
  private @Nullable Path checkpoint;

  @Override
  public Integer call() throws Failure {
    ShapesNetwork network = network();
    int steps = steps();
    UserFiles.checkOutput(out);
    if (checkpoint != null) UserFiles.checkOutput(checkpoint);
    if (from != null) UserFiles.check(from, "a checkpoint");
    Family family = network.trained();
    var schedule = new Schedule(rate, (int) (WARM_UP * steps), steps, MOMENTUM, DECAY);
    String beginning = from == null ? Checkpoint.Run.FRESH : checksum(from);
    var run = new Checkpoint.Run(network.label(), seed, batch, steps, rate, beginning);
    Checkpoint start =
        checkpoint != null && Files.exists(checkpoint)
            ? Checkpoint.read(checkpoint, family, ShapesNetwork.classes(), run)
            : from != null
                ? Checkpoint.startFrom(from, family, ShapesNetwork.classes(), run)
                : Checkpoint.start(family, ShapesNetwork.classes(), run);
    Trainer.State trained;
    try (var pool = new ForkJoinPool(threadsOption.threads())) {
      Engine engine = Engine.parallel(pool);
      var trainer =
          new Trainer(
              engine,
              family,
              ShapesNetwork.classes(),
              Loss.SIGMOID_CROSS_ENTROPY,
              schedule,
              start.state());
      train(
          trainer,
          new Curriculum(seed, network.world(), steps, from == null),
          pool,
          run,
          start.curve());
      trained = trainer.state();
      try {
        Conversion.write(network.finish(trained.parameters()), out, Conversion.Precision.F16);
        Graph graph =
            Binding.bind(network.family(), WeightFile.open(out), network.family().input());
        // Never the pictures that it was trained on.
        var unseen = new Shapes(seed + UNSEEN_SEED, network.world());
        print(ShapesScore.of(engine, graph, family.preprocessing(), unseen, UNSEEN));
      } catch (IOException wrong) {
        throw UserFiles.unwritable(out, wrong);
      }
    }
    PrintWriter text = spec.commandLine().getOut();
    text.println(out);
    text.println(curveFile());
    return Main.DONE;
  }

  private void train(
      Trainer trainer,
      Curriculum curriculum,
      ForkJoinPool pool,
      Checkpoint.Run run,
      FloatList curve)
      throws Failure {
    var status = new StatusLine(spec.commandLine().getErr());
    writeCurve(curve);
    try {
      double sum = 0;
      Future<ShapesBatch> next = draw(curriculum, pool, trainer.state().step());
      for (int step = trainer.state().step(); step < run.steps(); step++) {
        ShapesBatch now = next.get();
        if (step + 1 < run.steps()) next = draw(curriculum, pool, step + 1);
        sum += trainer.step(now.images(), now.targets());
        if ((step + 1) % POINT != 0) continue;
        curve.add((float) (sum / POINT));
        sum = 0;
        status.show(
            "%d%%  %d of %d pictures  loss %.3f"
                .formatted(
                    100L * (step + 1) / run.steps(),
                    (step + 1) * batch,
                    run.steps() * batch,
                    curve.getFloat(curve.size() - 1)));
        writeCurve(curve);
        if (checkpoint != null && (step + 1) % CHECKPOINT == 0) {
          new Checkpoint(trainer.state(), curve).write(checkpoint, run);
        }
      }
    } catch (ArithmeticException wrong) {
      throw new Failure(String.valueOf(wrong.getMessage()), wrong);
    } catch (InterruptedException | ExecutionException wrong) {
      throw new IllegalStateException(wrong);
    } finally {
      status.clear();
    }
  }

  /** Draws the pictures of a step while another is being taken. */
  private Future<ShapesBatch> draw(Curriculum curriculum, ForkJoinPool pool, int step) {
    Preprocessing preprocessing = network().family().preprocessing();
    return pool.submit(
        () ->
            ShapesBatch.of(
                number -> curriculum.scene(step, number),
                (long) step * batch,
                batch,
                preprocessing));
  }

  private void writeCurve(FloatList curve) throws Failure {
    var csv = new StringBuilder("pictures,loss\n");
    for (int i = 0; i < curve.size(); i++) {
      csv.append((i + 1) * POINT * batch).append(',').append(curve.getFloat(i)).append('\n');
    }
    UserFiles.write(curveFile(), csv.toString().getBytes(StandardCharsets.UTF_8));
  }

  private Path curveFile() {
    String name = String.valueOf(out.getFileName());
    return out.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + ".csv");
  }

  private static String checksum(Path file) throws Failure {
    try {
      return PublishedFile.checksum(file);
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
  }

  private void print(ShapesScore score) {
    PrintWriter text = spec.commandLine().getOut();
    text.printf("average precision on %d unseen pictures%n", UNSEEN);
    text.printf("%-10s %9s %10s%n", "", "all", "as in VOC");
    for (ShapeClass kind : ShapeClass.all()) {
      row(text, kind.label(), score.strict().get(kind), score.voc().get(kind));
    }
    row(text, "mean", ShapesScore.mean(score.strict()), ShapesScore.mean(score.voc()));
  }

  private static void row(
      PrintWriter text, String label, @Nullable Double strict, @Nullable Double voc) {
    text.printf(Locale.ROOT, "%-10s %9.4f %10.4f%n", label, strict, voc);
  }

  private int steps() {
    if (batch < 1 || pictures < batch) {
      throw new UsageException(
          "--pictures %d --batch %d: expected at least one batch".formatted(pictures, batch));
    }
    if (seed < 0 || seed >= UNSEEN_SEED) {
      throw new UsageException("--seed " + seed + ": expected 0 to " + (UNSEEN_SEED - 1));
    }
    if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new UsageException("--rate is " + rate + ", expected above 0");
    }
    if (!String.valueOf(out.getFileName()).endsWith(SUFFIX)) {
      throw new UsageException(out + ": expected a name that ends in " + SUFFIX);
    }
    return pictures / batch;
  }

  private ShapesNetwork network() {
    return ShapesNetwork.find(name)
        .orElseThrow(
            () ->
                new UsageException(
                    "unknown network \"%s\", expected one of %s"
                        .formatted(name, String.join(", ", ShapesNetwork.labels()))));
  }
}
