package dev.hedgerow.test;

import dev.hedgerow.attribution.Attributor;
import dev.hedgerow.attribution.Options;
import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.LocalResponseNormalization;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.Affine;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Clip;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.HardSwish;
import dev.hedgerow.nn.layer.Identity;
import dev.hedgerow.nn.layer.Input;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.LeakyRelu;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.Lrn;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Multiply;
import dev.hedgerow.nn.layer.Pad;
import dev.hedgerow.nn.layer.Relu;
import dev.hedgerow.nn.layer.Sigmoid;
import dev.hedgerow.nn.layer.Slice;
import dev.hedgerow.nn.layer.Softmax;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.jspecify.annotations.Nullable;

/**
 * A small network of one to five blocks, drawn at random. The blocks are those of the families that
 * classify images; their windows, widths and weights follow from the seed.
 *
 * @param channels channels of the image
 * @param height rows of the image
 * @param width columns of the image
 * @param blocks from the image up
 * @param head what makes logits of the last block's output
 * @param numbers how the weights and the image are filled
 * @param seed of everything else
 */
record RandomNetwork(
    int channels,
    int height,
    int width,
    List<Block> blocks,
    Head head,
    Numbers numbers,
    long seed) {

  /** A part of a network. */
  enum Block {
    /** Convolution, perhaps batch normalization, ReLU. */
    PLAIN,
    /** Depthwise convolution, ReLU6, 1×1 convolution, ReLU6, each normalized. */
    SEPARABLE,
    /** ReLU alone. */
    RELU,
    /** The input and what dropout (an identity) and ReLU6 leave of it, added. */
    CLIPPED,
    MAX_POOL,
    AVERAGE_POOL,
    LRN,
    /** Two 3×3 convolutions and a shortcut, projected or without parameters where shapes differ. */
    BASIC,
    /** 1×1, grouped 3×3 and 1×1 convolution and a shortcut. */
    BOTTLENECK,
    /** 1×1 convolution, then 1×1 beside 3×3. */
    FIRE,
    /** 1×1 beside 1×1, 1×k, k×1 beside max pool, 1×1. */
    INCEPTION,
    /** The input beside what normalization, ReLU and two convolutions make of it. */
    DENSE,
    /** 1×1 convolution, LeakyReLU, times a gate for each channel; no rule explains it. */
    EXCITE,
    /** Convolution, hard swish; no rule explains it. */
    SWISH;

    static final Set<Block> EXPLAINED = EnumSet.complementOf(EnumSet.of(EXCITE, SWISH));
  }

  /** What makes logits of the last block's output. */
  enum Head {
    FLATTENED,
    TWO_LAYERS,
    POOLED,
    NORMALIZED_AND_POOLED,
    CONVOLVED_AND_POOLED
  }

  /** How weights and image are filled. */
  enum Numbers {
    /** Gaussian, weights scaled by the number of terms. */
    GAUSSIAN,
    /** Gaussian with many exact zeros. */
    SPARSE,
    /** Weights of −1, 0 and 1, an image of 0 to 3, no normalization: sums are exact. */
    INTEGER,
    /** An image of zeros. */
    BLACK,
    /** An image of one colour. */
    CONSTANT,
    /** An image whose activations, without biases, are denormal. */
    DENORMAL,
    /** An image whose activations, without biases, are about the smallest denominator, 1e-30. */
    TINY,
    /** Denormal weights in every second convolution. */
    DENORMAL_WEIGHTS
  }

  /** Networks of the given blocks and numbers, images of up to 20 channels and 20×20 pixels. */
  static Arbitrary<RandomNetwork> all(Set<Block> blocks, Set<Numbers> numbers) {
    return Combinators.combine(
            Arbitraries.of(1, 3, 3, 3, 4, 20),
            integers(1, 20),
            integers(1, 20),
            Arbitraries.of(blocks).list().ofMinSize(1).ofMaxSize(5).withoutEdgeCases(),
            Arbitraries.of(Head.class),
            Arbitraries.of(numbers),
            Arbitraries.longs().withoutEdgeCases())
        .as(RandomNetwork::new);
  }

  /** All numbers alike; combined edge cases would make most networks tiny. */
  private static Arbitrary<Integer> integers(int from, int to) {
    return Arbitraries.integers().between(from, to).withoutEdgeCases();
  }

  /** Returns an image for the network, one for each {@code number}. */
  Tensor image(int number) {
    var random = new Random(seed ^ (0x9e3779b97f4a7c15L * (number + 1)));
    Shape shape = Shape.of(1, channels, height, width);
    float[] values = new float[shape.size()];
    float constant = (float) random.nextGaussian();
    for (int i = 0; i < values.length; i++) {
      double value = random.nextGaussian();
      values[i] =
          switch (numbers) {
            case GAUSSIAN, DENORMAL_WEIGHTS -> (float) value;
            case SPARSE -> random.nextBoolean() ? (float) value : 0;
            case INTEGER -> random.nextInt(4);
            case BLACK -> 0;
            case CONSTANT -> constant;
            case DENORMAL -> (float) (value * 1e-41);
            case TINY -> (float) (value * 1e-30);
          };
    }
    return Tensor.of(shape, values);
  }

  /** Returns a class to explain. */
  int target(Graph graph) {
    return Math.floorMod(seed, graph.classes());
  }

  /**
   * Returns the start layer that has to be named because the network has no spatial activation, as
   * with an image of one pixel; null where the network's own start layer is found.
   */
  @Nullable String startLayer(Graph graph) {
    String last = null;
    boolean found = false;
    Node features = graph.node("features");
    for (Node node : graph.ancestors(features).stream().toList().reversed()) {
      if (!(node.layer() instanceof Relu
          || node.layer() instanceof Add
          || node.layer() instanceof Concat)) continue;
      found |= node.shape().extent(2) * node.shape().extent(3) > 1;
      last = node.name();
    }
    return found ? null : last == null ? "features" : last;
  }

  /** Returns options with that start layer, for a method that takes one. */
  Options started(Attributor method, Graph graph, Options options) {
    // A contrast starts at the logits.
    return method.name().startsWith("contrastive-lrp")
        ? options
        : options.withStartLayer(startLayer(graph));
  }

  /** Returns the network. */
  Graph graph() {
    return new Construction(null).graph();
  }

  /** Returns the network with each weight off by 16 roundings, one way or the other. */
  Graph perturbed(int number) {
    return new Construction(new Random(number)).graph();
  }

  /** Returns whether nothing but preprocessing stands between the image and a node's output. */
  static boolean isPreprocessing(Node node) {
    return switch (node.layer()) {
      case Input input -> true;
      case Affine affine -> isPreprocessing(node.input());
      case BatchNorm norm -> isPreprocessing(node.input());
      case Pad pad -> isPreprocessing(node.input());
      case Slice slice -> isPreprocessing(node.input());
      default -> false;
    };
  }

  /** Adds layers to a graph under names that count up. */
  private final class Construction {
    private final Graph.Builder builder = Graph.builder("random");
    private final boolean biased =
        numbers != Numbers.DENORMAL && numbers != Numbers.TINY && seed % 4 != 0;
    private final @Nullable Random noise;
    private Random random = new Random(seed);
    private int count;

    Construction(@Nullable Random noise) {
      this.noise = noise;
    }

    Graph graph() {
      Node node = builder.input("input", Shape.of(1, channels, height, width));
      node = preprocessing(node);
      for (int i = 0; i < blocks.size(); i++) {
        // Each block has numbers of its own, so that a failure shrinks block by block.
        random = new Random(seed + 31L * (i + 1));
        node = block(blocks.get(i), node);
      }
      random = new Random(seed - 1);
      node = logits(builder.add("features", new Identity(), node));
      if (random.nextBoolean()) node = add(new Softmax(1), node);
      return builder.build(node);
    }

    private Node preprocessing(Node from) {
      if (numbers != Numbers.GAUSSIAN) return from;
      Node node = from;
      if (random.nextInt(3) == 0) {
        Shape shape = Shape.of(1, channels, 1, 1);
        node =
            add(
                new Affine(
                    Tensor.of(shape, gaussians(channels, 1)),
                    Tensor.of(shape, gaussians(channels, 1))),
                node);
      }
      if (random.nextInt(4) == 0) node = normalized(node);
      if (random.nextInt(3) == 0) {
        node = add(new Pad(List.of(0, 0, 1, 0), List.of(0, 0, 0, 2), 0), node);
      }
      return node;
    }

    private Node block(Block block, Node from) {
      int outputs = random.nextInt(1, 21);
      return switch (block) {
        case PLAIN -> {
          int groups = random.nextInt(3) == 0 ? commonDivisor(from, outputs) : 1;
          Node node = convolution(from, outputs, groups, window(from, true));
          yield relu(random.nextBoolean() ? normalized(node) : node);
        }
        case SEPARABLE -> {
          int inputs = from.shape().extent(1);
          Node node = clipped(normalized(convolution(from, inputs, inputs, window(from, true))));
          yield clipped(normalized(convolution(node, outputs, 1, Window.of(1, 1, 0))));
        }
        case RELU -> relu(from);
        case CLIPPED -> add(new Add(), clipped(add(new Identity(), from)), from);
        case MAX_POOL ->
            add(new MaxPool2d(new MaxPool(window(from, false), random.nextBoolean())), from);
        case AVERAGE_POOL ->
            add(
                new AveragePool2d(
                    new AveragePool(
                        window(from, false), random.nextBoolean(), random.nextBoolean())),
                from);
        case LRN -> add(new Lrn(new LocalResponseNormalization(5, 1e-2f, 0.75f, 1)), from);
        case BASIC -> {
          int stride = random.nextInt(1, 3);
          int kept = random.nextBoolean() ? from.shape().extent(1) : outputs;
          Node main = relu(normalized(convolution(from, outputs, 1, Window.of(3, stride, 1))));
          main = normalized(convolution(main, kept, 1, Window.of(3, 1, 1)));
          yield relu(shortcut(main, from, stride));
        }
        case BOTTLENECK -> {
          int stride = random.nextInt(1, 3);
          int kept = random.nextBoolean() ? from.shape().extent(1) : 4 * random.nextInt(1, 6);
          int squeezed = 2 * random.nextInt(1, 5);
          Node main = relu(normalized(convolution(from, squeezed, 1, Window.of(1, 1, 0))));
          main = relu(normalized(convolution(main, squeezed, 2, Window.of(3, stride, 1))));
          main = normalized(convolution(main, kept, 1, Window.of(1, 1, 0)));
          yield relu(shortcut(main, from, stride));
        }
        case FIRE -> {
          Node squeezed = relu(convolution(from, outputs, 1, Window.of(1, 1, 0)));
          Node one = relu(convolution(squeezed, random.nextInt(1, 11), 1, Window.of(1, 1, 0)));
          Node three = relu(convolution(squeezed, random.nextInt(1, 11), 1, Window.of(3, 1, 1)));
          yield add(new Concat(1), one, three);
        }
        case INCEPTION -> {
          int side = 2 * random.nextInt(1, 3) + 1;
          Window row = new Window(1, side, 1, 1, 1, 1, 0, side / 2, 0, side / 2);
          Window column = new Window(side, 1, 1, 1, 1, 1, side / 2, 0, side / 2, 0);
          Node one = unit(from, random.nextInt(1, 7), Window.of(1, 1, 0));
          Node two = unit(from, outputs, Window.of(1, 1, 0));
          two = unit(two, outputs, row);
          two = unit(two, random.nextInt(1, 7), column);
          Node three = add(new MaxPool2d(new MaxPool(Window.of(3, 1, 1), false)), from);
          three = unit(three, random.nextInt(1, 7), Window.of(1, 1, 0));
          yield add(new Concat(1), one, two, three);
        }
        case DENSE -> {
          Node grown = relu(normalized(from));
          grown = relu(normalized(convolution(grown, outputs, 1, Window.of(1, 1, 0))));
          grown = convolution(grown, random.nextInt(1, 7), 1, Window.of(3, 1, 1));
          yield add(new Concat(1), from, grown);
        }
        case EXCITE -> {
          Node node = convolution(from, outputs, 1, Window.of(1, 1, 0));
          node = add(new LeakyRelu(0.1f), node);
          Node gate = add(new AdaptiveAveragePool2d(new AdaptiveAveragePool(1, 1)), node);
          gate = relu(convolution(gate, outputs, 1, Window.of(1, 1, 0)));
          gate = add(new Sigmoid(), gate);
          yield add(new Multiply(), node, gate);
        }
        case SWISH -> add(new HardSwish(), convolution(from, outputs, 1, window(from, true)));
      };
    }

    private Node logits(Node from) {
      int classes = random.nextInt(1, 11);
      return switch (head) {
        case FLATTENED -> linear(add(new Flatten(1), from), classes);
        case TWO_LAYERS ->
            linear(relu(linear(add(new Flatten(1), from), random.nextInt(1, 33))), classes);
        case POOLED -> linear(add(new Flatten(1), pooled(from, 2)), classes);
        case NORMALIZED_AND_POOLED ->
            linear(add(new Flatten(1), pooled(relu(normalized(from)), 1)), classes);
        case CONVOLVED_AND_POOLED -> {
          Node node = convolution(from, classes, 1, Window.of(1, 1, 0));
          yield add(new Flatten(1), pooled(relu(node), 1));
        }
      };
    }

    private Node pooled(Node from, int side) {
      // Means are no integers.
      if (numbers == Numbers.INTEGER) {
        Shape shape = from.shape();
        Window all = new Window(shape.extent(2), shape.extent(3), 1, 1, 1, 1, 0, 0, 0, 0);
        return add(new MaxPool2d(new MaxPool(all, false)), from);
      }
      return add(new AdaptiveAveragePool2d(new AdaptiveAveragePool(side, side)), from);
    }

    private Node shortcut(Node main, Node from, int stride) {
      Node skip = from;
      int wider = main.shape().extent(1) - from.shape().extent(1);
      if (!main.shape().equals(from.shape())) {
        skip =
            wider >= 0 && random.nextBoolean()
                ? widened(subsampled(from, stride), wider)
                : normalized(convolution(from, main.shape().extent(1), 1, Window.of(1, stride, 0)));
      }
      return random.nextBoolean() ? add(new Add(), main, skip) : add(new Add(), skip, main);
    }

    private Node subsampled(Node from, int stride) {
      Shape shape = from.shape();
      return add(
          new Slice(
              List.of(0, 0, 0, 0),
              List.of(1, shape.extent(1), shape.extent(2), shape.extent(3)),
              List.of(1, 1, stride, stride)),
          from);
    }

    private Node widened(Node from, int channels) {
      int before = channels / 2;
      return add(new Pad(List.of(0, before, 0, 0), List.of(0, channels - before, 0, 0), 0), from);
    }

    private Node unit(Node from, int outputs, Window window) {
      return relu(normalized(convolution(from, outputs, 1, window)));
    }

    private Node relu(Node from) {
      return add(new Relu(), from);
    }

    private Node clipped(Node from) {
      return add(new Clip(0, 6), from);
    }

    /** A window that fits: kernel 1-5, stride 1-3, dilation 1-2, padding up to half the kernel. */
    private Window window(Node from, boolean dilated) {
      int[] side = new int[2];
      int[] dilation = {1, 1};
      int[] before = new int[2];
      int[] after = new int[2];
      for (int axis = 0; axis < 2; axis++) {
        int extent = from.shape().extent(axis + 2);
        side[axis] = random.nextInt(1, 6);
        before[axis] = random.nextInt(side[axis] / 2 + 1);
        after[axis] = random.nextInt(side[axis] / 2 + 1);
        if (dilated && random.nextInt(3) == 0) dilation[axis] = 2;
        if (extent + before[axis] + after[axis] <= (side[axis] - 1) * dilation[axis]) {
          side[axis] = Math.min(extent, side[axis]);
          dilation[axis] = 1;
          before[axis] = 0;
          after[axis] = 0;
        }
      }
      return new Window(
          side[0],
          side[1],
          random.nextInt(1, 4),
          random.nextInt(1, 4),
          dilation[0],
          dilation[1],
          before[0],
          before[1],
          after[0],
          after[1]);
    }

    private int commonDivisor(Node from, int outputs) {
      int inputs = from.shape().extent(1);
      for (int groups = Math.min(inputs, outputs); groups > 1; groups--) {
        if (inputs % groups == 0 && outputs % groups == 0) return groups;
      }
      return 1;
    }

    private Node convolution(Node from, int outputs, int groups, Window window) {
      Shape shape =
          Shape.of(outputs, from.shape().extent(1) / groups, window.height(), window.width());
      Parameter weight = weight(shape, shape.size() / outputs);
      return add(new Conv2d(Convolution.of(weight, bias(outputs), window, groups)), from);
    }

    private Node linear(Node from, int outputs) {
      Shape shape = Shape.of(outputs, from.shape().extent(1));
      return add(new Linear(Dense.of(weight(shape, shape.extent(1)), bias(outputs))), from);
    }

    /** Factors of both signs, but positive ones after a convolution that reads the image. */
    private Node normalized(Node from) {
      if (numbers == Numbers.INTEGER) return from;
      boolean positive = from.inputs().stream().allMatch(RandomNetwork::isPreprocessing);
      int channels = from.shape().extent(1);
      float[] scale = new float[channels];
      float[] variance = new float[channels];
      for (int i = 0; i < channels; i++) {
        scale[i] = 0.5f + random.nextFloat();
        if (!positive && random.nextInt(4) == 0) scale[i] = -scale[i];
        variance[i] = 0.5f + random.nextFloat();
      }
      float spread = biased ? 0.3f : 0;
      Shape shape = Shape.of(channels);
      return add(
          new BatchNorm(
              BatchNormalization.of(
                  Parameter.of(shape, scale),
                  Parameter.of(shape, gaussians(channels, spread)),
                  Parameter.of(shape, gaussians(channels, spread)),
                  Parameter.of(shape, variance),
                  1e-5f)),
          from);
    }

    private Parameter weight(Shape shape, int terms) {
      float[] values = new float[shape.size()];
      double scale = 1.4 / Math.sqrt(terms);
      if (numbers == Numbers.DENORMAL_WEIGHTS && random.nextBoolean()) scale *= 1e-40;
      for (int i = 0; i < values.length; i++) {
        values[i] =
            numbers == Numbers.INTEGER
                ? random.nextInt(-1, 2)
                : (float) (scale * random.nextGaussian());
        if (numbers == Numbers.SPARSE && random.nextInt(3) == 0) values[i] = 0;
        if (noise != null) values[i] *= 1 + (noise.nextBoolean() ? 0x1p-20f : -0x1p-20f);
      }
      return Parameter.of(shape, values);
    }

    private @Nullable Parameter bias(int outputs) {
      if (!biased) return null;
      float[] values = gaussians(outputs, 0.3f);
      if (numbers == Numbers.INTEGER) {
        for (int i = 0; i < outputs; i++) values[i] = random.nextInt(-2, 3);
      }
      return Parameter.of(Shape.of(outputs), values);
    }

    private float[] gaussians(int count, float spread) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) values[i] = (float) (spread * random.nextGaussian());
      return values;
    }

    private Node add(Layer layer, Node... inputs) {
      String name = layer.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
      return builder.add(name + count++, layer, inputs);
    }
  }
}
