package dev.hedgerow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.app.Checkpoint.Run;
import dev.hedgerow.app.shapes.ShapesNetwork;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.Family;
import dev.hedgerow.weights.Conversion;
import dev.hedgerow.weights.TensorInfo;
import dev.hedgerow.weights.WeightFile;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final Family FAMILY = ShapesNetwork.SHAPES_RESNET.trained();
  private static final int CLASSES = ShapesNetwork.classes();
  private static final Run RUN = new Run("shapes-resnet", 3, 2, 110, 0.02, Run.FRESH);

  @TempDir private Path folder;

  /** Writes the checkpoint of a training that has just begun, with one tensor changed. */
  private Path checkpoint(String name, Parameter changed) throws IOException, Failure {
    Path file = folder.resolve("checkpoint.safetensors");
    Checkpoint.start(FAMILY, CLASSES, RUN).write(file, RUN);
    WeightSource source = WeightFile.open(file);
    Map<String, Parameter> tensors = new LinkedHashMap<>();
    for (TensorInfo tensor : source.tensors()) {
      tensors.put(tensor.name(), source.parameter(tensor.name()));
    }
    Objects.requireNonNull(tensors.put(name, changed), name);
    Path other = folder.resolve("other.safetensors");
    Conversion.write(tensors, other, Conversion.Precision.F32);
    return other;
  }

  private static void assertRefused(String message, Path file, Run run) {
    var failure =
        assertThrows(Failure.class, () -> Checkpoint.read(file, FAMILY, CLASSES, run)).getMessage();
    assertEquals(file + ": " + message, failure);
  }

  @Test
  void refusesAnotherTraining() throws Exception {
    Path file = folder.resolve("checkpoint.safetensors");
    Checkpoint.start(FAMILY, CLASSES, RUN).write(file, RUN);
    assertEquals(0, Checkpoint.read(file, FAMILY, CLASSES, RUN).state().step());
    String found =
        "a training of shapes-resnet, seed 3, 110 steps of 2 pictures, rate 0.02, from random"
            + " numbers, expected a training of ";
    assertRefused(
        found + "clever-hans, seed 3, 110 steps of 2 pictures, rate 0.02, from random numbers",
        file,
        new Run("clever-hans", 3, 2, 110, 0.02, Run.FRESH));
    assertRefused(
        found + "shapes-resnet, seed 3, 110 steps of 2 pictures, rate 0.5, from random numbers",
        file,
        new Run("shapes-resnet", 3, 2, 110, 0.5, Run.FRESH));
    assertRefused(
        found + "shapes-resnet, seed 3, 110 steps of 2 pictures, rate 0.02, from 1a2b3c4d",
        file,
        new Run("shapes-resnet", 3, 2, 110, 0.02, "1a2b3c4d"));
  }

  @Test
  void refusesWhatNoTrainingWrites() throws Exception {
    for (float step : new float[] {-5, 1e9f, 0.5f, 111, Float.NaN}) {
      assertRefused(
          "tensor step is [" + step + "], expected a whole number from 0 to 110",
          checkpoint("step", Parameter.of(Shape.of(1), step)),
          RUN);
    }
    assertRefused(
        "tensor step is [1.0, 2.0], expected a whole number from 0 to 110",
        checkpoint("step", Parameter.of(Shape.of(2), 1, 2)),
        RUN);
    assertRefused(
        "tensor curve of shape [3], expected [0], a mean of every 25 steps",
        checkpoint("curve", Parameter.of(Shape.of(3), 1, 2, 3)),
        RUN);
    assertRefused(
        "tensor run is no text, expected a training of " + RUN,
        checkpoint("run", Parameter.of(Shape.of(2), 7, Float.NaN)),
        RUN);
    assertRefused(
        "a checkpoint of an earlier version, expected a training of " + RUN,
        checkpoint("run", Parameter.of(Shape.of(4), 3, 2, 110, 50)),
        RUN);
  }

  /** There, numbers have other digits. */
  @Test
  void isTheSameInEveryLocale() throws Exception {
    Path file = folder.resolve("checkpoint.safetensors");
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.of("ar", "EG"));
    try {
      Checkpoint.start(FAMILY, CLASSES, RUN).write(file, RUN);
    } finally {
      Locale.setDefault(before);
    }
    assertEquals(0, Checkpoint.read(file, FAMILY, CLASSES, RUN).state().step());
  }

  @Test
  void refusesOtherFiles() throws Exception {
    Path file = folder.resolve("weights.safetensors");
    Conversion.write(Map.of("a", Parameter.of(Shape.of(1), 1)), file, Conversion.Precision.F32);
    assertRefused("no tensor run, expected one of its 1 tensors", file, RUN);
  }
}
