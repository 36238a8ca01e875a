package dev.hedgerow.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class PreprocessingTest {
  private static final Engine ENGINE = Engine.sequential();

  /** One red, one green, one blue and one grey pixel. */
  private static final Tensor PIXELS =
      Tensor.of(Shape.of(3, 2, 2), 255, 0, 0, 102, 0, 255, 0, 102, 0, 0, 255, 102);

  @Test
  void imagenetScalesAndNormalizesEveryChannel() {
    Tensor x = Preprocessing.imagenet().apply(ENGINE, PIXELS, 2, 2);
    assertEquals(Shape.of(1, 3, 2, 2), x.shape());
    float[] expected = {
      2.2489083f, -2.117904f, -2.117904f, -0.371179f,
      -2.0357144f, 2.4285715f, -2.0357144f, -0.25f,
      -1.8044444f, -1.8044444f, 2.64f, -0.02666667f
    };
    assertArrayEquals(expected, x.toArray(), 1e-6f);
  }

  @Test
  void caffeSubtractsAndNoneKeeps() {
    assertArrayEquals(
        new float[] {132, -123, -123, -21, -117, 138, -117, -15, -104, -104, 151, -2},
        Preprocessing.caffe().apply(ENGINE, PIXELS, 2, 2).toArray());
    assertArrayEquals(PIXELS.toArray(), Preprocessing.none().apply(ENGINE, PIXELS, 2, 2).toArray());
  }

  @Test
  void theWholePictureIsResizedToTheGivenOrTheOwnSize() {
    Tensor wide = Tensor.of(Shape.of(3, 1, 4), 0, 0, 9, 9, 0, 0, 5, 5, 0, 0, 7, 7);
    Preprocessing plain = Preprocessing.none().withSize(1, 2);
    assertArrayEquals(new float[] {1, 8, 1, 4, 1, 6}, plain.apply(ENGINE, wide).toArray());
    assertEquals(Shape.of(1, 3, 5, 3), plain.apply(ENGINE, wide, 5, 3).shape());
    Tensor cifar = Preprocessing.cifar().apply(ENGINE, PIXELS);
    assertEquals(Shape.of(1, 3, 32, 32), cifar.shape());
  }

  @Test
  void aPictureOfOtherChannelsIsRefused() {
    assertRefused(
        "preprocessing: picture is [1, 2, 2] but [3, H, W] is expected",
        () -> Preprocessing.imagenet().apply(ENGINE, Tensor.zeros(Shape.of(1, 2, 2))));
    assertRefused(
        "preprocessing: picture is [1, 3, 2, 2] but [3, H, W] is expected",
        () -> Preprocessing.imagenet().apply(ENGINE, Tensor.zeros(Shape.of(1, 3, 2, 2))));
  }

  @Test
  void impossibleValuesAreRefused() {
    List<Double> one = List.of(1.0);
    assertRefused("preprocessing: size is 0x4", () -> new Preprocessing(0, 4, 1, one, one));
    assertRefused(
        "preprocessing: scale is NaN", () -> new Preprocessing(4, 4, Double.NaN, one, one));
    assertRefused(
        "preprocessing: mean has 1 channels and std 2",
        () -> new Preprocessing(4, 4, 1, one, List.of(1.0, 1.0)));
    assertRefused(
        "preprocessing: std is [0.0]", () -> new Preprocessing(4, 4, 1, one, List.of(0.0)));
    assertRefused(
        "preprocessing: mean is [Infinity]",
        () -> new Preprocessing(4, 4, 1, List.of(Double.POSITIVE_INFINITY), one));
  }

  private static void assertRefused(String message, Executable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
  }
}
