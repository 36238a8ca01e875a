package dev.hedgerow.app;

import dev.hedgerow.app.score.Contender;
import dev.hedgerow.app.score.Contest;
import dev.hedgerow.app.score.Sample;
import dev.hedgerow.app.score.Score;
import dev.hedgerow.app.shapes.Scene;
import dev.hedgerow.app.shapes.Shapes;
import dev.hedgerow.app.shapes.ShapesOptions;
import dev.hedgerow.attribution.Methods;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.attribution.metrics.PointingGame;
import dev.hedgerow.engine.Engine;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What {@code hedgerow demo} does.
 *
 * @param models the networks; the account is shown of the first, on which methods are scored
 * @param hans one that learned a watermark
 * @param seed of the world
 * @param pictures how many are explained
 * @param scored how many, after those, are scored
 * @param threads how many pictures are worked on at a time
 */
record Demo(List<Model> models, Model hans, long seed, int pictures, int scored, int threads) {
  private static final List<String> SCORED_METHODS =
      List.of(
          "gradient-hedge",
          "grad-cam",
          "excitation-backprop",
          "contrastive-lrp",
          "lrp",
          "input-x-gradient",
          "gradient",
          "guided-backprop",
          "random");

  /** The files it writes. */
  static final String PAGE = "report.html";

  static final String SCORES = "scores.json";

  /** Writes the page and the scores, and returns these. */
  List<Score> write(OutputFolder folder, StatusLine line) throws Failure {
    Model main = models.getFirst();
    var world = new Shapes(seed, ShapesOptions.standard());
    line.show("explaining " + pictures + " pictures");
    List<DemoPage.Pictured> explained = explained(world);
    DemoPage.Hans caught = new DemoHans(hans, main, seed).page();
    line.clear();
    List<Score> scores =
        Scoring.run(
            main,
            contenders(),
            Contest.Game.SCALED,
            number -> sample(world, number),
            scored,
            threads,
            line);
    int side = world.options().side();
    Score first = scores.getFirst();
    var page =
        new DemoPage(
            Main.version(),
            seed,
            pictures - 1,
            Stream.concat(models.stream(), Stream.of(hans))
                .map(Model::name)
                .collect(Collectors.joining(", ")),
            main.name(),
            side,
            explained,
            caught,
            scored,
            first.questions(),
            first.difficult(),
            String.format(Locale.ROOT, "%.2f", PointingGame.scaledTo(side, side).tolerance()),
            rows(scores));
    folder.write(SCORES, utf8(ScoreTable.json(scores)));
    folder.write(PAGE, utf8(page.html()));
    return scores;
  }

  private List<DemoPage.Pictured> explained(Shapes world) {
    var explainer = new DemoPictures(models);
    try (var pool = new ForkJoinPool(threads)) {
      return IntStream.range(0, pictures)
          .mapToObj(number -> pool.submit(() -> explainer.picture(number, world.scene(number))))
          .toList()
          .stream()
          .map(ForkJoinTask::join)
          .toList();
    }
  }

  private static List<Contender> contenders() {
    return SCORED_METHODS.stream()
        .map(name -> new Contender(name, Methods.standard().find(name), Options.standard()))
        .toList();
  }

  /** Returns a picture after those that are explained. */
  private Sample sample(Shapes world, int number) {
    int at = pictures + number;
    Scene scene = world.scene(at);
    return new Sample(
        "picture " + at,
        ScenePictures.input(Engine.sequential(), scene.picture(), models.getFirst()),
        ScenePictures.truths(scene));
  }

  private static List<DemoPage.Row> rows(List<Score> scores) {
    List<DemoPage.Row> rows = new ArrayList<>();
    for (Score score : scores) {
      rows.add(
          new DemoPage.Row(
              score.name(),
              ScoreTable.number(score.pointing()),
              ScoreTable.number(score.pointingDifficult()),
              ScoreTable.positive(score),
              ScoreTable.number(score.outsideInside()),
              rows.isEmpty()));
    }
    return rows;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
