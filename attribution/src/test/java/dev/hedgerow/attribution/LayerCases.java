package dev.hedgerow.attribution;

import dev.hedgerow.attribution.NaiveHedge.Sliding;
import dev.hedgerow.engine.Window;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Random layers with random inputs and relevance, adversarial ones among them. */
final class LayerCases {
  private LayerCases() {}

  /** Which signs the relevance at the output has. */
  enum Signs {
    BOTH,
    POSITIVE,
    NEGATIVE,
    ONE_ELEMENT
  }

  /**
   * One layer; the values follow from the seed.
   *
   * @param sparsity share of exact zeros among inputs, weights and relevance
   * @param rectified whether no input is negative
   */
  record Case(
      Sliding layer, float gamma, double sparsity, boolean rectified, Signs signs, long seed) {

    /**
     * Inputs {@code [1, C, H, W]}; some channels are dead, some have nothing but negative values.
     */
    float[] x() {
      var random = new Random(seed);
      float[] x = new float[layer.inputSize()];
      int area = layer.height() * layer.width();
      for (int channel = 0; channel < layer.inputs(); channel++) {
        double kind = random.nextDouble();
        for (int i = channel * area; i < (channel + 1) * area; i++) {
          float value = gaussianOrZero(random);
          if (kind < 0.15) value = 0;
          else if (kind < 0.3) value = -Math.abs(value);
          x[i] = rectified ? Math.max(value, 0) : value;
        }
      }
      return x;
    }

    /** Weights {@code [O, C / groups, h, w]}; some filters are all zero where anything is. */
    float[] w() {
      var random = new Random(seed + 1);
      float[] w = new float[layer.weights()];
      int filter = w.length / layer.outputs();
      for (int output = 0; output < layer.outputs(); output++) {
        boolean dead = random.nextDouble() < 0.2 * sparsity;
        for (int i = output * filter; i < (output + 1) * filter; i++) {
          float value = gaussianOrZero(random);
          w[i] = dead ? 0 : value;
        }
      }
      return w;
    }

    /** Relevance at the output. */
    float[] r() {
      var random = new Random(seed + 2);
      float[] r = new float[layer.outputSize()];
      int only = random.nextInt(r.length);
      for (int i = 0; i < r.length; i++) {
        float value = gaussianOrZero(random);
        r[i] =
            switch (signs) {
              case BOTH -> value;
              case POSITIVE -> Math.abs(value);
              case NEGATIVE -> -Math.abs(value);
              case ONE_ELEMENT -> i == only ? (float) random.nextGaussian() : 0;
            };
      }
      return r;
    }

    /** The window in the engine's words. */
    Window window() {
      return new Window(
          layer.kernelHeight(),
          layer.kernelWidth(),
          layer.strideY(),
          layer.strideX(),
          layer.dilationY(),
          layer.dilationX(),
          layer.top(),
          layer.left(),
          layer.bottom(),
          layer.right());
    }

    private float gaussianOrZero(Random random) {
      float value = (float) random.nextGaussian();
      return random.nextDouble() < sparsity ? 0 : value;
    }
  }

  /** Convolutions of kernels 1-5, strides 1-3, dilations 1-2, up to 20 channels of 20×20. */
  static Arbitrary<Case> convolutions() {
    var sizes = uniform(1, 5);
    var kernels =
        Arbitraries.frequencyOf(
            Tuple.of(1, Arbitraries.just(Tuple.of(1, 1))),
            Tuple.of(4, Combinators.combine(sizes, sizes).as(Tuple::of)));
    var channels =
        Combinators.combine(
                Arbitraries.of(1, 1, 2, 3, 5, 10, 20),
                uniform(1, 20),
                uniform(1, 20),
                Arbitraries.of(false, false, true))
            .as(
                (groups, in, out, depthwise) ->
                    depthwise
                        ? new int[] {in, in, in}
                        : new int[] {
                          Math.max(1, in / groups) * groups,
                          Math.max(1, out / groups) * groups,
                          groups
                        });
    var paddings = uniform(0, 3).list().ofSize(4);
    var extents = Arbitraries.frequencyOf(Tuple.of(1, uniform(1, 2)), Tuple.of(5, uniform(1, 20)));
    var steps =
        Combinators.combine(uniform(1, 3).list().ofSize(2), uniform(1, 2).list().ofSize(2))
            .as(Tuple::of);
    Arbitrary<Sliding> layers =
        Combinators.combine(channels, extents, extents, kernels, steps, paddings)
            .as(
                (c, height, width, kernel, step, pad) ->
                    new Sliding(
                        c[0],
                        c[1],
                        c[2],
                        height,
                        width,
                        kernel.get1(),
                        kernel.get2(),
                        step.get1().get(0),
                        step.get1().get(1),
                        step.get2().get(0),
                        step.get2().get(1),
                        pad.get(0),
                        pad.get(1),
                        pad.get(2),
                        pad.get(3),
                        false));
    return cases(layers);
  }

  /** Linear layers of up to 70 inputs and outputs, as convolutions of one pixel. */
  static Arbitrary<Case> linearLayers() {
    return cases(
        Combinators.combine(uniform(1, 70), uniform(1, 70))
            .as(
                (inputs, outputs) ->
                    new Sliding(inputs, outputs, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, false)));
  }

  /** Pools of windows 1-5 with padding up to half the window, as every framework has it. */
  static Arbitrary<Case> pools() {
    var sizes = uniform(1, 5);
    Arbitrary<Sliding> layers =
        Combinators.combine(
                uniform(1, 20),
                uniform(1, 20).list().ofSize(2),
                sizes.list().ofSize(2),
                uniform(1, 3).list().ofSize(2),
                uniform(1, 2).list().ofSize(2),
                uniform(0, 2).list().ofSize(4),
                Arbitraries.of(true, false))
            .as(
                (channels, extent, kernel, stride, dilation, pad, ceil) ->
                    new Sliding(
                        channels,
                        channels,
                        channels,
                        extent.get(0),
                        extent.get(1),
                        kernel.get(0),
                        kernel.get(1),
                        stride.get(0),
                        stride.get(1),
                        dilation.get(0),
                        dilation.get(1),
                        Math.min(pad.get(0), kernel.get(0) / 2),
                        Math.min(pad.get(1), kernel.get(1) / 2),
                        Math.min(pad.get(2), kernel.get(0) / 2),
                        Math.min(pad.get(3), kernel.get(1) / 2),
                        ceil));
    return cases(layers);
  }

  /** All numbers alike; combined edge cases would make most layers tiny. */
  private static Arbitrary<Integer> uniform(int from, int to) {
    return Arbitraries.integers().between(from, to).withoutEdgeCases();
  }

  private static Arbitrary<Case> cases(Arbitrary<Sliding> layers) {
    return Combinators.combine(
            layers.filter(layer -> layer.outputHeight() > 0 && layer.outputWidth() > 0),
            Arbitraries.of(1f, 1.25f, 1.5f, 2f),
            Arbitraries.of(0.0, 0.1, 0.5, 0.9),
            Arbitraries.of(true, false),
            Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.just(Signs.BOTH)),
                Tuple.of(2, Arbitraries.of(Signs.class))),
            Arbitraries.longs())
        .as(Case::new);
  }
}
