package dev.hedgerow.app.score;

import dev.hedgerow.attribution.Attribution;
import dev.hedgerow.attribution.Heatmap;
import dev.hedgerow.attribution.metrics.Localisation;
import dev.hedgerow.attribution.metrics.PointingGame;
import dev.hedgerow.attribution.metrics.Predicted;
import dev.hedgerow.attribution.metrics.Region;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * Scores methods on pictures whose truth is known. Every annotated class of a picture is explained
 * by every method; maps are resized to the picture.
 *
 * <p>Scores are means over classes that have trials. Pictures are worked on side by side, and
 * counted in their order: scores do not depend on the number of threads.
 */
public final class Contest {
  private final Graph graph;
  private final List<Contender> contenders;
  private final Game game;
  private final Set<Node> keep;

  /** Gives the pointing game for pictures of a size. */
  @FunctionalInterface
  public interface Game {
    /** The game whose tolerance is a share of the picture's longer side. */
    Game SCALED = PointingGame::scaledTo;

    /** Returns the game. */
    PointingGame of(int height, int width);
  }

  /** Gives the pictures by their number, on any thread. */
  @FunctionalInterface
  public interface Samples {
    /**
     * Returns a picture.
     *
     * @param number from 0
     */
    Sample get(int number) throws Exception;
  }

  /**
   * Prepares a contest.
   *
   * @throws IllegalArgumentException if a method is nothing for the network; the message names it
   */
  public Contest(Graph graph, List<Contender> contenders, Game game) {
    this.graph = graph;
    this.contenders = List.copyOf(contenders);
    this.game = game;
    Set<Node> kept = new LinkedHashSet<>();
    for (Contender contender : contenders) {
      try {
        kept.addAll(contender.method().keeps(graph, contender.options()));
      } catch (IllegalArgumentException refused) {
        throw new IllegalArgumentException(contender.name() + ": " + refused.getMessage(), refused);
      }
    }
    this.keep = kept;
  }

  /**
   * Scores the methods.
   *
   * @param count number of pictures
   * @param progress told, on the calling thread, how many pictures are done
   * @return in the order of the contenders
   * @throws ExecutionException if a picture or a method on it failed; the cause is what it threw
   */
  public List<Score> run(Samples samples, int count, int threads, IntConsumer progress)
      throws ExecutionException, InterruptedException {
    List<Tally> tallies = new ArrayList<>();
    for (Contender contender : contenders) {
      tallies.add(new Tally(contender.name(), graph.classes()));
    }
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      List<Future<List<List<Tally.Answer>>>> pictures = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int number = i;
        Callable<List<List<Tally.Answer>>> work = () -> answers(samples.get(number));
        pictures.add(workers.submit(work));
      }
      for (int i = 0; i < count; i++) {
        List<List<Tally.Answer>> answers = pictures.get(i).get();
        for (int k = 0; k < answers.size(); k++) answers.get(k).forEach(tallies.get(k)::add);
        progress.accept(i + 1);
      }
    } finally {
      workers.shutdownNow();
    }
    return tallies.stream().map(Tally::score).toList();
  }

  /** Returns what each contender makes of a picture. */
  private List<List<Tally.Answer>> answers(Sample sample) {
    Engine engine = Engine.sequential();
    Recording recording = graph.record(engine, sample.input(), keep);
    BitSet predicted = Predicted.of(recording.logits().toArray());
    List<List<Tally.Answer>> all = new ArrayList<>();
    for (Contender contender : contenders) {
      List<Tally.Answer> answers = new ArrayList<>();
      for (Truth truth : sample.truths()) {
        try {
          Attribution attribution =
              contender.method().explain(engine, recording, truth.target(), contender.options());
          boolean found = predicted.get(truth.target());
          answers.add(answer(contender, truth, found, Heatmap.of(attribution.heatmap())));
        } catch (IllegalArgumentException | ArithmeticException wrong) {
          throw new IllegalStateException(
              sample.name() + ": " + contender.name() + ": " + wrong.getMessage(), wrong);
        }
      }
      all.add(answers);
    }
    return all;
  }

  private Tally.Answer answer(Contender contender, Truth truth, boolean predicted, Heatmap raw) {
    Region region = truth.region();
    Heatmap map = raw.resized(region.height(), region.width());
    Heatmap pointing = contender.isSmoothed() ? PointingGame.smoothed(map) : map;
    return new Tally.Answer(
        truth,
        predicted,
        game.of(region.height(), region.width()).hits(pointing, region),
        raw.positiveRatio(),
        raw.maximum() > 0 && raw.minimum() < 0,
        Localisation.outsideInside(map, region));
  }
}
