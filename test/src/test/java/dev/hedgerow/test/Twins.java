package dev.hedgerow.test;

import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.nn.AlexNet;
import dev.hedgerow.nn.CifarResNet;
import dev.hedgerow.nn.DenseNet;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.GoogLeNet;
import dev.hedgerow.nn.InceptionV3;
import dev.hedgerow.nn.MobileNetV2;
import dev.hedgerow.nn.ResNet;
import dev.hedgerow.nn.SqueezeNet;
import dev.hedgerow.nn.Topology;
import dev.hedgerow.nn.Vgg;
import java.util.List;
import java.util.Random;

/** Families with an eighth of their channels, names and wiring intact. */
final class Twins {
  private static final int NARROWER = 8;
  private static final int HIDDEN = 32;

  private Twins() {}

  /** Returns the narrow twin of a family, of the same name. */
  static Family of(Family family) {
    return family.with(family.name(), narrow(family.topology()));
  }

  private static Topology narrow(Topology topology) {
    return switch (topology) {
      case AlexNet net -> new AlexNet(narrow(net.channels()), HIDDEN);
      case Vgg net ->
          new Vgg(
              net.stages().stream().map(Twins::narrow).toList(),
              HIDDEN,
              net.normalized(),
              net.form());
      case ResNet net ->
          new ResNet(
              net.block(),
              narrow(net.stem()),
              net.stages().stream()
                  .map(
                      stage ->
                          new ResNet.Stage(
                              stage.blocks(), narrow(stage.width()), narrow(stage.channels())))
                  .toList(),
              narrow(net.groups()),
              net.form());
      case CifarResNet net -> net;
      case DenseNet net -> new DenseNet(narrow(net.stem()), narrow(net.growth()), net.blocks());
      case InceptionV3 net ->
          new InceptionV3(1.0 / NARROWER, net.transformed(), net.countPadding());
      case GoogLeNet net ->
          new GoogLeNet(
              narrow(net.stem()),
              net.stages().stream()
                  .map(stage -> stage.stream().map(Twins::narrow).toList())
                  .toList(),
              net.transformed());
      case SqueezeNet net ->
          new SqueezeNet(
              narrow(net.stem()),
              net.window(),
              net.stages().stream()
                  .map(
                      stage ->
                          stage.stream()
                              .map(
                                  fire ->
                                      new SqueezeNet.Fire(
                                          narrow(fire.squeezed()), narrow(fire.expanded())))
                              .toList())
                  .toList());
      case MobileNetV2 net ->
          new MobileNetV2(
              narrow(net.stem()),
              net.stages().stream()
                  .map(
                      stage ->
                          new MobileNetV2.Stage(
                              stage.expansion(),
                              narrow(stage.channels()),
                              stage.blocks(),
                              stage.stride()))
                  .toList(),
              narrow(net.last()));
      default -> throw new IllegalArgumentException("no twin of " + topology);
    };
  }

  private static int narrow(int channels) {
    return Math.max(1, channels / NARROWER);
  }

  private static List<Integer> narrow(List<Integer> channels) {
    return channels.stream().map(Twins::narrow).toList();
  }

  private static GoogLeNet.Inception narrow(GoogLeNet.Inception module) {
    return new GoogLeNet.Inception(
        narrow(module.one()),
        narrow(module.squeezed()),
        narrow(module.three()),
        narrow(module.squeezedAgain()),
        narrow(module.five()),
        narrow(module.pooled()));
  }

  /** Returns Gaussian weights, scaled as He et al. (2015) do it, and norms that are not alike. */
  static Parameter parameter(String name, Shape shape) {
    var random = new Random(name.hashCode());
    float[] values = new float[shape.size()];
    double spread = shape.rank() == 1 ? 0.1 : Math.sqrt(2.0 * shape.extent(0) / shape.size());
    boolean factor = shape.rank() == 1 && (name.endsWith("weight") || name.endsWith("var"));
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((factor ? 1 : 0) + spread * random.nextGaussian());
    }
    return Parameter.of(shape, values);
  }
}
