package dev.hedgerow.nn;

import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * VGG (Simonyan and Zisserman, 2015) as torchvision has it: stages of 3×3 convolutions, each closed
 * by a max pool, then three linear layers.
 *
 * @param stages the channels of the convolutions of each stage
 * @param hidden width of the first two linear layers
 */
public record Vgg(List<List<Integer>> stages, int hidden) implements Topology {
  public Vgg {
    stages = stages.stream().map(List::copyOf).toList();
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    int at = 0;
    for (List<Integer> stage : stages) {
      for (int channels : stage) {
        x = net.conv("features." + at++, x, channels, Window.of(3, 1, 1));
        x = net.relu("features." + at++, x);
      }
      x = net.maxPool("features." + at++, x, Window.of(2, 2, 0));
    }
    x = net.averagePool("avgpool", x, 7, 7);
    x = net.flatten("flatten", x);
    x = net.linear("classifier.0", x, hidden);
    x = net.relu("classifier.1", x);
    x = net.dropout("classifier.2", x);
    x = net.linear("classifier.3", x, hidden);
    x = net.relu("classifier.4", x);
    x = net.dropout("classifier.5", x);
    return net.linear("classifier.6", x, classes);
  }
}
