package dev.hedgerow.engine;

import static dev.hedgerow.engine.Samples.assertPaddingLanesAreZero;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TensorTest {
  @Property(tries = 200, seed = "11")
  void imagesAreRowMajorToTheOutside(
      @ForAll @IntRange(min = 1, max = 3) int batch,
      @ForAll @IntRange(min = 1, max = 40) int channels,
      @ForAll @IntRange(min = 1, max = 5) int height,
      @ForAll @IntRange(min = 1, max = 5) int width) {
    Tensor tensor = Samples.counting(batch, channels, height, width);
    assertArrayEquals(Samples.counting(tensor.shape().size()).data, tensor.toArray());
    assertEquals(batch * ((channels + 15) / 16) * 16 * height * width, tensor.data.length);
    int i = 0;
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < channels; c++) {
        for (int y = 0; y < height; y++) {
          for (int x = 0; x < width; x++) assertEquals(++i, tensor.get(n, c, y, x));
        }
      }
    }
    assertPaddingLanesAreZero(tensor);
  }

  @Test
  void channelsAreStoredInBlocksOfSixteen() {
    Tensor tensor = Samples.counting(2, 17, 1, 2);
    assertEquals(2 * 2 * 2 * 16, tensor.data.length);
    // Sample 1, channel 16, second column: block 1, pixel 1, lane 0.
    assertEquals(tensor.get(1, 16, 0, 1), tensor.data[((1 * 2 + 1) * 2 + 1) * 16]);
    assertEquals(68, tensor.get(1, 16, 0, 1));
    // Sample 0, channel 3, first column: block 0, pixel 0, lane 3.
    assertEquals(7, tensor.data[3]);
  }

  @Property(tries = 100, seed = "12")
  void reshapeKeepsTheRowMajorOrder(
      @ForAll @IntRange(min = 1, max = 33) int channels, @ForAll @IntRange(max = 20) int seed) {
    var random = new Random(seed);
    int height = random.nextInt(1, 5);
    int width = random.nextInt(1, 5);
    Tensor image = Samples.counting(2, channels, height, width);
    Tensor matrix = image.reshape(Shape.of(2, channels * height * width));
    assertArrayEquals(image.toArray(), matrix.toArray());
    Tensor other = matrix.reshape(Shape.of(2, height, channels, width));
    assertArrayEquals(image.toArray(), other.toArray());
    assertPaddingLanesAreZero(other);
    assertArrayEquals(image.data, other.reshape(image.shape()).data);
    assertArrayEquals(image.toArray(), image.reshape(Shape.of(image.shape().size())).toArray());
  }

  @Test
  void reshapeToTheSameShapeIsTheSameTensor() {
    Tensor image = Samples.counting(1, 3, 2, 2);
    assertSame(image, image.reshape(Shape.of(1, 3, 2, 2)));
  }

  @Test
  void valuesAreCopiedIn() {
    float[] values = {1, 2, 3};
    Tensor tensor = Tensor.of(Shape.of(3), values);
    values[0] = 9;
    tensor.toArray()[1] = 9;
    assertArrayEquals(new float[] {1, 2, 3}, tensor.toArray());
  }

  @Test
  void everyRankWorks() {
    assertEquals(5, Tensor.of(Shape.of(), 5).get());
    assertEquals(23, Samples.counting(2, 3, 4).get(1, 2, 2));
    assertEquals(72, Samples.counting(1, 2, 3, 3, 4).get(0, 1, 2, 2, 3));
    assertArrayEquals(new float[4], Tensor.zeros(Shape.of(1, 1, 2, 2)).toArray());
    assertArrayEquals(new float[0], Tensor.zeros(Shape.of(1, 0, 2, 2)).toArray());
  }

  @Test
  void clearPaddingLanesLeavesTheElements() {
    Tensor tensor = Samples.counting(2, 19, 2, 3);
    float[] before = tensor.toArray();
    for (int i = 0; i < tensor.data.length; i++) if (tensor.data[i] == 0) tensor.data[i] = 7;
    tensor.clearPaddingLanes();
    assertArrayEquals(before, tensor.toArray());
    int nonZero = 0;
    for (float value : tensor.data) if (value != 0) nonZero++;
    assertEquals(before.length, nonZero);
  }

  @Test
  void mistakesAreNamed() {
    Samples.assertRefused(
        "tensor: 3 values for shape [2, 2]", () -> Tensor.of(Shape.of(2, 2), 1, 2, 3));
    Tensor tensor = Samples.counting(2, 3);
    Samples.assertRefused("tensor: 1 indices for shape [2, 3]", () -> tensor.get(1));
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.get(0, 3));
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.get(-1, 0));
    Samples.assertRefused(
        "reshape: [2, 3] has not the size of [4]", () -> tensor.reshape(Shape.of(4)));
  }

  @Test
  void imageIsACopyOfOneElementOfTheBatch() {
    for (int[] rest : new int[][] {{3}, {17, 2, 3}, {16, 1, 1}}) {
      int size = Arrays.stream(rest).reduce(1, (a, b) -> a * b);
      Tensor[] images = new Tensor[3];
      float[] all = new float[3 * size];
      for (int i = 0; i < all.length; i++) all[i] = i + 1;
      Tensor batch = Tensor.of(shape(3, rest), all);
      for (int n = 0; n < 3; n++) {
        images[n] = batch.image(n);
        assertEquals(shape(1, rest), images[n].shape());
        assertArrayEquals(Arrays.copyOfRange(all, n * size, (n + 1) * size), images[n].toArray());
      }
      assertThrows(IndexOutOfBoundsException.class, () -> batch.image(3));
      assertThrows(IndexOutOfBoundsException.class, () -> batch.image(-1));
    }
  }

  private static Shape shape(int first, int[] rest) {
    int[] extents = new int[rest.length + 1];
    extents[0] = first;
    System.arraycopy(rest, 0, extents, 1, rest.length);
    return Shape.of(extents);
  }
}
