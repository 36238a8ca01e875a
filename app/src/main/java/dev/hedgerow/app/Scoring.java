package dev.hedgerow.app;

import dev.hedgerow.app.score.Contender;
import dev.hedgerow.app.score.Contest;
import dev.hedgerow.app.score.Score;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

/** Runs a contest with a bar on the terminal. */
final class Scoring {
  private static final int BAR = 30;

  private Scoring() {}

  /**
   * Returns the scores.
   *
   * @param count number of samples
   * @throws UsageException if a method is nothing for the network
   * @throws Failure if a picture cannot be read, or a method fails on one
   */
  static List<Score> run(
      Model model,
      List<Contender> contenders,
      Contest.Game game,
      Contest.Samples samples,
      int count,
      int threads,
      StatusLine line)
      throws Failure {
    Contest contest;
    try {
      contest = new Contest(model.graph(), contenders, game);
    } catch (IllegalArgumentException refused) {
      throw new UsageException(String.valueOf(refused.getMessage()), refused);
    }
    try {
      return contest.run(samples, count, threads, done -> line.show(bar(done, count)));
    } catch (ExecutionException failed) {
      throw failure(Objects.requireNonNull(failed.getCause()));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", stopped);
    } finally {
      line.clear();
    }
  }

  private static Failure failure(Throwable cause) {
    return switch (cause) {
      case Failure failure -> failure;
      case IllegalStateException wrong -> new Failure(String.valueOf(wrong.getMessage()), wrong);
      case Error error -> throw error;
      case RuntimeException wrong -> throw wrong;
      default -> new Failure(String.valueOf(cause.getMessage()), cause);
    };
  }

  private static String bar(int done, int count) {
    int filled = (int) ((long) done * BAR / count);
    return "scoring  " + "#".repeat(filled) + "-".repeat(BAR - filled) + "  " + done + "/" + count;
  }
}
