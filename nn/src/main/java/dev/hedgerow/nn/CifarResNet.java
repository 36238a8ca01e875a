package dev.hedgerow.nn;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Slice;
import java.util.List;

/**
 * ResNet for CIFAR-10 (He et al., 2016, §4.2) of basic blocks with shortcuts that have no
 * parameters: where a stage begins they take every second pixel and surround the channels with
 * channels of zeros. A stage's output is found as {@code layer3}, a block's as {@code layer3.1};
 * explanations begin at the last stage's.
 *
 * @param blocks how many blocks each stage has; the network has 6·blocks + 2 weighted layers
 * @param widths channels of each stage; the first is also the stem's
 */
public record CifarResNet(int blocks, List<Integer> widths) implements Topology {
  public CifarResNet {
    widths = List.copyOf(widths);
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    x = normalized(net, "", 1, x, widths.getFirst(), 1);
    x = net.relu("relu", x);
    for (int s = 0; s < widths.size(); s++) {
      String layer = "layer" + (s + 1);
      for (int b = 0; b < blocks; b++) {
        String output = b == blocks - 1 ? layer : layer + "." + b;
        int stride = b == 0 && s > 0 ? 2 : 1;
        x = basic(net, layer + "." + b, output, x, widths.get(s), stride);
      }
    }
    net.startLayer(x);
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    x = net.flatten("flatten", x);
    return net.linear("linear", x, classes);
  }

  private static Node basic(
      Modules net, String block, String output, Node x, int channels, int stride) {
    Node y = normalized(net, block + ".", 1, x, channels, stride);
    y = net.relu(block + ".relu1", y);
    y = normalized(net, block + ".", 2, y, channels, 1);
    if (stride != 1) x = shortcut(net, block + ".shortcut", x, channels, stride);
    return net.relu(block, output, net.add(block + ".add", y, x));
  }

  /** Adds 3×3 convolution and batch normalisation number {@code i} of a block. */
  private static Node normalized(
      Modules net, String prefix, int i, Node x, int channels, int stride) {
    Window window = Window.of(3, stride, 1);
    x = net.convWithoutBias(prefix + "conv" + i, x, channels, window);
    return net.batchNorm(prefix + "bn" + i, x);
  }

  private static Node shortcut(Modules net, String name, Node x, int channels, int stride) {
    Shape shape = x.shape();
    List<Integer> starts = List.of(0, 0, 0, 0);
    List<Integer> ends = List.of(1, shape.extent(1), shape.extent(2), shape.extent(3));
    List<Integer> steps = List.of(1, 1, stride, stride);
    x = net.layer(name + ".slice", new Slice(starts, ends, steps), x);
    int added = channels - shape.extent(1);
    List<Integer> before = List.of(0, added / 2, 0, 0);
    List<Integer> after = List.of(0, added - added / 2, 0, 0);
    return net.layer(name + ".pad", new Pad(before, after, 0), x);
  }
}
