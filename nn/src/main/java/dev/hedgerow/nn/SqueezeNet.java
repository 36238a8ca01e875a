package dev.hedgerow.nn;

import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * SqueezeNet (Iandola et al., 2016) as torchvision has it: stages of fire modules behind max pools.
 * The classifier is a 1×1 convolution whose rectified scores are averaged over all positions.
 * Explanations begin at the output of {@code features}, the last fire module.
 *
 * @param stem channels of the first convolution
 * @param window of the first convolution
 * @param stages the fire modules between two pools
 */
public record SqueezeNet(int stem, Window window, List<List<Fire>> stages) implements Topology {
  /**
   * A 1×1 convolution and, joined, a 1×1 and a 3×3 that read it.
   *
   * @param squeezed channels of the first
   * @param expanded channels of each of the others
   */
  public record Fire(int squeezed, int expanded) {}

  public SqueezeNet {
    stages = stages.stream().map(List::copyOf).toList();
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    x = net.relu("features.1", net.conv("features.0", x, stem, window));
    int at = 2;
    for (List<Fire> stage : stages) {
      x = net.maxPool("features." + at++, x, new MaxPool(Window.of(3, 2, 0), true));
      for (Fire fire : stage) x = fire(net, "features." + at++, x, fire);
    }
    net.startLayer(x);
    x = net.dropout("classifier.0", x);
    x = net.relu("classifier.2", net.conv("classifier.1", x, classes, Window.of(1, 1, 0)));
    x = net.adaptiveAveragePool("classifier.3", x, 1, 1);
    return net.flatten("flatten", x);
  }

  private static Node fire(Modules net, String name, Node x, Fire fire) {
    x = convolved(net, name + ".squeeze", x, fire.squeezed, Window.of(1, 1, 0));
    Node one = convolved(net, name + ".expand1x1", x, fire.expanded, Window.of(1, 1, 0));
    Node three = convolved(net, name + ".expand3x3", x, fire.expanded, Window.of(3, 1, 1));
    return net.concat(name, one, three);
  }

  private static Node convolved(Modules net, String name, Node x, int channels, Window window) {
    return net.relu(name + "_activation", net.conv(name, x, channels, window));
  }
}
