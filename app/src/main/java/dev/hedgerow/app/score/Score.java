package dev.hedgerow.app.score;

/**
 * What a method is worth.
 *
 * @param name the contender's
 * @param pointing the pointing game on all annotated classes ("L"), 0..1, mean over classes
 * @param pointingDifficult the same on the difficult ones; NaN if there are none
 * @param predicted the pointing game on the annotated classes that the network predicts ("P")
 * @param predictedDifficult the same on the difficult ones
 * @param positiveRatio the mean share of pixels above 0
 * @param signed whether some map has values of both signs
 * @param outsideInside the mean outside-inside ratio; NaN if it is never defined
 * @param questions how many classes of pictures were asked for
 * @param difficult how many of them are difficult
 * @param undefined on how many the outside-inside ratio is undefined
 */
public record Score(
    String name,
    double pointing,
    double pointingDifficult,
    double predicted,
    double predictedDifficult,
    double positiveRatio,
    boolean signed,
    double outsideInside,
    long questions,
    long difficult,
    long undefined) {}
