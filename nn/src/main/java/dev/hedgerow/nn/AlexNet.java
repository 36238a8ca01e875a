package dev.hedgerow.nn;

import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * AlexNet in one column (Krizhevsky, 2014) as torchvision has it. Explanations begin at the output
 * of its {@code features}, behind the last max pool.
 *
 * @param channels of the five convolutions
 * @param hidden width of the first two linear layers
 */
public record AlexNet(List<Integer> channels, int hidden) implements Topology {
  public AlexNet {
    channels = List.copyOf(channels);
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    x = convolved(net, 0, x, channels.get(0), Window.of(11, 4, 2));
    x = pooled(net, 2, x);
    x = convolved(net, 3, x, channels.get(1), Window.of(5, 1, 2));
    x = pooled(net, 5, x);
    x = convolved(net, 6, x, channels.get(2), Window.of(3, 1, 1));
    x = convolved(net, 8, x, channels.get(3), Window.of(3, 1, 1));
    x = convolved(net, 10, x, channels.get(4), Window.of(3, 1, 1));
    x = pooled(net, 12, x);
    net.startLayer(x);
    x = net.adaptiveAveragePool("avgpool", x, 6, 6);
    x = net.flatten("flatten", x);
    x = net.dropout("classifier.0", x);
    x = net.relu("classifier.2", net.linear("classifier.1", x, hidden));
    x = net.dropout("classifier.3", x);
    x = net.relu("classifier.5", net.linear("classifier.4", x, hidden));
    return net.linear("classifier.6", x, classes);
  }

  private static Node convolved(Modules net, int at, Node x, int channels, Window window) {
    x = net.conv("features." + at, x, channels, window);
    return net.relu("features." + (at + 1), x);
  }

  private static Node pooled(Modules net, int at, Node x) {
    return net.maxPool("features." + at, x, new MaxPool(Window.of(3, 2, 0), false));
  }
}
