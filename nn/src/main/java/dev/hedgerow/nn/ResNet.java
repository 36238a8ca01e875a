package dev.hedgerow.nn;

import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * ResNet (He et al., 2016) of bottleneck blocks as torchvision has it, with the stride in the 3×3
 * convolution. A stage's output is found as {@code layer4}, a block's as {@code layer4.1}.
 *
 * @param stem channels of the first convolution
 * @param stages from {@code layer1} on
 */
public record ResNet(int stem, List<Stage> stages) implements Topology {
  /** Channels of a block's output for each of its inner channels. */
  private static final int EXPANSION = 4;

  /**
   * Blocks of one size; all stages but the first halve the resolution.
   *
   * @param blocks how many
   * @param width channels inside a block
   */
  public record Stage(int blocks, int width) {}

  public ResNet {
    stages = List.copyOf(stages);
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    x = normalized(net, "", 1, x, stem, Window.of(7, 2, 3));
    x = net.relu("relu", x);
    x = net.maxPool("maxpool", x, Window.of(3, 2, 1));
    for (int s = 0; s < stages.size(); s++) {
      String layer = "layer" + (s + 1);
      Stage stage = stages.get(s);
      for (int b = 0; b < stage.blocks(); b++) {
        String output = b == stage.blocks() - 1 ? layer : layer + "." + b;
        int stride = b == 0 && s > 0 ? 2 : 1;
        x = bottleneck(net, layer + "." + b, output, x, stage.width(), stride);
      }
    }
    x = net.averagePool("avgpool", x, 1, 1);
    x = net.flatten("flatten", x);
    return net.linear("fc", x, classes);
  }

  private static Node bottleneck(
      Modules net, String block, String output, Node x, int width, int stride) {
    int channels = width * EXPANSION;
    Node y = normalized(net, block + ".", 1, x, width, Window.of(1, 1, 0));
    y = net.relu(block + ".relu1", y);
    y = normalized(net, block + ".", 2, y, width, Window.of(3, stride, 1));
    y = net.relu(block + ".relu2", y);
    y = normalized(net, block + ".", 3, y, channels, Window.of(1, 1, 0));
    if (stride != 1 || Modules.channels(x) != channels) {
      x = net.convWithoutBias(block + ".downsample.0", x, channels, Window.of(1, stride, 0));
      x = net.batchNorm(block + ".downsample.1", x);
    }
    return net.relu(block, output, net.add(block + ".add", y, x));
  }

  /** Adds convolution and batch normalisation number {@code i} of a block. */
  static Node normalized(Modules net, String prefix, int i, Node x, int channels, Window window) {
    x = net.convWithoutBias(prefix + "conv" + i, x, channels, window);
    return net.batchNorm(prefix + "bn" + i, x);
  }
}
