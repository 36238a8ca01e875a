package dev.hedgerow.app;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.train.Trainer;
import dev.hedgerow.weights.Conversion;
import dev.hedgerow.weights.WeightFile;
import dev.hedgerow.weights.WeightSource;
import it.unimi.dsi.fastutil.floats.FloatArrayList;
import it.unimi.dsi.fastutil.floats.FloatList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A training to go on with, as a file: the parameters by their names, how fast each moves as {@code
 * velocity/NAME}, the loss so far, and which training it is.
 *
 * @param curve the losses so far; added to as the training goes on
 */
record Checkpoint(Trainer.State state, FloatList curve) {
  private static final String VELOCITY = "velocity/";
  private static final String CURVE = "curve";
  private static final String RUN = "run";
  private static final String STEP = "step";

  /** What {@link #RUN} was before it was a text: seed, batch, steps in all, step. */
  private static final Shape EARLIER_RUN = Shape.of(4);

  /**
   * Which training it is: all that its result depends on.
   *
   * @param batch pictures a step
   * @param steps in all
   * @param rate the largest step size
   * @param beginning where the parameters come from: the first digits of a file's SHA-256, or
   *     {@link #FRESH}
   */
  record Run(String network, int seed, int batch, int steps, double rate, String beginning) {
    static final String FRESH = "random numbers";

    @Override
    public String toString() {
      // Compared with what another process wrote, maybe in another locale.
      return String.format(
          Locale.ROOT,
          "%s, seed %d, %d steps of %d pictures, rate %s, from %s",
          network,
          seed,
          steps,
          batch,
          rate,
          beginning);
    }
  }

  /** Returns the beginning of a training. */
  static Checkpoint start(Family family, int classes, Run run) {
    return new Checkpoint(Trainer.start(family, classes, run.seed), new FloatArrayList());
  }

  /**
   * Returns the beginning of a training with the parameters that another one had reached.
   *
   * @throws Failure if the file cannot be read, or is of other layers
   */
  static Checkpoint startFrom(Path file, Family family, int classes, Run run) throws Failure {
    Trainer.State start = Trainer.start(family, classes, run.seed);
    try {
      WeightSource source = WeightFile.open(file);
      var state =
          new Trainer.State(0, read(file, source, "", start.parameters()), start.velocity());
      return new Checkpoint(state, new FloatArrayList());
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
  }

  /**
   * Reads a training that was interrupted.
   *
   * @throws Failure if the file cannot be read, or is of another training
   */
  static Checkpoint read(Path file, Family family, int classes, Run run) throws Failure {
    try {
      WeightSource source = WeightFile.open(file);
      Trainer.State start = Trainer.start(family, classes, run.seed);
      checkRun(file, source, run);
      int step = step(file, source, run);
      var state =
          new Trainer.State(
              step,
              read(file, source, "", start.parameters()),
              read(file, source, VELOCITY, start.velocity()));
      Parameter curve = source.parameter(CURVE);
      Shape points = Shape.of(step / TrainCommand.POINT);
      if (!curve.shape().equals(points)) {
        throw new Failure(
            "%s: tensor %s of shape %s, expected %s, a mean of every %d steps"
                .formatted(file, CURVE, curve.shape(), points, TrainCommand.POINT));
      }
      return new Checkpoint(state, new FloatArrayList(curve.toArray()));
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
  }

  private static void checkRun(Path file, WeightSource source, Run run)
      throws IOException, Failure {
    Parameter stored = source.parameter(RUN);
    var text = new StringBuilder();
    for (float code : stored.toArray()) text.append((char) code);
    if (text.toString().equals(run.toString())) return;
    String found = "tensor " + RUN + " is no text";
    if (stored.shape().equals(EARLIER_RUN)) found = "a checkpoint of an earlier version";
    else if (text.toString().matches("\\p{Print}{1,200}")) found = "a training of " + text;
    throw new Failure("%s: %s, expected a training of %s".formatted(file, found, run));
  }

  private static int step(Path file, WeightSource source, Run run) throws IOException, Failure {
    float[] step = source.parameter(STEP).toArray();
    if (step.length == 1 && step[0] >= 0 && step[0] <= run.steps && step[0] % 1 == 0) {
      return (int) step[0];
    }
    throw new Failure(
        "%s: tensor %s is %s, expected a whole number from 0 to %d"
            .formatted(file, STEP, Arrays.toString(step), run.steps));
  }

  private static Map<String, Parameter> read(
      Path file, WeightSource source, String prefix, Map<String, Parameter> like)
      throws IOException, Failure {
    var read = new LinkedHashMap<String, Parameter>();
    for (Map.Entry<String, Parameter> entry : like.entrySet()) {
      String name = prefix + entry.getKey();
      Shape expected = entry.getValue().shape();
      if (!source.contains(name) || !source.parameter(name).shape().equals(expected)) {
        throw new Failure(
            "%s: no tensor %s of shape %s, expected a checkpoint of this network"
                .formatted(file, name, expected));
      }
      read.put(entry.getKey(), Parameter.of(expected, source.parameter(name).toArray()));
    }
    return read;
  }

  /**
   * Writes the file, in place of an older one.
   *
   * @throws Failure if that is not possible
   */
  void write(Path file, Run run) throws Failure {
    var tensors = new LinkedHashMap<>(state.parameters());
    state.velocity().forEach((name, velocity) -> tensors.put(VELOCITY + name, velocity));
    tensors.put(CURVE, Parameter.of(Shape.of(curve.size()), curve.toFloatArray()));
    tensors.put(RUN, text(run.toString()));
    tensors.put(STEP, Parameter.of(Shape.of(1), state.step()));
    try {
      Conversion.write(tensors, file, Conversion.Precision.F32);
    } catch (IOException wrong) {
      throw UserFiles.unwritable(file, wrong);
    }
  }

  /** Returns a text as a tensor: a number for each of its characters. */
  private static Parameter text(String text) {
    float[] codes = new float[text.length()];
    for (int i = 0; i < codes.length; i++) codes[i] = text.charAt(i);
    return Parameter.of(Shape.of(codes.length), codes);
  }
}
