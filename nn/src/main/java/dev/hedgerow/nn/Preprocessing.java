package dev.hedgerow.nn;

import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Resize;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.util.Collections;
import java.util.List;

/**
 * How a picture becomes a network's input: the whole picture is resized, then channel c of every
 * pixel v becomes {@code (v · scale − mean_c) / std_c}.
 *
 * @param height rows the network was made for
 * @param width columns the network was made for
 * @param scale factor of a pixel value 0..255
 * @param mean subtracted, one a channel
 * @param std divided by, one a channel
 */
public record Preprocessing(
    int height, int width, double scale, List<Double> mean, List<Double> std) {
  private static final int SIZE = 224;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a size is below 1, a number is not finite, a {@code std} is
   *     0, or there is not one {@code std} for each {@code mean}
   */
  public Preprocessing {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException("preprocessing: size is " + height + "x" + width);
    }
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("preprocessing: scale is " + scale);
    }
    if (mean.isEmpty() || mean.size() != std.size()) {
      throw new IllegalArgumentException(
          "preprocessing: mean has " + mean.size() + " channels and std " + std.size());
    }
    for (double m : mean) {
      if (!Double.isFinite(m)) throw new IllegalArgumentException("preprocessing: mean is " + mean);
    }
    for (double s : std) {
      if (!Double.isFinite(s) || s == 0) {
        throw new IllegalArgumentException("preprocessing: std is " + std);
      }
    }
  }

  /** Returns torchvision's: RGB/255, ImageNet's mean and standard deviation, 224×224. */
  public static Preprocessing imagenet() {
    return new Preprocessing(
        SIZE, SIZE, 1 / 255.0, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
  }

  /** Returns that of networks from Caffe: RGB 0..255 less 123, 117, 104; 224×224. */
  public static Preprocessing caffe() {
    return new Preprocessing(SIZE, SIZE, 1, List.of(123.0, 117.0, 104.0), List.of(1.0, 1.0, 1.0));
  }

  /**
   * Returns that of the published VGGs, which Keras and the pointing game keep: RGB 0..255 less
   * 123.68, 116.779, 103.939; 224×224.
   */
  public static Preprocessing vgg() {
    return new Preprocessing(
        SIZE, SIZE, 1, List.of(123.68, 116.779, 103.939), List.of(1.0, 1.0, 1.0));
  }

  /** Returns that of networks from TensorFlow: RGB from −1 to 1; 224×224. */
  public static Preprocessing tensorFlow() {
    return new Preprocessing(SIZE, SIZE, 1 / 127.5, List.of(1.0, 1.0, 1.0), List.of(1.0, 1.0, 1.0));
  }

  /** Returns that of the CIFAR-10 networks: ImageNet's mean and standard deviation, 32×32. */
  public static Preprocessing cifar() {
    return imagenet().withSize(32, 32);
  }

  /** Returns that which leaves the pixel values 0..255 as they are; 224×224. */
  public static Preprocessing none() {
    return new Preprocessing(SIZE, SIZE, 1, Collections.nCopies(3, 0.0), List.of(1.0, 1.0, 1.0));
  }

  /** Returns this preprocessing for a network of another size. */
  public Preprocessing withSize(int height, int width) {
    return new Preprocessing(height, width, scale, mean, std);
  }

  /** Returns the number of channels: 3 for RGB. */
  public int channels() {
    return mean.size();
  }

  /** Returns the input of one picture at the size the network was made for; see the other. */
  public Tensor apply(Engine engine, Tensor pixels) {
    return apply(engine, pixels, height, width);
  }

  /**
   * Returns the network's input for one picture.
   *
   * @param pixels {@code [C, H, W]}, whole numbers 0..255, for RGB in this order; not modified
   * @param height rows of the result
   * @param width columns of the result
   * @return {@code [1, C, height, width]}
   * @throws IllegalArgumentException if the picture has other channels
   */
  public Tensor apply(Engine engine, Tensor pixels, int height, int width) {
    Shape shape = pixels.shape();
    if (shape.rank() != 3 || shape.extent(0) != channels()) {
      throw new IllegalArgumentException(
          "preprocessing: picture is " + shape + " but [" + channels() + ", H, W] is expected");
    }
    float[] values = Resize.pillowBilinear(engine, pixels, height, width).toArray();
    int area = height * width;
    for (int c = 0; c < channels(); c++) {
      double subtract = mean.get(c);
      double divide = std.get(c);
      for (int i = c * area; i < (c + 1) * area; i++) {
        values[i] = (float) ((values[i] * scale - subtract) / divide);
      }
    }
    return Tensor.of(Shape.of(1, channels(), height, width), values);
  }
}
