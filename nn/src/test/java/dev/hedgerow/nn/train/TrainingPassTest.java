package dev.hedgerow.nn.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class TrainingPassTest {
  private static final int IMAGES = 5;
  private static final double STEP = 1e-6;

  /** Every parameter of every kind of layer, against central differences in double precision. */
  @ParameterizedTest
  @EnumSource(Loss.class)
  void gradientsAreTheSlopesOfTheLoss(Loss loss) {
    var random = new Random(7);
    var parameters = new LinkedHashMap<String, Parameter>();
    Trainer.start(Tiny.family(), Tiny.CLASSES, 3)
        .parameters()
        .forEach(
            (name, start) -> {
              float[] values = start.toArray();
              for (int i = 0; i < values.length; i++) values[i] += 0.2f * random.nextFloat();
              parameters.put(name, Parameter.of(start.shape(), values));
            });
    Graph graph =
        Tiny.family()
            .graph(
                Tiny.family().input(),
                Tiny.CLASSES,
                (name, shape) -> Objects.requireNonNull(parameters.get(name)));
    Tensor images = Tiny.pictures(IMAGES, 1);
    Tensor targets = Tiny.targets(IMAGES, 2);
    var pass = new TrainingPass(Engine.sequential(), graph, parameters, images);
    Loss.Value value = loss.of(pass.logits(), targets);
    Map<String, Parameter> gradients = pass.gradients(value.gradient());

    var exact = new LinkedHashMap<String, double[]>();
    parameters.forEach((name, parameter) -> exact.put(name, doubles(parameter.toArray())));
    var naive = new NaiveLoss(graph, exact, IMAGES);
    double[] x = doubles(images.toArray());
    double[] t = doubles(targets.toArray());
    assertEquals(naive.of(x, t, loss), value.value(), 1e-5 * value.value());
    double largest =
        gradients.values().stream()
            .flatMapToDouble(g -> DoubleStream.of(doubles(g.toArray())))
            .map(Math::abs)
            .max()
            .orElseThrow();
    int checked = 0;
    for (Map.Entry<String, Parameter> gradient : gradients.entrySet()) {
      double[] values = Objects.requireNonNull(exact.get(gradient.getKey()));
      for (int i = 0; i < values.length; i++) {
        double at = values[i];
        values[i] = at + STEP;
        double above = naive.of(x, t, loss);
        values[i] = at - STEP;
        double below = naive.of(x, t, loss);
        values[i] = at;
        assertEquals(
            (above - below) / (2 * STEP),
            gradient.getValue().get(i),
            1e-5 * largest,
            gradient.getKey() + " " + i);
        checked++;
      }
    }
    long learned =
        parameters.entrySet().stream()
            .filter(entry -> !entry.getKey().contains("running"))
            .mapToLong(entry -> entry.getValue().shape().size())
            .sum();
    assertEquals(learned, checked);
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) doubles[i] = values[i];
    return doubles;
  }
}
