package dev.hedgerow.app.score;

import dev.hedgerow.attribution.metrics.Box;
import dev.hedgerow.attribution.metrics.PointingGame;
import dev.hedgerow.attribution.metrics.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Where a class is in a picture.
 *
 * @param target the class
 * @param region its pixels, of the picture's size
 * @param difficult whether it is small and distracted from: see {@link PointingGame#isDifficult}
 */
public record Truth(int target, Region region, boolean difficult) {
  /**
   * An annotated object.
   *
   * @param target its class
   * @param box around it
   * @param uncounted whether its annotation says that it is not to count
   */
  public record Annotated(int target, Box box, boolean uncounted) {}

  /**
   * Returns the truths of a picture, in the order of the classes' first objects. A class all of
   * whose objects are not to count is left out; otherwise they all belong to its truth.
   *
   * @param regions gives the pixels of a class
   */
  public static List<Truth> of(
      int height, int width, List<Annotated> objects, IntFunction<Region> regions) {
    List<Integer> targets = objects.stream().map(Annotated::target).distinct().toList();
    List<Truth> truths = new ArrayList<>();
    for (int target : targets) {
      List<Annotated> own = objects.stream().filter(object -> object.target == target).toList();
      if (own.stream().allMatch(Annotated::uncounted)) continue;
      List<Box> boxes = own.stream().map(Annotated::box).toList();
      boolean difficult = PointingGame.isDifficult(height, width, boxes, targets.size() > 1);
      truths.add(new Truth(target, regions.apply(target), difficult));
    }
    return truths;
  }
}
