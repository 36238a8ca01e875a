package dev.hedgerow.weights;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Numbers by a formula that other languages compute alike: element i of the tensor {@code name} is
 * a hash of i and the name's CRC-32, 24 bits as a fraction u in [0, 1).
 */
final class Formula {
  private Formula() {}

  /** Returns u of one element. */
  static double fraction(String name, int i) {
    var crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    return fraction((int) crc.getValue(), i);
  }

  private static double fraction(int seed, int i) {
    int x = i * 0x9e3779b1 + seed;
    x = (x ^ x >>> 15) * 0x85ebca77;
    x = (x ^ x >>> 13) * 0xc2b2ae3d;
    x ^= x >>> 16;
    return (x >>> 8) / 0x1p24;
  }

  /**
   * Returns a weight: (u − ½)·√(24 / n), where n values make one output; of vectors u − ½, or u + ½
   * for scales and variances.
   *
   * @param outputs how many outputs the weight has
   * @param positive whether a vector is a scale or a variance
   */
  static Parameter weight(String name, Shape shape, int outputs, boolean positive) {
    var crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    int seed = (int) crc.getValue();
    boolean vector = shape.rank() == 1;
    double scale = vector ? 1 : Math.sqrt(24 / ((double) shape.size() / outputs));
    double shift = vector && positive ? 0.5 : -0.5;
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((fraction(seed, i) + shift) * scale);
    }
    return Parameter.of(shape, values);
  }

  /** Returns a picture, {@code [3, size, size]}, of whole numbers 0..255. */
  static Tensor picture(int height, int width) {
    float[] values = new float[3 * height * width];
    for (int i = 0; i < values.length; i++)
      values[i] = (float) Math.floor(fraction("image", i) * 256);
    return Tensor.of(Shape.of(3, height, width), values);
  }
}
