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
import java.util.LinkedHashMap;
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

  /**
   * Which training it is.
   *
   * @param batch pictures a step
   * @param steps in all
   */
  record Run(int seed, int batch, int steps) {
    @Override
    public String toString() {
      return "seed %d, %d steps of %d pictures".formatted(seed, steps, batch);
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
      float[] stored = source.parameter(RUN).toArray();
      var found = new Run((int) stored[0], (int) stored[1], (int) stored[2]);
      if (!found.equals(run)) {
        throw new Failure("%s: a training with %s, expected %s".formatted(file, found, run));
      }
      var state =
          new Trainer.State(
              (int) stored[3],
              read(file, source, "", start.parameters()),
              read(file, source, VELOCITY, start.velocity()));
      float[] curve = source.contains(CURVE) ? source.parameter(CURVE).toArray() : new float[0];
      return new Checkpoint(state, new FloatArrayList(curve));
    } catch (IOException wrong) {
      throw UserFiles.unreadable(file, wrong);
    }
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
    tensors.put(RUN, Parameter.of(Shape.of(4), run.seed, run.batch, run.steps, state.step()));
    try {
      Conversion.write(tensors, file, Conversion.Precision.F32);
    } catch (IOException wrong) {
      throw new Failure(file + ": cannot be written: " + UserFiles.reason(wrong), wrong);
    }
  }
}
