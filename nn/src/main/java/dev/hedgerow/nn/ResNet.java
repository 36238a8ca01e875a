package dev.hedgerow.nn;

import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * ResNet (He et al., 2016), ResNeXt (Xie et al., 2017) and Wide ResNet (Zagoruyko and Komodakis,
 * 2016) as torchvision has them. A stage's output is found as {@code layer4}, a block's as {@code
 * layer4.1}; explanations begin at the last stage's.
 *
 * @param block the kind of all blocks
 * @param stem channels of the first convolution
 * @param stages from {@code layer1} on
 * @param groups of the 3×3 convolution of a bottleneck
 * @param form what differs between releases of the same network
 */
public record ResNet(Block block, int stem, List<Stage> stages, int groups, Form form)
    implements Topology {
  /** What a block computes beside its shortcut. */
  public enum Block {
    /** Two 3×3 convolutions. */
    BASIC,
    /** A 1×1 convolution, a 3×3 and a 1×1. */
    BOTTLENECK
  }

  /**
   * Blocks of one size; all stages but the first halve the resolution.
   *
   * @param blocks how many
   * @param width channels inside a block
   * @param channels of a block's output
   */
  public record Stage(int blocks, int width, int channels) {}

  /** Which convolutions have a bias although a batch normalisation follows. */
  public enum Bias {
    NONE,
    STEM,
    ALL
  }

  /**
   * What differs between releases of a network of the same layers.
   *
   * @param bias which convolutions have one
   * @param window of the first convolution, 7×7 with a stride of 2, and the zeros around the image
   * @param pool the max pool behind it
   * @param strideFirst whether a bottleneck that halves the resolution does so in its first 1×1
   *     convolution, as in the paper, and not in the 3×3
   * @param epsilon ε of the batch normalisations
   */
  public record Form(Bias bias, Window window, MaxPool pool, boolean strideFirst, float epsilon) {
    private static final Window STEM = Window.of(7, 2, 3);

    /** Returns torchvision's: no bias, 3×3 pool with a border of 1, stride in the 3×3. */
    public static Form torchvision() {
      var pool = new MaxPool(Window.of(3, 2, 1), false);
      return new Form(Bias.NONE, STEM, pool, false, Modules.EPSILON);
    }

    /**
     * Returns Keras': biases everywhere, stride in the 1×1. The zeros that Keras puts around the
     * max pool change nothing: its input is never negative.
     */
    public static Form keras(float epsilon) {
      var pool = new MaxPool(Window.of(3, 2, 1), false);
      return new Form(Bias.ALL, STEM, pool, true, epsilon);
    }

    /**
     * Returns Caffe's for the pointing game: a bias in the first convolution, a pool without a
     * border whose last window reaches beyond the image, stride in the 1×1.
     */
    public static Form caffe() {
      var pool = new MaxPool(Window.of(3, 2, 0), true);
      return new Form(Bias.STEM, STEM, pool, true, Modules.EPSILON);
    }
  }

  public ResNet {
    stages = List.copyOf(stages);
  }

  /** Returns the network of the same layers from another release. */
  public ResNet with(Form form) {
    return new ResNet(block, stem, stages, groups, form);
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    net = net.withEpsilon(form.epsilon);
    x = net.conv("conv1", x, stem, form.window, 1, form.bias != Bias.NONE);
    x = net.relu("relu", net.batchNorm("bn1", x));
    x = net.maxPool("maxpool", x, form.pool);
    for (int s = 0; s < stages.size(); s++) {
      String layer = "layer" + (s + 1);
      Stage stage = stages.get(s);
      for (int b = 0; b < stage.blocks; b++) {
        String name = layer + "." + b;
        int stride = b == 0 && s > 0 ? 2 : 1;
        Node y =
            switch (block) {
              case BASIC -> basic(net, name, x, stage, stride);
              case BOTTLENECK -> bottleneck(net, name, x, stage, stride);
            };
        x = shortcut(net, name, x, stage.channels, stride);
        x = net.add(name + ".add", y, x);
        x = net.relu(name, b == stage.blocks - 1 ? layer : name, x);
      }
    }
    net.startLayer(x);
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    x = net.flatten("flatten", x);
    return net.linear("fc", x, classes);
  }

  private Node basic(Modules net, String block, Node x, Stage stage, int stride) {
    x = normalized(net, block, 1, x, stage.width, Window.of(3, stride, 1), 1);
    x = net.relu(block + ".relu1", x);
    return normalized(net, block, 2, x, stage.channels, Window.of(3, 1, 1), 1);
  }

  private Node bottleneck(Modules net, String block, Node x, Stage stage, int stride) {
    int first = form.strideFirst ? stride : 1;
    x = normalized(net, block, 1, x, stage.width, Window.of(1, first, 0), 1);
    x = net.relu(block + ".relu1", x);
    x = normalized(net, block, 2, x, stage.width, Window.of(3, stride / first, 1), groups);
    x = net.relu(block + ".relu2", x);
    return normalized(net, block, 3, x, stage.channels, Window.of(1, 1, 0), 1);
  }

  private Node shortcut(Modules net, String block, Node x, int channels, int stride) {
    if (stride == 1 && Modules.channels(x) == channels) return x;
    Window window = Window.of(1, stride, 0);
    x = net.conv(block + ".downsample.0", x, channels, window, 1, form.bias == Bias.ALL);
    return net.batchNorm(block + ".downsample.1", x);
  }

  /** Adds convolution and batch normalisation number {@code i} of a block. */
  private Node normalized(
      Modules net, String block, int i, Node x, int channels, Window window, int groups) {
    x = net.conv(block + ".conv" + i, x, channels, window, groups, form.bias == Bias.ALL);
    return net.batchNorm(block + ".bn" + i, x);
  }
}
