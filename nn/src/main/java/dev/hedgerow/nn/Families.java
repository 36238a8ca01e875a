package dev.hedgerow.nn;

import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.GoogLeNet.Inception;
import dev.hedgerow.nn.ResNet.Block;
import dev.hedgerow.nn.ResNet.Stage;
import dev.hedgerow.nn.SqueezeNet.Fire;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The model families that are known by name. */
public final class Families {
  private static final List<Family> ALL =
      List.of(
          alexNet(),
          vgg("vgg11", false, 1, 1, 2, 2, 2),
          vgg("vgg11_bn", true, 1, 1, 2, 2, 2),
          vgg("vgg13", false, 2, 2, 2, 2, 2),
          vgg("vgg13_bn", true, 2, 2, 2, 2, 2),
          vgg("vgg16", false, 2, 2, 3, 3, 3),
          vgg("vgg16_bn", true, 2, 2, 3, 3, 3),
          vgg("vgg19", false, 2, 2, 4, 4, 4),
          vgg("vgg19_bn", true, 2, 2, 4, 4, 4),
          basicResNet("resnet18", 2, 2, 2, 2),
          basicResNet("resnet34", 3, 4, 6, 3),
          resNet("resnet50", 64, 1, 3, 4, 6, 3),
          resNet("resnet101", 64, 1, 3, 4, 23, 3),
          resNet("resnet152", 64, 1, 3, 8, 36, 3),
          resNet("resnext50_32x4d", 128, 32, 3, 4, 6, 3),
          resNet("wide_resnet50_2", 128, 1, 3, 4, 6, 3),
          denseNet("densenet121", 64, 32, 6, 12, 24, 16),
          denseNet("densenet161", 96, 48, 6, 12, 36, 24),
          denseNet("densenet169", 64, 32, 6, 12, 32, 32),
          denseNet("densenet201", 64, 32, 6, 12, 48, 32),
          inceptionV3(),
          googLeNet(),
          squeezeNet10(),
          squeezeNet11(),
          mobileNetV2(),
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

  private static Family alexNet() {
    var topology = new AlexNet(List.of(64, 192, 384, 256, 256), 4096);
    return imageNet("alexnet", "classifier.6", topology);
  }

  /**
   * Returns a VGG.
   *
   * @param convolutions how many each stage has
   */
  private static Family vgg(String name, boolean normalized, int... convolutions) {
    int[] channels = {64, 128, 256, 512, 512};
    var stages = new ArrayList<List<Integer>>();
    for (int i = 0; i < channels.length; i++) {
      stages.add(Collections.nCopies(convolutions[i], channels[i]));
    }
    var topology = new Vgg(stages, 4096, normalized, Vgg.Form.TORCHVISION);
    return imageNet(name, "classifier.6", topology);
  }

  /**
   * Returns a ResNet of basic blocks.
   *
   * @param blocks how many each stage has
   */
  private static Family basicResNet(String name, int... blocks) {
    return resNet(name, Block.BASIC, 64, 64, 1, blocks);
  }

  /**
   * Returns a ResNet of bottleneck blocks.
   *
   * @param width channels inside a block of the first stage
   * @param groups of the 3×3 convolutions
   * @param blocks how many each stage has
   */
  private static Family resNet(String name, int width, int groups, int... blocks) {
    return resNet(name, Block.BOTTLENECK, width, 256, groups, blocks);
  }

  /** Returns a ResNet each of whose stages is twice as wide as the one before. */
  private static Family resNet(
      String name, Block block, int width, int channels, int groups, int... blocks) {
    var stages = new ArrayList<Stage>();
    for (int i = 0; i < blocks.length; i++) {
      stages.add(new Stage(blocks[i], width << i, channels << i));
    }
    var topology = new ResNet(block, 64, stages, groups, ResNet.Form.torchvision());
    return imageNet(name, "fc", topology);
  }

  /**
   * Returns a DenseNet.
   *
   * @param layers how many each block has
   */
  private static Family denseNet(String name, int stem, int growth, Integer... layers) {
    var topology = new DenseNet(stem, growth, List.of(layers));
    return imageNet(name, "classifier", topology);
  }

  private static Family inceptionV3() {
    return new Family(
        "inception_v3",
        Preprocessing.imagenet().withSize(299, 299),
        "fc",
        List.of("AuxLogits"),
        ClassNames.imageNet(),
        new InceptionV3(1, true, true));
  }

  private static Family googLeNet() {
    List<List<Inception>> stages =
        List.of(
            List.of(
                new Inception(64, 96, 128, 16, 32, 32), //
                new Inception(128, 128, 192, 32, 96, 64)),
            List.of(
                new Inception(192, 96, 208, 16, 48, 64),
                new Inception(160, 112, 224, 24, 64, 64),
                new Inception(128, 128, 256, 24, 64, 64),
                new Inception(112, 144, 288, 32, 64, 64),
                new Inception(256, 160, 320, 32, 128, 128)),
            List.of(
                new Inception(256, 160, 320, 32, 128, 128),
                new Inception(384, 192, 384, 48, 128, 128)));
    return new Family(
        "googlenet",
        Preprocessing.imagenet(),
        "fc",
        List.of("aux1", "aux2"),
        ClassNames.imageNet(),
        new GoogLeNet(List.of(64, 64, 192), stages, true));
  }

  private static Family squeezeNet10() {
    List<List<Fire>> stages =
        List.of(
            List.of(new Fire(16, 64), new Fire(16, 64), new Fire(32, 128)),
            List.of(new Fire(32, 128), new Fire(48, 192), new Fire(48, 192), new Fire(64, 256)),
            List.of(new Fire(64, 256)));
    var topology = new SqueezeNet(96, Window.of(7, 2, 0), stages);
    return imageNet("squeezenet1_0", "classifier.1", topology);
  }

  private static Family squeezeNet11() {
    List<List<Fire>> stages =
        List.of(
            List.of(new Fire(16, 64), new Fire(16, 64)),
            List.of(new Fire(32, 128), new Fire(32, 128)),
            List.of(new Fire(48, 192), new Fire(48, 192), new Fire(64, 256), new Fire(64, 256)));
    var topology = new SqueezeNet(64, Window.of(3, 2, 0), stages);
    return imageNet("squeezenet1_1", "classifier.1", topology);
  }

  private static Family mobileNetV2() {
    List<MobileNetV2.Stage> stages =
        List.of(
            new MobileNetV2.Stage(1, 16, 1, 1),
            new MobileNetV2.Stage(6, 24, 2, 2),
            new MobileNetV2.Stage(6, 32, 3, 2),
            new MobileNetV2.Stage(6, 64, 4, 2),
            new MobileNetV2.Stage(6, 96, 3, 1),
            new MobileNetV2.Stage(6, 160, 3, 2),
            new MobileNetV2.Stage(6, 320, 1, 1));
    return imageNet("mobilenet_v2", "classifier.1", new MobileNetV2(32, stages, 1280));
  }

  private static Family imageNet(String name, String classifier, Topology topology) {
    return new Family(
        name, Preprocessing.imagenet(), classifier, List.of(), ClassNames.imageNet(), topology);
  }

  private static Family cifarResNet(int depth) {
    return new Family(
        "cifar_resnet" + depth,
        Preprocessing.cifar(),
        "linear",
        List.of(),
        ClassNames.cifar10(),
        new CifarResNet((depth - 2) / 6, List.of(16, 32, 64)));
  }
}
