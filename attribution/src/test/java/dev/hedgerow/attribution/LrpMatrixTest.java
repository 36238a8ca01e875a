package dev.hedgerow.attribution;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hedgerow.attribution.LayerCases.Case;
import dev.hedgerow.attribution.NaiveHedge.Even;
import dev.hedgerow.attribution.NaiveHedge.Terms;
import dev.hedgerow.engine.AdaptiveAveragePool;
import dev.hedgerow.engine.AveragePool;
import dev.hedgerow.engine.BatchNormalization;
import dev.hedgerow.engine.Convolution;
import dev.hedgerow.engine.Dense;
import dev.hedgerow.engine.Elementwise;
import dev.hedgerow.engine.Engine;
import dev.hedgerow.engine.Parameter;
import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Tensor;
import dev.hedgerow.engine.WeightView;
import dev.hedgerow.nn.Graph;
import dev.hedgerow.nn.Node;
import dev.hedgerow.nn.layer.AdaptiveAveragePool2d;
import dev.hedgerow.nn.layer.AveragePool2d;
import dev.hedgerow.nn.layer.Conv2d;
import dev.hedgerow.nn.layer.Layer;
import dev.hedgerow.nn.layer.Linear;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/**
 * Every linear rule of LRP against its formula in double precision over the explicit matrix of a
 * random layer, alone and merged with a batch normalization.
 */
class LrpMatrixTest {
  private final Engine engine = Engine.sequential();

  @Provide
  Arbitrary<Case> convolutions() {
    return LayerCases.convolutions();
  }

  /** Without windows that reach beyond the padding, whose divisor frameworks define otherwise. */
  @Provide
  Arbitrary<Case> pools() {
    return LayerCases.pools().filter(c -> !c.layer().ceil());
  }

  @Property(tries = 60, seed = "71")
  void convolutions(@ForAll("convolutions") Case c, @ForAll boolean merged) {
    var random = new Random(c.seed() + 3);
    var layer = c.layer();
    float[] bias = gaussians(random, layer.outputs());
    Layer conv =
        new Conv2d(
            Convolution.of(
                Parameter.of(
                    Shape.of(
                        layer.outputs(),
                        layer.inputs() / layer.groups(),
                        layer.kernelHeight(),
                        layer.kernelWidth()),
                    c.w()),
                Parameter.of(Shape.of(layer.outputs()), bias),
                c.window(),
                layer.groups()));
    Shape input = Shape.of(1, layer.inputs(), layer.height(), layer.width());
    assertRules(conv, input, layer, c.x(), c.w(), bias, c.r(), merged ? random : null);
  }

  @Property(tries = 60, seed = "73")
  void averagePools(@ForAll("pools") Case c, @ForAll boolean countPadding) {
    var layer = c.layer();
    Layer pool = new AveragePool2d(new AveragePool(c.window(), countPadding, false));
    int padded = layer.kernelHeight() * layer.kernelWidth();
    assertPool(pool, c, Windows.of(layer, countPadding ? padded : 0), c.r());
  }

  @Property(tries = 60, seed = "74")
  void adaptiveAveragePools(
      @ForAll("pools") Case c,
      @ForAll @IntRange(min = 1, max = 7) int rows,
      @ForAll @IntRange(min = 1, max = 7) int columns) {
    var layer = c.layer();
    var even = new Even(layer.inputs(), layer.height(), layer.width(), rows, columns);
    Layer pool = new AdaptiveAveragePool2d(new AdaptiveAveragePool(rows, columns));
    assertPool(pool, c, Windows.of(even, 0), gaussians(new Random(c.seed()), even.outputSize()));
  }

  private void assertPool(Layer pool, Case c, Windows windows, float[] r) {
    Shape input = Shape.of(1, c.layer().inputs(), c.layer().height(), c.layer().width());
    float[] bias = new float[c.layer().inputs()];
    assertRules(pool, input, windows, c.x(), windows.weights, bias, r, null);
  }

  /**
   * A pool as a layer with a weight of its own for each output.
   *
   * @param weights the mean's
   */
  private record Windows(Terms pool, float[] weights) implements Terms {
    /**
     * Counts.
     *
     * @param size what a mean divides by; 0 for the number of inputs an output reads
     */
    static Windows of(Terms pool, int size) {
      int[] count = new int[pool.outputSize()];
      pool.forEach((output, weight, input) -> count[output]++);
      float[] weights = new float[count.length];
      for (int j = 0; j < count.length; j++) weights[j] = 1f / (size == 0 ? count[j] : size);
      return new Windows(pool, weights);
    }

    @Override
    public int inputSize() {
      return pool.inputSize();
    }

    @Override
    public int outputSize() {
      return pool.outputSize();
    }

    @Override
    public void forEach(NaiveHedge.Term term) {
      pool.forEach((output, weight, input) -> term.at(output, output, input));
    }
  }

  @Property(tries = 60, seed = "72")
  void fullyConnectedLayers(
      @ForAll @IntRange(min = 1, max = 70) int inputs,
      @ForAll @IntRange(min = 1, max = 70) int outputs,
      @ForAll boolean rectified,
      @ForAll boolean merged,
      @ForAll long seed) {
    var random = new Random(seed);
    float[] x = gaussians(random, inputs);
    for (int i = 0; i < inputs && rectified; i++) x[i] = Math.max(x[i], 0);
    float[] w = gaussians(random, outputs * inputs);
    float[] bias = gaussians(random, outputs);
    float[] r = gaussians(random, outputs);
    Layer linear =
        new Linear(
            Dense.of(
                Parameter.of(Shape.of(outputs, inputs), w), Parameter.of(Shape.of(outputs), bias)));
    var terms =
        new Terms() {
          @Override
          public int inputSize() {
            return inputs;
          }

          @Override
          public int outputSize() {
            return outputs;
          }

          @Override
          public void forEach(NaiveHedge.Term term) {
            for (int j = 0; j < outputs; j++) {
              for (int i = 0; i < inputs; i++) term.at(j, j * inputs + i, i);
            }
          }
        };
    assertRules(linear, Shape.of(1, inputs), terms, x, w, bias, r, merged ? random : null);
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = (float) random.nextGaussian();
    return values;
  }

  private void assertRules(
      Layer layer,
      Shape input,
      Terms terms,
      float[] x,
      float[] w,
      float[] bias,
      float[] r,
      @Nullable Random normalization) {
    Graph.Builder builder = Graph.builder("one");
    Node image = builder.input("input", input);
    Node node = builder.add("layer", layer, image);
    LinearMap map = LinearMap.of(node);
    double[] factor = new double[bias.length];
    double[] offset = new double[bias.length];
    Arrays.fill(factor, 1);
    if (normalization != null) {
      BatchNormalization norm = normalization(normalization, bias.length);
      map = map.followedBy(norm, node.shape().rank());
      for (int o = 0; o < bias.length; o++) {
        factor[o] = norm.factor()[o];
        offset[o] = norm.offset()[o];
      }
    }
    var matrix = Matrix.of(terms, x, w, bias, factor, offset, r);
    Tensor in = Tensor.of(input, x);
    Tensor out = Tensor.of(node.shape(), r);
    Tensor other = Elementwise.positive(engine, out);
    for (Formula formula : matrix.formulas()) {
      float[] shared = formula.rule.share(engine, map, in, out).toArray();
      formula.shares.assertClose(formula.name, shared);
      List<Tensor> both = formula.rule.shareAll(engine, map, in, List.of(other, out));
      assertArrayEquals(
          formula.rule.share(engine, map, in, other).toArray(),
          both.getFirst().toArray(),
          formula.name);
      assertArrayEquals(shared, both.getLast().toArray(), formula.name);
    }
  }

  private static BatchNormalization normalization(Random random, int channels) {
    float[] variance = gaussians(random, channels);
    for (int o = 0; o < channels; o++) variance[o] = Math.abs(variance[o]) + 0.1f;
    Shape shape = Shape.of(channels);
    return BatchNormalization.of(
        Parameter.of(shape, gaussians(random, channels)),
        Parameter.of(shape, gaussians(random, channels)),
        Parameter.of(shape, gaussians(random, channels)),
        Parameter.of(shape, variance),
        1e-5f);
  }

  /** A rule and what it must share. */
  private record Formula(String name, LinearRule rule, Shares shares) {
    Formula(LinearRule rule, Shares shares) {
      this(rule.toString(), rule, shares);
    }
  }

  /** What contributes to an entry of the matrix, from x, w and whether there is a connection. */
  @FunctionalInterface
  private interface Contribution {
    double of(double x, double w);
  }

  /** The nonzero entries of a layer's matrix, with its bias, input and relevance. */
  private record Matrix(
      int[] outputs, int[] inputs, double[] w, double[] bias, double[] x, double[] r) {

    static Matrix of(
        Terms terms,
        float[] x,
        float[] w,
        float[] bias,
        double[] factor,
        double[] offset,
        float[] r) {
      int[] count = new int[1];
      terms.forEach((output, weight, input) -> count[0]++);
      var outputs = new int[count[0]];
      var inputs = new int[count[0]];
      var weights = new double[count[0]];
      int area = terms.outputSize() / bias.length;
      int[] at = new int[1];
      terms.forEach(
          (output, weight, input) -> {
            outputs[at[0]] = output;
            inputs[at[0]] = input;
            weights[at[0]++] = w[weight] * factor[output / area];
          });
      var biases = new double[terms.outputSize()];
      for (int j = 0; j < biases.length; j++) {
        biases[j] = bias[j / area] * factor[j / area] + offset[j / area];
      }
      return new Matrix(outputs, inputs, weights, biases, doubles(x), doubles(r));
    }

    private static double[] doubles(float[] values) {
      double[] doubles = new double[values.length];
      for (int i = 0; i < values.length; i++) doubles[i] = values[i];
      return doubles;
    }

    List<Formula> formulas() {
      double eps = 1e-6f;
      Contribution plain = (x, w) -> x * w;
      Contribution raising = (x, w) -> Math.max(x * w, 0);
      Contribution lowering = (x, w) -> Math.min(x * w, 0);
      double[] none = new double[bias.length];
      double[] up = bias.clone();
      double[] down = bias.clone();
      double[] squared = bias.clone();
      double[] twice = bias.clone();
      for (int j = 0; j < bias.length; j++) {
        up[j] = Math.max(bias[j], 0);
        down[j] = Math.min(bias[j], 0);
        squared[j] = bias[j] * bias[j];
        twice[j] = 2 * bias[j];
      }
      return List.of(
          new Formula(new Epsilon(0), shares().add(1, plain, bias, 0)),
          new Formula(new Epsilon(1e-6f), shares().add(1, plain, bias, eps)),
          new Formula(new Epsilon(0.25f), shares().add(1, plain, bias, 0.25)),
          new Formula(new WithoutBias(new Epsilon(0.25f)), shares().add(1, plain, none, 0.25)),
          new Formula(new ZPlus(), shares().add(1, raising, up, eps)),
          new Formula(new WithoutBias(new ZPlus(0)), shares().add(1, raising, none, 0)),
          new Formula(new AlphaBeta(1, 0), shares().add(1, raising, up, eps)),
          new Formula(
              new AlphaBeta(2, 1), shares().add(2, raising, up, eps).add(-1, lowering, down, eps)),
          new Formula(new Gamma(0.25f), gamma(0.25, eps, up, down)),
          new Formula(new WSquare(), shares().add(1, (x, w) -> w * w, squared, eps)),
          new Formula(new Flat(), shares().add(1, (x, w) -> 1, none, 0)),
          new Formula(new ZBox(-8, 9), box(-8, 9)),
          new Formula(
              "ZBox.OF_IMAGE",
              ZBox.OF_IMAGE,
              box(Arrays.stream(x).min().orElseThrow(), Arrays.stream(x).max().orElseThrow())),
          new Formula(Composites.Z_PLUS_WITH_TWICE_THE_BIAS, shares().add(1, raising, twice, 0)),
          new Formula("z+ of -w", ContrastiveLrp.NEGATED, shares().add(1, lowering, none, 0)),
          new Formula(
              new Relprop(2),
              shares()
                  .add(2, (x, w) -> x > 0 ? Math.max(x * w, 0) : 0, none, 0)
                  .add(2, (x, w) -> x < 0 ? Math.max(x * w, 0) : 0, none, 0)
                  .add(-1, (x, w) -> x > 0 ? Math.min(x * w, 0) : 0, none, 0)
                  .add(-1, (x, w) -> x < 0 ? Math.min(x * w, 0) : 0, none, 0)),
          new Formula(
              new Excitation(WeightView.POSITIVE),
              shares().add(1, (x, w) -> Math.max(x, 0) * Math.max(w, 0), none, 0)),
          new Formula(
              new Excitation(WeightView.NEGATIVE),
              shares().add(1, (x, w) -> Math.max(x, 0) * Math.max(-w, 0), none, 0)),
          new Formula(
              "excitation less that of -w",
              ExcitationBackprop.CONTRAST,
              shares()
                  .add(1, (x, w) -> Math.max(x, 0) * Math.max(w, 0), none, 0)
                  .add(-1, (x, w) -> Math.max(x, 0) * Math.max(-w, 0), none, 0)));
    }

    private Shares box(double low, double high) {
      return shares()
          .add(
              1,
              (x, w) -> x * w - low * Math.max(w, 0) - high * Math.min(w, 0),
              new double[bias.length],
              0);
    }

    private Shares gamma(double gamma, double eps, double[] up, double[] down) {
      double[] raised = bias.clone();
      double[] lowered = bias.clone();
      for (int j = 0; j < bias.length; j++) {
        raised[j] += gamma * up[j];
        lowered[j] += gamma * down[j];
      }
      double[] z = bias.clone();
      double[] magnitude = new double[z.length];
      for (int e = 0; e < w.length; e++) {
        z[outputs[e]] += x[inputs[e]] * w[e];
        magnitude[outputs[e]] += Math.abs(x[inputs[e]] * w[e]);
      }
      double[] ofPositive = r.clone();
      double[] ofNegative = r.clone();
      boolean[] unsure = new boolean[z.length];
      for (int j = 0; j < z.length; j++) {
        if (z[j] <= 0) ofPositive[j] = 0;
        if (z[j] >= 0) ofNegative[j] = 0;
        unsure[j] = Math.abs(z[j]) < 1e-5 * (magnitude[j] + Math.abs(bias[j])) && magnitude[j] > 0;
      }
      return shares()
          .add(1, (x, w) -> x * w + gamma * Math.max(x * w, 0), raised, eps, ofPositive, unsure)
          .add(1, (x, w) -> x * w + gamma * Math.min(x * w, 0), lowered, eps, ofNegative, unsure);
    }

    private Shares shares() {
      return new Shares(this, new double[x.length], new double[x.length]);
    }
  }

  /** What the inputs get, and how far rounding in single precision may move it. */
  private record Shares(Matrix matrix, double[] values, double[] errors) {
    private static final double ROUNDING = Math.ulp(1f);

    Shares add(double factor, Contribution contribution, double[] bias, double epsilon) {
      return add(factor, contribution, bias, epsilon, matrix.r, new boolean[matrix.bias.length]);
    }

    /**
     * Adds {@code factor · Σ_j c_ij r_j / (Σ_k c_kj + b_j ± ε)}. A rule may have added up twice
     * {@code |x w|} to get c, and more terms than there are inputs.
     *
     * @param unsure outputs that rounding may give another r
     */
    Shares add(
        double factor,
        Contribution contribution,
        double[] bias,
        double epsilon,
        double[] r,
        boolean[] unsure) {
      double[] c = new double[matrix.w.length];
      double[] sizes = new double[c.length];
      double[] z = bias.clone();
      double[] magnitude = new double[z.length];
      int[] terms = new int[z.length];
      int[] reads = new int[values.length];
      for (int j = 0; j < z.length; j++) magnitude[j] = Math.abs(bias[j]);
      for (int e = 0; e < c.length; e++) {
        double x = matrix.x[matrix.inputs[e]];
        c[e] = contribution.of(x, matrix.w[e]);
        sizes[e] = c[e] == 0 ? 0 : Math.max(Math.abs(c[e]), 2 * Math.abs(x * matrix.w[e]));
        z[matrix.outputs[e]] += c[e];
        magnitude[matrix.outputs[e]] += sizes[e];
        terms[matrix.outputs[e]]++;
        reads[matrix.inputs[e]]++;
      }
      double[] s = new double[z.length];
      double[] relative = new double[z.length];
      for (int j = 0; j < z.length; j++) {
        if (magnitude[j] == 0) continue;
        double error = (terms[j] + 8) * ROUNDING * magnitude[j];
        double denominator = z[j] + (z[j] < 0 ? -epsilon : epsilon);
        s[j] = r[j] / denominator;
        boolean sure = !unsure[j] && Math.abs(z[j]) > 2 * error;
        relative[j] = sure ? 2 * error / Math.abs(denominator) : Double.POSITIVE_INFINITY;
      }
      for (int e = 0; e < c.length; e++) {
        int j = matrix.outputs[e];
        int i = matrix.inputs[e];
        values[i] += factor * c[e] * s[j];
        if (sizes[e] == 0) continue;
        double relativeError = relative[j] + (reads[i] + 8) * ROUNDING;
        errors[i] += Math.abs(factor) * sizes[e] * Math.abs(s[j]) * relativeError;
      }
      return this;
    }

    void assertClose(String rule, float[] actual) {
      assertEquals(values.length, actual.length);
      for (int i = 0; i < actual.length; i++) {
        assertTrue(Float.isFinite(actual[i]), rule);
        // Not where the sign of a denominator is a matter of rounding.
        if (!(errors[i] < Double.POSITIVE_INFINITY)) continue;
        assertEquals(values[i], actual[i], errors[i] + 1e-30, rule + " at " + i);
      }
    }
  }
}
