package dev.hedgerow.nn;

import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * DenseNet (Huang et al., 2017) with bottlenecks and compression as torchvision has it. What a
 * block has grown to after a layer is found by the layer's name, {@code
 * features.denseblock1.denselayer1}. Explanations begin at the output of {@code norm5}, before the
 * last ReLU.
 *
 * @param stem channels of the first convolution
 * @param growth channels each layer adds
 * @param bottleneck channels of a layer's 1×1 convolution for each that the layer adds
 * @param blocks layers of each block; between two blocks channels and resolution are halved
 * @param epsilon ε of the batch normalisations
 */
public record DenseNet(int stem, int growth, int bottleneck, List<Integer> blocks, float epsilon)
    implements Topology {
  private static final int BOTTLENECK = 4;

  public DenseNet {
    blocks = List.copyOf(blocks);
  }

  /** Returns the network with torchvision's bottleneck, 4, and ε, 10⁻⁵. */
  public DenseNet(int stem, int growth, List<Integer> blocks) {
    this(stem, growth, BOTTLENECK, blocks, Modules.EPSILON);
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    net = net.withEpsilon(epsilon);
    x = net.convWithoutBias("features.conv0", x, stem, Window.of(7, 2, 3));
    x = net.relu("features.relu0", net.batchNorm("features.norm0", x));
    x = net.maxPool("features.pool0", x, new MaxPool(Window.of(3, 2, 1), false));
    for (int b = 1; b <= blocks.size(); b++) {
      if (b > 1) x = transition(net, "features.transition" + (b - 1), x);
      for (int i = 1; i <= blocks.get(b - 1); i++) {
        String layer = "features.denseblock" + b + ".denselayer" + i;
        x = net.concat(layer, x, grown(net, layer, x));
      }
    }
    x = net.batchNorm("features.norm5", x);
    net.startLayer(x);
    x = net.relu("relu", x);
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    x = net.flatten("flatten", x);
    return net.linear("classifier", x, classes);
  }

  private Node grown(Modules net, String layer, Node x) {
    x = net.relu(layer + ".relu1", net.batchNorm(layer + ".norm1", x));
    x = net.convWithoutBias(layer + ".conv1", x, bottleneck * growth, Window.of(1, 1, 0));
    x = net.relu(layer + ".relu2", net.batchNorm(layer + ".norm2", x));
    return net.convWithoutBias(layer + ".conv2", x, growth, Window.of(3, 1, 1));
  }

  private static Node transition(Modules net, String name, Node x) {
    x = net.relu(name + ".relu", net.batchNorm(name + ".norm", x));
    x = net.convWithoutBias(name + ".conv", x, Modules.channels(x) / 2, Window.of(1, 1, 0));
    return net.averagePool(name + ".pool", x, new AveragePool(Window.of(2, 2, 0), false, false));
  }
}
