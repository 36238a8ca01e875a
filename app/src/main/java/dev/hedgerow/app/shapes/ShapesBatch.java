package dev.hedgerow.app.shapes;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.nn.Preprocessing;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * Pictures of a world as a network reads them.
 *
 * @param images preprocessed, {@code [N, 3, side, side]}
 * @param targets 1 where a picture has an object of the class, {@code [N, classes]}
 * @param scenes the pictures themselves
 */
public record ShapesBatch(Tensor images, Tensor targets, List<Scene> scenes) {
  private static final int LEVELS = 256;

  public ShapesBatch {
    scenes = List.copyOf(scenes);
  }

  /**
   * Draws a batch, on the threads of the pool that the caller runs in.
   *
   * @param world draws a picture of a number; all are squares of one size
   * @param first number of its first picture
   * @param count how many
   * @param preprocessing of which the size does not count
   */
  public static ShapesBatch of(
      LongFunction<Scene> world, long first, int count, Preprocessing preprocessing) {
    List<Scene> scenes = LongStream.range(first, first + count).parallel().mapToObj(world).toList();
    int side = scenes.getFirst().picture().getWidth();
    int area = side * side;
    int channels = preprocessing.channels();
    float[][] levels = new float[channels][LEVELS];
    for (int c = 0; c < channels; c++) {
      for (int v = 0; v < LEVELS; v++) {
        levels[c][v] =
            (float)
                ((v * preprocessing.scale() - preprocessing.mean().get(c))
                    / preprocessing.std().get(c));
      }
    }
    float[] values = new float[count * channels * area];
    int classes = ShapeClass.all().size();
    float[] targets = new float[count * classes];
    for (int n = 0; n < count; n++) {
      Scene scene = scenes.get(n);
      int[] pixels = scene.picture().getRGB(0, 0, side, side, null, 0, side);
      for (int c = 0; c < channels; c++) {
        int at = (n * channels + c) * area;
        for (int i = 0; i < area; i++) {
          values[at + i] = levels[c][pixels[i] >> 16 - 8 * c & 0xff];
        }
      }
      for (ShapeClass kind : scene.classes()) targets[n * classes + kind.index()] = 1;
    }
    return new ShapesBatch(
        Tensor.of(Shape.of(count, channels, side, side), values),
        Tensor.of(Shape.of(count, classes), targets),
        scenes);
  }
}
