package dev.hedgerow.nn;

import dev.hedgerow.nn.GoogLeNet.Inception;
import dev.hedgerow.nn.SqueezeNet.Fire;
import java.util.List;

/** Narrow twins of the families: the same layers, names and wiring, fewer channels. */
public final class Twins {
  private static final int HIDDEN = 32;

  private final int share;

  private Twins(int share) {
    this.share = share;
  }

  /** Returns the twin of a family with a sixteenth of its channels, which has its name. */
  public static Family of(Family family) {
    return of(family, 16);
  }

  /** Returns the twin of a family with one of {@code share} channels, which has its name. */
  public static Family of(Family family, int share) {
    return family.with(family.name(), new Twins(share).narrow(family.topology()));
  }

  private Topology narrow(Topology topology) {
    return switch (topology) {
      case AlexNet net -> new AlexNet(net.channels().stream().map(this::share).toList(), HIDDEN);
      case Vgg net ->
          new Vgg(
              net.stages().stream().map(stage -> stage.stream().map(this::share).toList()).toList(),
              HIDDEN,
              net.normalized(),
              net.form());
      case ResNet net ->
          new ResNet(
              net.block(),
              share(net.stem()),
              net.stages().stream()
                  .map(
                      stage ->
                          new ResNet.Stage(
                              stage.blocks(), share(stage.width()), share(stage.channels())))
                  .toList(),
              net.groups() > 1 ? 4 : 1,
              net.form());
      case DenseNet net -> new DenseNet(8, 4, net.bottleneck(), net.blocks(), net.epsilon());
      case InceptionV3 net -> new InceptionV3(1.0 / share, net.transformed(), net.countPadding());
      case GoogLeNet net ->
          new GoogLeNet(
              net.stem().stream().map(this::share).toList(),
              net.stages().stream()
                  .map(stage -> stage.stream().map(this::narrow).toList())
                  .toList(),
              net.transformed());
      case SqueezeNet net ->
          new SqueezeNet(
              share(net.stem()),
              net.window(),
              net.stages().stream()
                  .map(
                      stage ->
                          stage.stream()
                              .map(fire -> new Fire(share(fire.squeezed()), share(fire.expanded())))
                              .toList())
                  .toList());
      case MobileNetV2 net ->
          new MobileNetV2(
              share(net.stem()),
              net.stages().stream()
                  .map(
                      stage ->
                          new MobileNetV2.Stage(
                              stage.expansion(),
                              share(stage.channels()),
                              stage.blocks(),
                              stage.stride()))
                  .toList(),
              share(net.last()));
      case CifarResNet net -> new CifarResNet(net.blocks(), List.of(4, 8, 16));
      default -> throw new IllegalArgumentException("no twin of " + topology);
    };
  }

  private Inception narrow(Inception module) {
    return new Inception(
        share(module.one()),
        share(module.squeezed()),
        share(module.three()),
        share(module.squeezedAgain()),
        share(module.five()),
        share(module.pooled()));
  }

  private int share(int channels) {
    return Math.max(1, channels / share);
  }
}
