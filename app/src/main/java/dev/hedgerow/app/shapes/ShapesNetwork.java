package dev.hedgerow.app.shapes;

import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.ClassNames;
import dev.hedgerow.nn.Family;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Modules;
import dev.hedgerow.nn.Preprocessing;
import dev.hedgerow.nn.ResNet;
import dev.hedgerow.nn.Topology;
import dev.hedgerow.nn.Vgg;
import dev.hedgerow.nn.train.Folding;
import dev.hedgerow.weights.Binding;
import dev.hedgerow.weights.WeightFile;
import dev.hedgerow.weights.WeightSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The networks that were trained on the drawn world. Each says which classes are in a picture. */
public enum ShapesNetwork {
  /** VGG-16's thirteen convolutions and five pools, trained with batch normalisations. */
  SHAPES_VGG,
  /** Bottlenecks with batch normalisations and adds. */
  SHAPES_RESNET,
  /** The same layers as {@link #SHAPES_VGG}, trained where a watermark goes with the heart. */
  CLEVER_HANS;

  /** Returns the network that {@code --model} knows by a name. */
  public static Optional<ShapesNetwork> find(String label) {
    return Arrays.stream(values()).filter(network -> network.label().equals(label)).findFirst();
  }

  /** Returns the names of all. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(ShapesNetwork::label).toList();
  }

  /** Returns the name that {@code --model} knows it by: {@code shapes-vgg}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns what the world is like whose pictures it was trained on. */
  public ShapesOptions world() {
    return this == CLEVER_HANS ? ShapesOptions.cleverHans() : ShapesOptions.standard();
  }

  /** Returns the number of logits. */
  public static int classes() {
    return ShapeClass.all().size();
  }

  /** Returns the network as it is trained. */
  public Family trained() {
    return this == SHAPES_RESNET ? family() : family("classifier", vgg(true));
  }

  /** Returns the network as it is used: VGG's normalisations are folded into its convolutions. */
  public Family family() {
    return this == SHAPES_RESNET ? family("fc", resNet()) : family("classifier", vgg(false));
  }

  /** Returns the parameters of {@link #family} for those of {@link #trained}. */
  public Map<String, Parameter> finish(Map<String, Parameter> parameters) {
    return this == SHAPES_RESNET
        ? parameters
        : Folding.fold(trained(), family(), classes(), parameters);
  }

  /** Returns whether weights come with this program. */
  public boolean hasWeights() {
    return ShapesNetwork.class.getResource(file()) != null;
  }

  private String file() {
    return label() + ".safetensors";
  }

  /**
   * Returns the weights that come with this program, in half precision.
   *
   * @throws NullPointerException if none do
   */
  public WeightSource weights() {
    String file = file();
    try (InputStream bytes = ShapesNetwork.class.getResourceAsStream(file)) {
      return WeightFile.read(
          Path.of(file), MemorySegment.ofArray(Objects.requireNonNull(bytes, file).readAllBytes()));
    } catch (IOException wrong) {
      throw new UncheckedIOException(file + " cannot be read", wrong);
    }
  }

  /**
   * Returns the network with these weights, for pictures of the world's size, which may be of
   * several classes.
   */
  public Graph graph() {
    try {
      return Binding.bind(family(), weights(), family().input()).multiLabel();
    } catch (IOException wrong) {
      throw new UncheckedIOException(label() + " cannot be read", wrong);
    }
  }

  private Family family(String classifier, Topology topology) {
    int side = ShapesOptions.standard().side();
    return new Family(
        label(),
        Preprocessing.tensorFlow().withSize(side, side),
        classifier,
        List.of(),
        ClassNames.parse(ShapeClass.labels()),
        topology);
  }

  private static Vgg vgg(boolean normalized) {
    List<List<Integer>> stages =
        List.of(
            List.of(16, 16),
            List.of(32, 32),
            List.of(48, 48, 48),
            List.of(64, 64, 64),
            List.of(96, 96, 96));
    return new Vgg(stages, 1, normalized, Vgg.Form.POOLED);
  }

  /** A small ResNet whose stem keeps the resolution. */
  private static ResNet resNet() {
    List<ResNet.Stage> stages =
        List.of(
            new ResNet.Stage(2, 16, 32),
            new ResNet.Stage(2, 32, 64),
            new ResNet.Stage(2, 64, 128),
            new ResNet.Stage(2, 64, 256));
    var pool = new MaxPool(Window.of(3, 2, 1), false);
    var form = new ResNet.Form(ResNet.Bias.NONE, Window.of(3, 1, 1), pool, false, Modules.EPSILON);
    return new ResNet(ResNet.Block.BOTTLENECK, 16, stages, 1, form);
  }
}
