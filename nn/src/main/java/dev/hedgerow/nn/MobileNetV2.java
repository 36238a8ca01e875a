package dev.hedgerow.nn;

import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * MobileNet v2 (Sandler et al., 2018) as torchvision has it: inverted residual blocks of a 1×1
 * convolution that widens, a depthwise 3×3 and a 1×1 that narrows, with ReLU6.
 *
 * <p>Explanations begin at the output of {@code features}, the ReLU6 of {@code features.18}: the
 * method's paper does not treat this network, and that is where it begins in its relatives, the
 * last spatial activation, of which the classifier reads nothing but the mean. The last sum before
 * it has passed no activation.
 *
 * @param stem channels of the first convolution
 * @param stages blocks of one size
 * @param last channels of the last convolution
 */
public record MobileNetV2(int stem, List<Stage> stages, int last) implements Topology {
  /**
   * Blocks of one size.
   *
   * @param expansion inner channels for each channel of a block's input
   * @param channels of a block's output
   * @param blocks how many
   * @param stride of the first block
   */
  public record Stage(int expansion, int channels, int blocks, int stride) {}

  public MobileNetV2 {
    stages = List.copyOf(stages);
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    x = activated(net, "features.0", x, stem, Window.of(3, 2, 1), 1);
    int at = 1;
    for (Stage stage : stages) {
      for (int b = 0; b < stage.blocks; b++) {
        x = residual(net, "features." + at++, x, stage, b == 0 ? stage.stride : 1);
      }
    }
    x = activated(net, "features." + at, x, last, Window.of(1, 1, 0), 1);
    net.startLayer(x);
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    x = net.flatten("flatten", x);
    x = net.dropout("classifier.0", x);
    return net.linear("classifier.1", x, classes);
  }

  private static Node residual(Modules net, String block, Node x, Stage stage, int stride) {
    int channels = Modules.channels(x);
    int inner = channels * stage.expansion;
    int at = 0;
    Node y = x;
    if (stage.expansion != 1) {
      y = activated(net, block + ".conv." + at++, y, inner, Window.of(1, 1, 0), 1);
    }
    y = activated(net, block + ".conv." + at++, y, inner, Window.of(3, stride, 1), inner);
    y = net.convWithoutBias(block + ".conv." + at++, y, stage.channels, Window.of(1, 1, 0));
    y = net.batchNorm(block + ".conv." + at, y);
    return stride == 1 && channels == stage.channels ? net.add(block, x, y) : y;
  }

  /** Adds a convolution, its batch normalisation and, by the module's own name, a ReLU6. */
  private static Node activated(
      Modules net, String name, Node x, int channels, Window window, int groups) {
    x = net.conv(name + ".0", x, channels, window, groups, false);
    return net.relu6(name, net.batchNorm(name + ".1", x));
  }
}
