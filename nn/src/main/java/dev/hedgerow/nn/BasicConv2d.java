package dev.hedgerow.nn;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.layer.Affine;

/** What torchvision's GoogLeNet and Inception v3 are made of. */
final class BasicConv2d {
  private BasicConv2d() {}

  /** Adds a convolution, its batch normalisation and, by the module's own name, a ReLU. */
  static Node add(Modules net, String name, Node x, int channels, Window window) {
    x = net.convWithoutBias(name + ".conv", x, channels, window);
    return net.relu(name, net.batchNorm(name + ".bn", x));
  }

  /**
   * Adds the change from pixels normalised by ImageNet's mean and deviation to pixels in −1..1,
   * {@code (x_c·std_c + mean_c − ½) / ½}.
   */
  static Node transformInput(Modules net, Node x) {
    Preprocessing known = Preprocessing.imagenet();
    int channels = known.channels();
    float[] scale = new float[channels];
    float[] shift = new float[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = (float) (known.std().get(c) / 0.5);
      shift[c] = (float) ((known.mean().get(c) - 0.5) / 0.5);
    }
    Shape shape = Shape.of(1, channels, 1, 1);
    return net.layer(
        "transform_input", new Affine(Tensor.of(shape, scale), Tensor.of(shape, shift)), x);
  }
}
