package dev.hedgerow.app.shapes;

import dev.hedgerow.attribution.metrics.AveragePrecision;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Preprocessing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How well a network finds classes: the average precision of each, and their mean.
 *
 * @param strict with every picture that has the class to be found
 * @param voc with pictures left out whose objects of the class are all difficult, as Pascal VOC
 *     does
 */
public record ShapesScore(Map<ShapeClass, Double> strict, Map<ShapeClass, Double> voc) {
  private static final int BATCH = 20;

  /** Returns the mean over the classes. */
  public static double mean(Map<ShapeClass, Double> precisions) {
    return precisions.values().stream().mapToDouble(Double::doubleValue).average().orElse(0);
  }

  /**
   * Runs a network on the first pictures of a world.
   *
   * @param count how many
   */
  public static ShapesScore of(
      Engine engine, Graph graph, Preprocessing preprocessing, Shapes world, int count) {
    List<List<Double>> scores = new ArrayList<>();
    List<Scene> scenes = new ArrayList<>();
    int classes = ShapeClass.all().size();
    for (int first = 0; first < count; first += BATCH) {
      var batch =
          ShapesBatch.of(world::scene, first, Math.min(BATCH, count - first), preprocessing);
      float[] logits = graph.run(engine, batch.images()).toArray();
      for (int n = 0; n < batch.scenes().size(); n++) {
        var row = new ArrayList<Double>();
        for (int c = 0; c < classes; c++) row.add((double) logits[n * classes + c]);
        scores.add(row);
      }
      scenes.addAll(batch.scenes());
    }
    Map<ShapeClass, Double> strict = new LinkedHashMap<>();
    Map<ShapeClass, Double> voc = new LinkedHashMap<>();
    for (ShapeClass kind : ShapeClass.all()) {
      strict.put(kind, precision(kind, scores, scenes, true));
      voc.put(kind, precision(kind, scores, scenes, false));
    }
    return new ShapesScore(strict, voc);
  }

  private static double precision(
      ShapeClass kind, List<List<Double>> scores, List<Scene> scenes, boolean strict) {
    int[] counted =
        IntStream.range(0, scenes.size())
            .filter(i -> strict || VocAnnotation.label(scenes.get(i), kind) != 0)
            .toArray();
    double[] of = new double[counted.length];
    boolean[] positive = new boolean[counted.length];
    for (int i = 0; i < counted.length; i++) {
      of[i] = scores.get(counted[i]).get(kind.index());
      positive[i] = scenes.get(counted[i]).classes().contains(kind);
    }
    return AveragePrecision.of(of, positive);
  }
}
