package dev.hedgerow.nn;

import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * GoogLeNet (Szegedy et al., 2015) as torchvision has it: with batch normalisation, and with 3×3
 * convolutions where the paper has 5×5. The heads that helped training are left out. Explanations
 * begin at the output of the last module, {@code inception5b}.
 *
 * @param stem channels of the first three convolutions
 * @param stages the modules {@code inception3a}, {@code inception3b}; {@code inception4a} ...
 * @param transformed whether pixels normalised by ImageNet's statistics are brought to −1..1 first,
 *     as torchvision's trained weights expect
 */
public record GoogLeNet(List<Integer> stem, List<List<Inception>> stages, boolean transformed)
    implements Topology {
  private static final float EPSILON = 1e-3f;

  /**
   * Channels of the four joined branches.
   *
   * @param one of the 1×1 convolution
   * @param squeezed of the 1×1 convolution before the 3×3
   * @param three of the 3×3 convolution
   * @param squeezedAgain of the 1×1 convolution before the second 3×3
   * @param five of the second 3×3 convolution, the paper's 5×5
   * @param pooled of the 1×1 convolution behind the max pool
   */
  public record Inception(
      int one, int squeezed, int three, int squeezedAgain, int five, int pooled) {}

  public GoogLeNet {
    stem = List.copyOf(stem);
    stages = stages.stream().map(List::copyOf).toList();
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    net = net.withEpsilon(EPSILON);
    if (transformed) x = BasicConv2d.transformInput(net, x);
    x = BasicConv2d.add(net, "conv1", x, stem.get(0), Window.of(7, 2, 3));
    x = net.maxPool("maxpool1", x, halving(3));
    x = BasicConv2d.add(net, "conv2", x, stem.get(1), Window.of(1, 1, 0));
    x = BasicConv2d.add(net, "conv3", x, stem.get(2), Window.of(3, 1, 1));
    for (int s = 0; s < stages.size(); s++) {
      boolean last = s == stages.size() - 1;
      x = net.maxPool("maxpool" + (s + 2), x, halving(last ? 2 : 3));
      char letter = 'a';
      for (Inception module : stages.get(s)) {
        x = inception(net, "inception" + (s + 3) + letter++, x, module);
      }
    }
    net.startLayer(x);
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    x = net.flatten("flatten", x);
    x = net.dropout("dropout", x);
    return net.linear("fc", x, classes);
  }

  private static Node inception(Modules net, String name, Node x, Inception module) {
    Window one = Window.of(1, 1, 0);
    Window three = Window.of(3, 1, 1);
    Node b1 = BasicConv2d.add(net, name + ".branch1", x, module.one, one);
    Node b2 = BasicConv2d.add(net, name + ".branch2.0", x, module.squeezed, one);
    b2 = BasicConv2d.add(net, name + ".branch2.1", b2, module.three, three);
    Node b3 = BasicConv2d.add(net, name + ".branch3.0", x, module.squeezedAgain, one);
    b3 = BasicConv2d.add(net, name + ".branch3.1", b3, module.five, three);
    Node b4 = net.maxPool(name + ".branch4.0", x, new MaxPool(three, true));
    b4 = BasicConv2d.add(net, name + ".branch4.1", b4, module.pooled, one);
    return net.concat(name, b1, b2, b3, b4);
  }

  private static MaxPool halving(int size) {
    return new MaxPool(Window.of(size, 2, 0), true);
  }
}
