package dev.hedgerow.test;

import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.MaxPool;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.Window;
import dev.hedgerow.engine.WinogradUse;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.Add;
import dev.hedgerow.nn.layer.BatchNorm;
import dev.hedgerow.nn.layer.Concat;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Flatten;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Linear;
import dev.hedgerow.nn.layer.MaxPool2d;
import dev.hedgerow.nn.layer.Relu;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * A network of two to four blocks, drawn at random, whose 3×3 convolutions above the first are so
 * wide that Winograd's algorithm pays, forward and back; those of {@link RandomNetwork} are too
 * narrow.
 *
 * @param height rows of the image
 * @param width columns of the image
 * @param most channels of a convolution at most; 32 at least
 * @param blocks from the image up
 * @param sparse whether some weights are 0, and half of the image, and biases negative, so that
 *     nothing is active there
 * @param seed of everything else
 */
record WideNetwork(int height, int width, int most, List<Block> blocks, boolean sparse, long seed) {
  private static final int LEAST = 32;
  private static final int CLASSES = 5;

  /** A part of a network. */
  enum Block {
    /** Convolution, perhaps batch normalization, ReLU. */
    PLAIN,
    /** Two convolutions and a shortcut. */
    BASIC,
    /** 1×1 convolution, then 1×1 beside 3×3. */
    FIRE,
    /** The input beside what normalization, ReLU and a convolution make of it. */
    DENSE,
    /** Max pool of 3×3 at stride 1. */
    MAX_POOL
  }

  /**
   * Networks of small images; or of large ones and few channels, whose weights are transformed
   * first.
   */
  static Arbitrary<WideNetwork> all() {
    return Arbitraries.frequencyOf(Tuple.of(4, all(9, 21, 48)), Tuple.of(1, all(40, 44, 32)));
  }

  private static Arbitrary<WideNetwork> all(int from, int to, int most) {
    return Combinators.combine(
            Arbitraries.integers().between(from, to).withoutEdgeCases(),
            Arbitraries.integers().between(from, to).withoutEdgeCases(),
            Arbitraries.of(Block.class).list().ofMinSize(1).ofMaxSize(3).withoutEdgeCases(),
            Arbitraries.of(true, false),
            Arbitraries.longs().withoutEdgeCases())
        .as((h, w, blocks, sparse, seed) -> new WideNetwork(h, w, most, blocks, sparse, seed));
  }

  /** Returns an image for the network. */
  Tensor image() {
    var random = new Random(seed + 1);
    Shape shape = Shape.of(1, 3, height, width);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      boolean black = sparse && i % (height * width) < values.length / 6;
      values[i] = black ? 0 : (float) random.nextGaussian();
    }
    return Tensor.of(shape, values);
  }

  /** Returns a class to explain. */
  int target() {
    return Math.floorMod(seed, CLASSES);
  }

  /** Returns the network. */
  Graph graph() {
    return new Construction().graph();
  }

  /** Returns how many convolutions are computed by Winograd's algorithm, forward and back. */
  static long byWinograd(Graph graph) {
    return graph.nodes().stream()
        .filter(
            node ->
                node.layer() instanceof Conv2d(Convolution convolution)
                    && convolution.window().equals(Window.of(3, 1, 1))
                    && WinogradUse.forward(convolution, node.input().shape())
                    && WinogradUse.reverse(convolution, node.input().shape()))
        .count();
  }

  /** Adds layers to a graph under names that count up. */
  private final class Construction {
    private final Graph.Builder builder = Graph.builder("wide");
    private final Random random = new Random(seed);
    private int count;

    Graph graph() {
      Node node = builder.input("input", Shape.of(1, 3, height, width));
      node = relu(convolution(node, channels(), 3));
      for (Block block : blocks) node = block(block, node);
      // Whatever the blocks are, there is one.
      node = relu(convolution(node, channels(), 3));
      node = add(new AdaptiveAveragePool2d(new AdaptiveAveragePool(2, 2)), node);
      node = add(new Flatten(1), node);
      Shape shape = Shape.of(CLASSES, node.shape().extent(1));
      return builder.build(add(new Linear(Dense.of(weight(shape), bias(CLASSES))), node));
    }

    private Node block(Block block, Node from) {
      return switch (block) {
        case PLAIN -> relu(normalized(convolution(from, channels(), 3)));
        case BASIC -> {
          Node main = relu(normalized(convolution(from, channels(), 3)));
          main = normalized(convolution(main, from.shape().extent(1), 3));
          yield relu(add(new Add(), main, from));
        }
        case FIRE -> {
          Node squeezed = relu(convolution(from, channels(), 1));
          Node one = relu(convolution(squeezed, random.nextInt(1, 20), 1));
          yield add(new Concat(1), one, relu(convolution(squeezed, channels(), 3)));
        }
        case DENSE -> {
          Node grown = convolution(relu(normalized(from)), channels(), 3);
          yield add(new Concat(1), from, grown);
        }
        case MAX_POOL -> add(new MaxPool2d(new MaxPool(Window.of(3, 1, 1), false)), from);
      };
    }

    private int channels() {
      return random.nextInt(LEAST, most + 1);
    }

    private Node relu(Node from) {
      return add(new Relu(), from);
    }

    private Node convolution(Node from, int outputs, int side) {
      Shape shape = Shape.of(outputs, from.shape().extent(1), side, side);
      Window window = Window.of(side, 1, side / 2);
      return add(new Conv2d(Convolution.of(weight(shape), bias(outputs), window, 1)), from);
    }

    /** Perhaps adds a normalization; its factors have both signs. */
    private Node normalized(Node from) {
      if (random.nextBoolean()) return from;
      int channels = from.shape().extent(1);
      float[] scale = new float[channels];
      float[] variance = new float[channels];
      for (int i = 0; i < channels; i++) {
        scale[i] = (0.5f + random.nextFloat()) * (random.nextInt(4) == 0 ? -1 : 1);
        variance[i] = 0.5f + random.nextFloat();
      }
      return add(
          new BatchNorm(
              BatchNormalization.of(
                  Parameter.of(Shape.of(channels), scale),
                  bias(channels),
                  bias(channels),
                  Parameter.of(Shape.of(channels), variance),
                  1e-5f)),
          from);
    }

    private Parameter weight(Shape shape) {
      float[] values = new float[shape.size()];
      double scale = 1.4 * Math.sqrt((double) shape.extent(0) / values.length);
      for (int i = 0; i < values.length; i++) {
        if (!sparse || random.nextInt(3) != 0) values[i] = (float) (scale * random.nextGaussian());
      }
      return Parameter.of(shape, values);
    }

    private Parameter bias(int channels) {
      float[] values = new float[channels];
      for (int i = 0; i < channels; i++) {
        double value = 0.3 * random.nextGaussian();
        values[i] = (float) (sparse ? -Math.abs(value) : value);
      }
      return Parameter.of(Shape.of(channels), values);
    }

    private Node add(Layer layer, Node... inputs) {
      String name = layer.getClass().getSimpleName().toLowerCase(Locale.ROOT);
      return builder.add(name + count++, layer, inputs);
    }
  }
}
