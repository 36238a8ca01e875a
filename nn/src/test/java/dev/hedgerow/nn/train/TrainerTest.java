package dev.hedgerow.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

final class TrainerTest {
  private static final int STEPS = 40;
  private static final Schedule SCHEDULE = new Schedule(0.1, 4, STEPS, 0.9, 5e-4);

  private static Trainer trainer(Engine engine, Trainer.State state) {
    return new Trainer(
        engine, Tiny.family(), Tiny.CLASSES, Loss.SOFTMAX_CROSS_ENTROPY, SCHEDULE, state);
  }

  private static Trainer.State start() {
    return Trainer.start(Tiny.family(), Tiny.CLASSES, 1);
  }

  private static double step(Trainer trainer) {
    return trainer.step(Tiny.pictures(12, 5), Tiny.targets(12, 6));
  }

  @Test
  void learnsABatchByHeart() {
    Trainer trainer = trainer(Engine.sequential(), start());
    double first = step(trainer);
    double last = first;
    for (int i = 1; i < STEPS; i++) last = step(trainer);
    assertEquals(Math.log(Tiny.CLASSES), first, 1, "of a network that knows nothing");
    assertTrue(last < first / 5, first + " fell to " + last);
    assertEquals(STEPS, trainer.state().step());
  }

  @Test
  void anInterruptedTrainingEndsTheSame() {
    Trainer whole = trainer(Engine.sequential(), start());
    for (int i = 0; i < 9; i++) step(whole);
    Trainer before = trainer(Engine.sequential(), start());
    for (int i = 0; i < 4; i++) step(before);
    Trainer after = trainer(Engine.sequential(), before.state());
    for (int i = 0; i < 5; i++) step(after);
    assertSame(whole.state(), after.state());
  }

  @Test
  void threadsDoNotMatter() {
    Trainer one = trainer(Engine.sequential(), start());
    for (int i = 0; i < 3; i++) step(one);
    for (int threads : new int[] {2, 5}) {
      try (var pool = new ForkJoinPool(threads)) {
        Trainer several = trainer(Engine.parallel(pool), start());
        for (int i = 0; i < 3; i++) step(several);
        assertSame(one.state(), several.state());
      }
    }
  }

  private static void assertSame(Trainer.State expected, Trainer.State actual) {
    assertEquals(expected.step(), actual.step());
    assertSame(expected.parameters(), actual.parameters());
    assertSame(expected.velocity(), actual.velocity());
  }

  private static void assertSame(Map<String, Parameter> expected, Map<String, Parameter> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, parameter) ->
            assertArrayEquals(parameter.toArray(), parameter(actual, name).toArray(), name));
  }

  /**
   * Two steps by hand, where the gradient is known: targets that are what the softmax says anyway,
   * so that weights only decay: v = decay·w, then v = momentum·v + decay·w.
   */
  @Test
  void stepsAreThoseOfMomentumAndDecay() {
    var parameters = new LinkedHashMap<>(start().parameters());
    float w = parameter(parameters, "stem.weight").get(0);
    parameters.put("fc.weight", Parameter.of(Shape.of(Tiny.CLASSES, 6), new float[18]));
    var trainer =
        new Trainer(
            Engine.sequential(),
            Tiny.family(),
            Tiny.CLASSES,
            Loss.SOFTMAX_CROSS_ENTROPY,
            new Schedule(0.5, 0, 2, 0.9, 0.1),
            new Trainer.State(0, parameters, start().velocity()));
    float[] even = new float[4 * Tiny.CLASSES];
    Arrays.fill(even, 1f / Tiny.CLASSES);
    Tensor targets = Tensor.of(Shape.of(4, Tiny.CLASSES), even);
    trainer.step(Tiny.pictures(4, 5), targets);
    trainer.step(Tiny.pictures(4, 5), targets);
    double v1 = 0.1 * w;
    double w1 = w - 0.5 * v1;
    double w2 = w1 - 0.25 * (0.9 * v1 + 0.1 * w1);
    Map<String, Parameter> after = trainer.state().parameters();
    assertEquals(w2, parameter(after, "stem.weight").get(0), 1e-6 * Math.abs(w));
    assertEquals(1, parameter(after, "bn.weight").get(0), 1e-7, "normalisations do not decay");
  }

  private static Parameter parameter(Map<String, Parameter> parameters, String name) {
    return Objects.requireNonNull(parameters.get(name), name);
  }

  /** With a momentum of 0.1 the running mean goes a tenth of the way to the batch's. */
  @Test
  void runningStatisticsFollowTheBatch() {
    Trainer trainer = trainer(Engine.sequential(), start());
    Map<String, Parameter> before = trainer.state().parameters();
    Graph graph = graph(Tiny.family(), before);
    Tensor images = Tiny.pictures(12, 5);
    Tensor stem =
        graph.record(Engine.sequential(), images, graph.node("stem")).output(graph.node("stem"));
    float[] values = stem.toArray();
    int area = values.length / 12 / 6;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < values.length; i++) {
      if (i / area % 6 != 2) continue;
      sum += values[i];
      squares += (double) values[i] * values[i];
    }
    double count = 12.0 * area;
    double mean = sum / count;
    double variance = (squares - count * mean * mean) / (count - 1);
    step(trainer);
    Map<String, Parameter> after = trainer.state().parameters();
    assertEquals(0.1 * mean, parameter(after, "bn.running_mean").get(2), 1e-6);
    assertEquals(0.9 + 0.1 * variance, parameter(after, "bn.running_var").get(2), 1e-5);
  }

  private static Graph graph(Family family, Map<String, Parameter> parameters) {
    return family.graph(family.input(), Tiny.CLASSES, (name, shape) -> parameter(parameters, name));
  }

  @Test
  void ratesRiseAndFall() {
    var schedule = new Schedule(0.8, 4, 12, 0, 0);
    assertEquals(0.2, schedule.rate(0), 1e-15);
    assertEquals(0.8, schedule.rate(3), 1e-15);
    assertEquals(0.8, schedule.rate(4), 1e-15);
    assertEquals(0.4, schedule.rate(8), 1e-15);
    assertEquals(0.8 * (1 + Math.cos(Math.PI * 7 / 8)) / 2, schedule.rate(11), 1e-15);
    assertThrows(IllegalArgumentException.class, () -> new Schedule(0.1, 5, 5, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Schedule(0.1, 0, 5, 1, 0));
  }

  @Test
  void aLossThatIsNotFiniteIsAnError() {
    Trainer trainer = trainer(Engine.sequential(), start());
    Tensor images = Tiny.pictures(4, 5);
    float[] broken = images.toArray();
    broken[0] = Float.NaN;
    assertThrows(
        ArithmeticException.class,
        () -> trainer.step(Tensor.of(images.shape(), broken), Tiny.targets(4, 6)));
  }
}
