package dev.hedgerow.app.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.attribution.metrics.PointingGame;
import dev.hedgerow.attribution.metrics.Region;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ContestTest {
  private static final Contest.Game POINT = (height, width) -> new PointingGame(1);

  /** Two classes, of which the first is always predicted and the second never. */
  private static final Graph GRAPH = graph();

  /** The map of class 0 is the picture, that of class 1 its negative. */
  private static final class Echo implements Attributor {
    @Override
    public String name() {
      return "echo";
    }

    @Override
    public String title() {
      return "";
    }

    @Override
    public String reference() {
      return "";
    }

    @Override
    public Attribution explain(Engine engine, Recording recording, int target, Options options) {
      float[] values = recording.output(recording.graph().input()).toArray();
      if (target == 1) for (int i = 0; i < values.length; i++) values[i] = -values[i];
      if (values[0] == 9) throw new ArithmeticException("nine");
      return Attribution.atInput(
          engine, this, target, Tensor.of(Shape.of(1, 1, 2, 2), values), List.of(), List.of());
    }
  }

  private static final List<Contender> ECHO =
      List.of(new Contender("echo", new Echo(), Options.standard()));

  private static Graph graph() {
    Graph.Builder graph = Graph.builder("constant");
    Node node = graph.add("flatten", new Flatten(1), graph.input("input", Shape.of(1, 1, 2, 2)));
    var dense =
        Dense.of(
            Parameter.of(Shape.of(2, 4), new float[8]),
            Parameter.of(Shape.of(2), new float[] {1, -1}));
    return graph.build(graph.add("fc", new Linear(dense), node));
  }

  private static Sample sample(String name, Truth truth, Truth other, float... pixels) {
    return new Sample(name, Tensor.of(Shape.of(1, 1, 2, 2), pixels), List.of(truth, other));
  }

  private static Truth truth(int target, boolean difficult, int... pixels) {
    boolean[] inside = new boolean[4];
    for (int pixel : pixels) inside[pixel] = true;
    return new Truth(target, Region.of(2, 2, inside), difficult);
  }

  private static final List<Sample> SAMPLES =
      List.of(
          // Class 0 points at pixel 3, class 1 at 0.
          sample("a", truth(0, false, 2, 3), truth(1, true, 1), 1, 2, 3, 4),
          // Class 0 points at pixel 0, class 1 at 2.
          sample("b", truth(0, true, 3), truth(1, true, 2, 0), 2, -1, -2, 0));

  @Test
  void countsByHand() throws Exception {
    List<Integer> progress = new ArrayList<>();
    Score score = new Contest(GRAPH, ECHO, POINT).run(SAMPLES::get, 2, 2, progress::add).getFirst();
    assertEquals(List.of(1, 2), progress);
    assertEquals("echo", score.name());
    assertEquals(4, score.questions());
    assertEquals(3, score.difficult());
    // Hits: class 0 in one of two, class 1 in one of two.
    assertEquals(0.5, score.pointing());
    // Difficult: class 0 misses its only one, class 1 hits one of two.
    assertEquals(0.25, score.pointingDifficult());
    // Class 1 is never predicted.
    assertEquals(0.5, score.predicted());
    assertEquals(0, score.predictedDifficult());
    // Above 0: 4, 0, 1 and 2 of four pixels.
    assertEquals(7 / 16.0, score.positiveRatio());
    assertTrue(score.signed());
    // a: N = 0, 1/3, 2/3, 1, and 1, 2/3, 1/3, 0; b: N = 1, 1/4, 0, 1/2, and 0, 3/4, 1, 1/2.
    double sum = (1 / 6.0) / (5 / 6.0) + (4 / 9.0) / (2 / 3.0) + (5 / 12.0) / 0.5 + 0.625 / 0.5;
    assertEquals(sum / 4, score.outsideInside(), 1e-12);
    assertEquals(0, score.undefined());
  }

  @Test
  void scoresDoNotDependOnThreads() throws Exception {
    var contenders = new ArrayList<>(ECHO);
    contenders.add(new Contender("random", Methods.standard().find("random"), Options.standard()));
    Contest.Samples many = number -> SAMPLES.get(number % 2);
    var contest = new Contest(GRAPH, contenders, POINT);
    assertEquals(contest.run(many, 40, 1, done -> {}), contest.run(many, 40, 3, done -> {}));
  }

  @Test
  void onlyGradientsAreSmoothed() {
    for (Attributor method : Methods.standard().all()) {
      boolean gradient =
          List.of(
                  "gradient",
                  "input-x-gradient",
                  "smoothgrad",
                  "integrated-gradients",
                  "guided-backprop",
                  "deconvnet")
              .contains(method.name());
      assertEquals(
          gradient, new Contender("", method, Options.standard()).isSmoothed(), method.name());
    }
    assertTrue(
        new Contender("", Methods.standard().find("gradient:largest"), Options.standard())
            .isSmoothed());
    assertFalse(
        new Contender("", Methods.standard().find("guided-backprop:smoothed"), Options.standard())
            .isSmoothed(),
        "twice");
  }

  /** A resized map has fewer positive pixels, or more, than the one that explains. */
  @Test
  void thePositiveRatioIsOfTheMapAsItIs() throws Exception {
    var region = Region.of(1, 1, new boolean[1]);
    var sample =
        new Sample(
            "small",
            Tensor.of(Shape.of(1, 1, 2, 2), 1, -9, -9, -9),
            List.of(new Truth(0, region, false)));
    Score score = new Contest(GRAPH, ECHO, POINT).run(i -> sample, 1, 1, done -> {}).getFirst();
    assertEquals(1 / 4.0, score.positiveRatio());
    assertTrue(score.signed());
  }

  @Test
  void failuresNameThePictureAndTheMethod() {
    Sample bad = sample("bad", truth(0, false, 1), truth(1, false, 0), 9, 0, 0, 0);
    var failed =
        assertThrows(
            ExecutionException.class,
            () -> new Contest(GRAPH, ECHO, POINT).run(number -> bad, 1, 1, done -> {}));
    assertEquals("bad: echo: nine", Objects.requireNonNull(failed.getCause()).getMessage());
    var hedge =
        List.of(new Contender("h", Methods.standard().find("gradient-hedge"), Options.standard()));
    var refused =
        assertThrows(IllegalArgumentException.class, () -> new Contest(GRAPH, hedge, POINT));
    assertTrue(String.valueOf(refused.getMessage()).startsWith("h: "), refused.getMessage());
  }

  @Test
  void classesOfUncountedObjectsAloneAreLeftOut() {
    List<Truth.Annotated> objects =
        List.of(
            new Truth.Annotated(3, new Box(0, 0, 0, 0), true),
            new Truth.Annotated(1, new Box(0, 0, 9, 4), true),
            new Truth.Annotated(1, new Box(0, 5, 4, 5), false),
            new Truth.Annotated(2, new Box(0, 0, 1, 1), false));
    Region region = Region.ofBoxes(20, 20, List.of(new Box(0, 0, 0, 0)));
    List<Truth> truths = Truth.of(20, 20, objects, target -> region);
    assertEquals(List.of(1, 2), truths.stream().map(Truth::target).toList());
    // 55 of 400 is below a quarter; and a lone class is never difficult.
    assertEquals(List.of(true, true), truths.stream().map(Truth::difficult).toList());
    assertEquals(
        List.of(false),
        Truth.of(20, 20, objects.subList(3, 4), target -> region).stream()
            .map(Truth::difficult)
            .toList());
  }
}
