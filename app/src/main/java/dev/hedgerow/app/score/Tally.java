package dev.hedgerow.app.score;

import dev.hedgerow.attribution.metrics.Average;
import dev.hedgerow.attribution.metrics.PointingScore;
import java.util.OptionalDouble;

/** Counts what a contender does. */
final class Tally {
  private final String name;
  private final PointingScore all;
  private final PointingScore difficult;
  private final PointingScore predicted;
  private final PointingScore predictedDifficult;
  private final Average positive = new Average();
  private final Average outsideInside = new Average();
  private boolean signed;

  Tally(String name, int classes) {
    this.name = name;
    this.all = new PointingScore(classes);
    this.difficult = new PointingScore(classes);
    this.predicted = new PointingScore(classes);
    this.predictedDifficult = new PointingScore(classes);
  }

  /**
   * What a map is worth.
   *
   * @param predicted whether the network predicts the class
   * @param signed whether the map has values of both signs
   */
  record Answer(
      Truth truth,
      boolean predicted,
      boolean hit,
      double positiveRatio,
      boolean signed,
      OptionalDouble outsideInside) {}

  void add(Answer answer) {
    Truth truth = answer.truth;
    all.add(truth.target(), answer.hit);
    if (truth.difficult()) difficult.add(truth.target(), answer.hit);
    if (answer.predicted) predicted.add(truth.target(), answer.hit);
    if (answer.predicted && truth.difficult()) predictedDifficult.add(truth.target(), answer.hit);
    positive.add(answer.positiveRatio);
    signed |= answer.signed;
    outsideInside.add(answer.outsideInside);
  }

  Score score() {
    return new Score(
        name,
        all.meanOfTried(),
        difficult.meanOfTried(),
        predicted.meanOfTried(),
        predictedDifficult.meanOfTried(),
        positive.mean(),
        signed,
        outsideInside.mean(),
        all.trials(),
        difficult.trials(),
        outsideInside.leftOut());
  }
}
