package dev.hedgerow.nn;

import dev.hedgerow.nn.ResNet.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The model families that are known by name. */
public final class Families {
  private static final List<Family> ALL =
      List.of(
          vgg("vgg16", "features.29", 2, 2, 3, 3, 3),
          resNet("resnet50", 3, 4, 6, 3),
          cifarResNet(20),
          cifarResNet(32),
          cifarResNet(44),
          cifarResNet(56));

  private Families() {}

  /** Returns all families, relatives side by side. */
  public static List<Family> all() {
    return ALL;
  }

  /** Returns the family with the given name. */
  public static Optional<Family> find(String name) {
    return ALL.stream().filter(family -> family.name().equals(name)).findFirst();
  }

  /**
   * Returns a VGG.
   *
   * @param convolutions how many each stage has
   */
  private static Family vgg(String name, String lastRelu, int... convolutions) {
    int[] channels = {64, 128, 256, 512, 512};
    var stages = new ArrayList<List<Integer>>();
    for (int i = 0; i < channels.length; i++) {
      stages.add(Collections.nCopies(convolutions[i], channels[i]));
    }
    return imageNet(name, lastRelu, "classifier.6", new Vgg(stages, 4096));
  }

  /**
   * Returns a ResNet of bottleneck blocks.
   *
   * @param blocks how many each stage has
   */
  private static Family resNet(String name, int... blocks) {
    int[] widths = {64, 128, 256, 512};
    var stages = new ArrayList<Stage>();
    for (int i = 0; i < widths.length; i++) stages.add(new Stage(blocks[i], widths[i]));
    return imageNet(name, "layer4", "fc", new ResNet(64, stages));
  }

  private static Family imageNet(
      String name, String startLayer, String classifier, Topology topology) {
    return new Family(
        name, Preprocessing.imagenet(), startLayer, classifier, ClassNames.imageNet(), topology);
  }

  private static Family cifarResNet(int depth) {
    return new Family(
        "cifar_resnet" + depth,
        Preprocessing.cifar(),
        "layer3",
        "linear",
        ClassNames.cifar10(),
        new CifarResNet((depth - 2) / 6, List.of(16, 32, 64)));
  }
}
