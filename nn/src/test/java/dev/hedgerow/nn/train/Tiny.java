package dev.hedgerow.nn.train;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.ClassNames;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Modules;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.Preprocessing;
import java.util.List;
import java.util.Random;

/** A network of a few hundred parameters with every layer that learns, and pictures for it. */
final class Tiny {
  static final int CLASSES = 3;
  static final int SIDE = 9;

  private Tiny() {}

  static Family family() {
    return new Family(
        "tiny",
        Preprocessing.none().withSize(SIDE, SIDE),
        "fc",
        List.of(),
        ClassNames.numbered(CLASSES),
        Tiny::build);
  }

  private static Node build(Modules net, Node x, int classes) {
    x = net.conv("stem", x, 6, Window.of(3, 2, 1));
    x = net.relu("relu", net.batchNorm("bn", x));
    Node y = net.conv("grouped", x, 6, Window.of(3, 1, 1), 2, true);
    y = net.relu("relu1", net.batchNorm("bn1", y));
    y = net.convWithoutBias("pointwise", y, 6, Window.of(1, 1, 0));
    y = net.batchNorm("bn2", y);
    x = net.relu("relu2", net.add("add", y, x));
    x = net.relu("relu3", net.conv("depthwise", x, 6, Window.of(3, 1, 0), 6, true));
    net.startLayer(x);
    x = net.flatten("flatten", net.adaptiveAveragePool("pool", x, 1, 1));
    return net.linear("fc", x, classes);
  }

  static Tensor pictures(int count, long seed) {
    var random = new Random(seed);
    float[] values = new float[count * 3 * SIDE * SIDE];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    return Tensor.of(Shape.of(count, 3, SIDE, SIDE), values);
  }

  /** Returns a random class for each picture. */
  static Tensor targets(int count, long seed) {
    var random = new Random(seed);
    float[] values = new float[count * CLASSES];
    for (int n = 0; n < count; n++) values[n * CLASSES + random.nextInt(CLASSES)] = 1;
    return Tensor.of(Shape.of(count, CLASSES), values);
  }
}
