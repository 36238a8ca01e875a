package dev.hedgerow.attribution;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Structure;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * Versions of one image that a network is run on, as many at a time as memory allows. Images of a
 * batch do not mix, so the size of the batches changes no result.
 *
 * @param count how many versions there are
 * @param image makes a version, {@code [1, C, H, W]}, of its number
 * @param progress is told of every batch
 */
record Versions(
    Engine engine, Graph graph, int count, IntFunction<Tensor> image, Progress progress) {
  private static final int LARGEST_BATCH = 16;

  /**
   * Floats that the activations of a batch may take: 32 MiB. More at once is slower, as arrays that
   * large are new pages to the system every time.
   */
  private static final long LARGEST_ACTIVATIONS = 1L << 23;

  /** Copies of the largest activation that are alive at once where nothing is recorded. */
  private static final int ALIVE = 4;

  @FunctionalInterface
  private interface Batch {
    /** Works on a batch whose first image has the number {@code first}. */
    void run(int first, Tensor images);
  }

  /**
   * Returns the score of every version.
   *
   * @param score of the logits of one image
   */
  double[] scores(ToDoubleFunction<double[]> score) {
    double[] scores = new double[count];
    long largest = graph.nodes().stream().mapToLong(node -> node.shape().size()).max().orElse(1);
    forEachBatch(
        ALIVE * largest,
        (first, images) -> {
          float[] logits = graph.run(engine, images).toArray();
          int classes = graph.classes();
          for (int n = 0; n < images.shape().extent(0); n++) {
            scores[first + n] = score.applyAsDouble(doubles(logits, n * classes, classes));
          }
        });
    return scores;
  }

  /**
   * Returns {@code Σ_k weight_k · ∂F/∂v(x_k)} over the versions, summed in double precision.
   *
   * @param at the node whose output v is
   */
  Tensor gradients(Score score, Node at, IntToDoubleFunction weight) {
    double[] sum = new double[at.shape().size()];
    long all = graph.nodes().stream().mapToLong(node -> node.shape().size()).sum();
    forEachBatch(
        all,
        (first, images) -> {
          Recording recording = graph.record(engine, images);
          float[] gradients = score.gradient(engine, recording, at).toArray();
          for (int i = 0; i < gradients.length; i++) {
            sum[i % sum.length] += weight.applyAsDouble(first + i / sum.length) * gradients[i];
          }
        });
    float[] values = new float[sum.length];
    for (int i = 0; i < sum.length; i++) values[i] = (float) sum[i];
    return Tensor.of(at.shape(), values);
  }

  private void forEachBatch(long floatsAnImage, Batch batch) {
    int size = Math.clamp(LARGEST_ACTIVATIONS / floatsAnImage, 1, LARGEST_BATCH);
    for (int first = 0; first < count; first += size) {
      int next = Math.min(first + size, count);
      List<Tensor> images = new ArrayList<>();
      for (int k = first; k < next; k++) images.add(image.apply(k));
      batch.run(first, Structure.stack(images));
      progress.advanced(next, count);
    }
  }

  static double[] doubles(float[] values, int from, int count) {
    double[] doubles = new double[count];
    for (int i = 0; i < count; i++) doubles[i] = values[from + i];
    return doubles;
  }

  /** Returns the source of the random numbers of a version, the same for the same arguments. */
  static Random random(long seed, int number) {
    return new Random(seed ^ 0x9e3779b97f4a7c15L * (number + 1));
  }
}
