package dev.hedgerow.nn;

import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Window;
import java.util.List;

/**
 * VGG (Simonyan and Zisserman, 2015) as torchvision has it: stages of 3×3 convolutions, each closed
 * by a max pool, then three linear layers. Explanations begin at the last ReLU before the last max
 * pool, {@code features.29} in VGG-16.
 *
 * @param stages the channels of the convolutions of each stage
 * @param hidden width of the first two linear layers
 * @param normalized whether a batch normalisation follows each convolution
 * @param form of pools and classifier
 */
public record Vgg(List<List<Integer>> stages, int hidden, boolean normalized, Form form)
    implements Topology {
  /** What differs between VGGs of the same layers. */
  public enum Form {
    /**
     * Pools that leave out what does not fill a window, linear layers behind a 7×7 average pool.
     */
    TORCHVISION,
    /**
     * Pools with a last window that reaches beyond the image, and the linear layers as 7×7, 1×1 and
     * 1×1 convolutions whose scores at all positions are averaged: Caffe's for the pointing game.
     */
    CAFFE,
    /** One linear layer behind the mean of each channel; {@code hidden} is of no use. */
    POOLED
  }

  public Vgg {
    stages = stages.stream().map(List::copyOf).toList();
  }

  @Override
  public Node build(Modules net, Node x, int classes) {
    var pool = new MaxPool(Window.of(2, 2, 0), form == Form.CAFFE);
    int at = 0;
    for (List<Integer> stage : stages) {
      for (int channels : stage) {
        x = net.conv("features." + at++, x, channels, Window.of(3, 1, 1));
        if (normalized) x = net.batchNorm("features." + at++, x);
        x = net.relu("features." + at++, x);
      }
      net.startLayer(x);
      x = net.maxPool("features." + at++, x, pool);
    }
    return switch (form) {
      case TORCHVISION -> linear(net, x, classes);
      case CAFFE -> convolutional(net, x, classes);
      case POOLED -> pooled(net, x, classes);
    };
  }

  private Node linear(Modules net, Node x, int classes) {
    x = net.adaptiveAveragePool("avgpool", x, 7, 7);
    x = net.flatten("flatten", x);
    x = activated(net, net.linear("classifier.0", x, hidden), 1);
    x = activated(net, net.linear("classifier.3", x, hidden), 4);
    return net.linear("classifier.6", x, classes);
  }

  private Node convolutional(Modules net, Node x, int classes) {
    x = activated(net, net.conv("classifier.0", x, hidden, Window.of(7, 1, 0)), 1);
    x = activated(net, net.conv("classifier.3", x, hidden, Window.of(1, 1, 0)), 4);
    x = net.conv("classifier.6", x, classes, Window.of(1, 1, 0));
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    return net.flatten("flatten", x);
  }

  private static Node pooled(Modules net, Node x, int classes) {
    x = net.adaptiveAveragePool("avgpool", x, 1, 1);
    return net.linear("classifier", net.flatten("flatten", x), classes);
  }

  private static Node activated(Modules net, Node x, int at) {
    x = net.relu("classifier." + at, x);
    return net.dropout("classifier." + (at + 1), x);
  }
}
