package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The two-dimensional convolution of convolutional networks (a correlation), with zero padding:
 *
 * <pre>
 * y[n, o, r, c] = Σ_i Σ_k Σ_l w[o, i, k, l] · x[n, g·I + i, r·sy + k·dy − top, c·sx + l·dx − left]
 * </pre>
 *
 * where g is the group of output channel o and I the input channels of a group.
 *
 * <p>Forward and reverse run on one kernel. Forward is one {@link Sweep}; reverse with stride (sy,
 * sx) is sy·sx sweeps, one for each phase of the input grid, each a convolution of s at stride 1
 * with the taps that meet that phase. Weights are packed for the kernel when a view is first used
 * and kept, also for what is {@link #clipped} or {@link #pooled}; packing them for one more view
 * costs their size in memory.
 *
 * <p>Values are finite. One that is not makes outputs of its pixel NaN that do not read its channel
 * too: between the channels of different groups, and beyond the last output of a block, weights are
 * 0, which are multiplied as others are.
 */
public final class Convolution implements LinearOperator {
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final Window window;
  private final int groups;
  private final int outputs;
  private final int inputs;

  /** What {@link #apply} returns at least, and at most. */
  private final float low;

  private final float high;

  /** What {@link #apply} does last. */
  private final @Nullable MaxPool pool;

  private final List<Sweep> forwardSweeps;

  private final Map<WeightView, List<Packing>> forwardPackings;
  private final Map<WeightView, List<Packing>> reversePackings;

  /** See {@link #magnitudeSums(Engine)}. */
  private final AtomicReference<@Nullable Convolution> magnitudeSums;

  private Convolution(Parameter weight, @Nullable Parameter bias, Window window, int groups) {
    this.weight = weight;
    this.bias = bias;
    this.window = window;
    this.groups = groups;
    this.outputs = weight.shape().extent(0);
    this.inputs = weight.shape().extent(1) * groups;
    this.low = Float.NEGATIVE_INFINITY;
    this.high = Float.POSITIVE_INFINITY;
    this.pool = null;
    this.forwardSweeps = List.of(Sweep.forward(window));
    this.forwardPackings = new ConcurrentHashMap<>();
    this.reversePackings = new ConcurrentHashMap<>();
    this.magnitudeSums = new AtomicReference<>();
  }

  /** Makes a convolution of the same weights, which are packed once for both. */
  private Convolution(Convolution of, float low, float high, @Nullable MaxPool pool) {
    this.weight = of.weight;
    this.bias = of.bias;
    this.window = of.window;
    this.groups = of.groups;
    this.outputs = of.outputs;
    this.inputs = of.inputs;
    this.low = low;
    this.high = high;
    this.pool = pool;
    this.forwardSweeps = of.forwardSweeps;
    this.forwardPackings = of.forwardPackings;
    this.reversePackings = of.reversePackings;
    this.magnitudeSums = of.magnitudeSums;
  }

  /**
   * Returns a convolution.
   *
   * @param weight {@code [O, C / groups, height, width]}
   * @param bias {@code [O]}, added by {@link #apply} alone
   * @param window of the weight's height and width
   * @param groups number of groups of channels that do not mix; divides C and O
   * @throws IllegalArgumentException if these do not fit each other
   */
  public static Convolution of(
      Parameter weight, @Nullable Parameter bias, Window window, int groups) {
    Shape shape = weight.shape();
    if (shape.rank() != 4 || shape.size() == 0) {
      throw new IllegalArgumentException("conv2d: weight is " + shape + ", expected [O, C, h, w]");
    }
    if (shape.extent(2) != window.height() || shape.extent(3) != window.width()) {
      throw new IllegalArgumentException(
          "conv2d: weight %s does not fill the window %dx%d"
              .formatted(shape, window.height(), window.width()));
    }
    if (groups < 1 || shape.extent(0) % groups != 0) {
      throw new IllegalArgumentException(
          "conv2d: %d groups do not divide the outputs of weight %s".formatted(groups, shape));
    }
    if (bias != null && !bias.shape().equals(Shape.of(shape.extent(0)))) {
      throw new IllegalArgumentException(
          "conv2d: bias is %s but weight %s expects [%d]"
              .formatted(bias.shape(), shape, shape.extent(0)));
    }
    return new Convolution(weight, bias, window, groups);
  }

  /**
   * Returns this convolution and a batch normalization of its output as one convolution, with
   * weights and a bias of its own.
   *
   * @throws IllegalArgumentException if the normalization is of another number of channels, or this
   *     is {@link #clipped} or {@link #pooled}
   */
  public Convolution then(BatchNormalization normalization) {
    if (normalization.channels() != outputs || isClipped() || pool != null) {
      throw new IllegalArgumentException(
          "conv2d: weight %s is not followed by a batch normalization of %d channels"
              .formatted(weight.shape(), normalization.channels()));
    }
    float[] factor = normalization.factor();
    float[] offset = normalization.offset();
    float[] scaled = weight.toArray();
    weight.unload();
    int size = scaled.length / outputs;
    for (int i = 0; i < scaled.length; i++) scaled[i] *= factor[i / size];
    if (bias != null) {
      for (int o = 0; o < outputs; o++) offset[o] += bias.get(o) * factor[o];
    }
    return of(
        Parameter.of(weight.shape(), scaled),
        Parameter.of(Shape.of(outputs), offset),
        window,
        groups);
  }

  /** Returns a convolution whose {@link #apply} is max(·, 0) of this one's. */
  public Convolution rectified() {
    return clipped(0, Float.POSITIVE_INFINITY);
  }

  /**
   * Returns a convolution whose {@link #apply} is min(max(·, low), high) of this one's.
   *
   * @param low 0 at most
   * @param high 0 at least
   * @throws IllegalArgumentException if 0 is not in this range, so that the lanes of no channel
   *     would not stay 0
   */
  public Convolution clipped(float low, float high) {
    if (!(low <= 0 && high >= 0)) {
      throw new IllegalArgumentException("conv2d: clipped to " + low + " ... " + high);
    }
    // Not empty: both ranges have 0 in them.
    return new Convolution(this, Math.max(this.low, low), Math.min(this.high, high), pool);
  }

  private boolean isClipped() {
    return low != Float.NEGATIVE_INFINITY || high != Float.POSITIVE_INFINITY;
  }

  /**
   * Returns a convolution whose {@link #apply} is the max pool of this one's. All else is as before
   * the pool.
   *
   * @throws IllegalArgumentException if this does not {@linkplain #takesOver take over} the pool
   */
  public Convolution pooled(MaxPool pool) {
    if (!takesOver(pool)) {
      throw new IllegalArgumentException(
          "conv2d: weight %s with %s does not take over %s"
              .formatted(weight.shape(), window, pool));
    }
    return new Convolution(this, low, high, pool);
  }

  /** Returns the weight, {@code [O, C / groups, height, width]}. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the bias, {@code [O]}. */
  public @Nullable Parameter bias() {
    return bias;
  }

  /** Returns the window. */
  public Window window() {
    return window;
  }

  /** Returns the number of groups. */
  public int groups() {
    return groups;
  }

  /** Returns the number of output channels. */
  int outputs() {
    return outputs;
  }

  /** Returns the number of input channels, of all groups. */
  int inputs() {
    return inputs;
  }

  @Override
  public Shape outputShape(Shape input) {
    if (input.rank() != 4) {
      throw new IllegalArgumentException("conv2d: input is " + input + ", expected [N, C, H, W]");
    }
    if (input.extent(1) != inputs) {
      throw new IllegalArgumentException(
          "conv2d: input has %d channels but weight %s with groups %d expects %d"
              .formatted(input.extent(1), weight.shape(), groups, inputs));
    }
    int height = window.outputHeight(input.extent(2), false);
    int width = window.outputWidth(input.extent(3), false);
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "conv2d: input %s is smaller than the window %dx%d"
              .formatted(input, window.spanY(), window.spanX()));
    }
    return Shape.of(input.extent(0), outputs, height, width);
  }

  /**
   * Returns {@code forward(PLAIN, x)} plus the bias; in a range if this is {@link #clipped}, and
   * pooled if {@link #pooled}.
   *
   * @param x {@code [N, C, H, W]}; not modified
   * @return {@code [N, O, H', W']}, of the pool's shape if this is {@link #pooled}
   * @throws IllegalArgumentException if x, or what is pooled, is smaller than the window
   */
  public Tensor apply(Engine engine, Tensor x) {
    return apply(engine, Sources.of(x), null);
  }

  /**
   * Returns {@code apply(x) + add}, where x are tensors joined along the axis of channels; in a
   * range if this is {@link #clipped}.
   *
   * @param parts {@code [N, C_k, H, W]}, more than one only if {@link #takes(List)} their channels;
   *     not modified
   * @param before null, or a normalization after which, and a ReLU, x is read: {@code
   *     max(before(x), 0)} takes its place; only if {@link #takes(List)} the parts' channels
   * @param add {@code [N, O, H', W']}, or null for nothing; not modified
   * @throws IllegalArgumentException if these are of other shapes, or there is something to add and
   *     this is {@link #pooled}
   */
  public Tensor apply(
      Engine engine,
      List<Tensor> parts,
      @Nullable BatchNormalization before,
      @Nullable Tensor add) {
    Sources x = Sources.of(parts, before);
    if (parts.size() > 1 || before != null) {
      List<Integer> channels = parts.stream().map(part -> part.shape().extent(1)).toList();
      if (!takes(channels)) {
        throw new IllegalArgumentException(
            "conv2d: weight %s takes no parts of %s channels".formatted(weight.shape(), channels));
      }
    }
    if (add != null && !add.shape().equals(outputShape(x.shape()))) {
      throw new IllegalArgumentException(
          "conv2d: the output is %s but %s is to be added"
              .formatted(outputShape(x.shape()), add.shape()));
    }
    return apply(engine, x, add);
  }

  /** Whether inputs of so many channels, joined, can be read where they are. */
  public boolean takes(List<Integer> channels) {
    return groups == 1
        && !isTiled()
        && !isInterleaved()
        && channels.stream().limit(channels.size() - 1L).allMatch(c -> c % BLOCK == 0);
  }

  /**
   * Whether {@link #pooled} takes this pool: one of 2×2 after 3×3 taps at stride 1, or, after few
   * channels, one whose windows have up to four rows that follow each other. The output in between
   * is not stored where Winograd's algorithm is used, nor of few channels, unless its rows are
   * long.
   */
  public boolean takesOver(MaxPool pool) {
    return this.pool == null
        && (isTiled() && pool.halves() || isInterleaved() && Interleaved.takesOver(pool));
  }

  private Tensor apply(Engine engine, Sources x, @Nullable Tensor add) {
    float[] start = new float[blocks(outputs) * BLOCK];
    if (bias != null) bias.copy(0, start, 0, outputs);
    var epilogue = new Epilogue(start, add, low, high);
    if (pool == null) return convolve(engine, WeightView.PLAIN, x, epilogue);
    if (add != null) {
      throw new IllegalArgumentException(
          "conv2d: weight %s is pooled and adds nothing, but was given %s"
              .formatted(weight.shape(), add.shape()));
    }
    Shape target = outputShape(x.shape());
    boolean winograd = isWinograd(engine, inputs, target);
    boolean interleaved = isInterleaved() && Interleaved.poolsAtOnce(pool, target);
    if (!winograd && !interleaved) {
      Tensor whole = convolve(engine, WeightView.PLAIN, x, epilogue);
      Tensor y = pool.forward(engine, whole);
      engine.recycle(whole);
      return y;
    }
    Tensor y = engine.tensor(pool.outputShape(target));
    float[][] weights = weights(engine, WeightView.PLAIN);
    if (interleaved) {
      Interleaved.run(engine, window, weights, x.only(), target, pool, y, epilogue);
    } else {
      Sweep sweep = forwardSweeps.getFirst();
      Winograd.run(engine, sweep, weights, WeightView.PLAIN, x.only(), target, y, epilogue, false);
    }
    return y;
  }

  /** Returns the weights of a view, packed for the one sweep forward. */
  Packing packing(Engine engine, WeightView view) {
    return packings(engine, forwardPackings, forwardSweeps, view, false).getFirst();
  }

  private float[][] weights(Engine engine, WeightView view) {
    return packing(engine, view).weights();
  }

  @Override
  public Tensor forward(Engine engine, WeightView view, Tensor x) {
    return convolve(engine, view, Sources.of(x), Epilogue.none(outputs));
  }

  /**
   * Returns {@code |w|*x}, the sums that relevance is divided by: {@link #forward} with {@link
   * WeightView#ABSOLUTE}, in fewer multiplications unless the engine is exact, and then of the
   * weights that are packed for the forward pass.
   *
   * @param x {@code [N, C, H, W]}, nowhere negative; not modified
   */
  Tensor positiveSums(Engine engine, Tensor x) {
    if (!sharesPacking(engine, x.shape())) return forward(engine, WeightView.ABSOLUTE, x);
    Shape shape = outputShape(x.shape());
    Tensor z = engine.tensor(shape);
    Sweep sweep = forwardSweeps.getFirst();
    float[][] weights = weights(engine, WeightView.PLAIN);
    var epilogue = Epilogue.none(outputs);
    Winograd.run(engine, sweep, weights, WeightView.ABSOLUTE, x, shape, z, epilogue, false);
    PositiveSums.mend(engine, sweep, weights, weightSums(engine), x, z);
    return z;
  }

  /** Whether {@link #positiveSums} takes the weights that are packed for the forward pass. */
  boolean sharesPacking(Engine engine, Shape input) {
    return isWinograd(engine, inputs, outputShape(input));
  }

  /** Returns {@code Σ|w|} of each output, filled up to whole blocks. */
  private float[] weightSums(Engine engine) {
    float[] sums = magnitudeSums(engine).weight.toArray();
    float[] all = new float[blocks(outputs) * BLOCK];
    int taps = window.height() * window.width();
    for (int i = 0; i < sums.length; i++) all[i / taps] += sums[i];
    return all;
  }

  /**
   * Returns a convolution of one channel whose weights are {@code Σ_i |w[o, i]|} over the inputs of
   * o's group, so that of ones it is {@code |w|*1}. It is made once and kept.
   */
  Convolution magnitudeSums(Engine engine) {
    Convolution known = magnitudeSums.get();
    if (known != null) return known;
    int taps = window.height() * window.width();
    int channels = inputs / groups;
    int size = channels * taps;
    float[] sums = new float[outputs * taps];
    engine.forEach(
        blocks(outputs),
        block -> {
          float[] row = engine.scratch().take(size);
          for (int o = block * BLOCK; o < Math.min(outputs, (block + 1) * BLOCK); o++) {
            WeightView.ABSOLUTE.show(weight, o * size, row, size);
            for (int n = channels; n > 1; n -= n / 2) {
              int last = n / 2 * taps;
              engine.kernels().addMultiple(1, row, n * taps - last, row, 0, last);
            }
            System.arraycopy(row, 0, sums, o * taps, taps);
          }
          engine.scratch().give(row);
        });
    weight.unload();
    var shape = Shape.of(outputs, 1, window.height(), window.width());
    known = of(Parameter.of(shape, sums), null, window, 1);
    magnitudeSums.set(known);
    return known;
  }

  private Tensor convolve(Engine engine, WeightView view, Sources x, Epilogue epilogue) {
    Tensor y = engine.tensor(outputShape(x.shape()));
    if (isInterleaved()) {
      float[][] weights = weights(engine, view);
      Interleaved.run(engine, window, weights, x.only(), y.shape(), null, y, epilogue);
      return y;
    }
    List<Packing> packings = packings(engine, forwardPackings, forwardSweeps, view, false);
    // The sums of the other views are what relevance is divided by, see positiveSums.
    if (view == WeightView.PLAIN && isWinograd(engine, inputs, y.shape())) {
      Sweep sweep = forwardSweeps.getFirst();
      float[][] weights = packings.getFirst().weights();
      Winograd.run(
          engine, sweep, weights, view, x.only(), y.shape(), y, epilogue, engine.isForRecordings());
    } else {
      run(engine, forwardSweeps, packings, x, y, epilogue);
    }
    return y;
  }

  @Override
  public Tensor reverse(Engine engine, WeightView view, Tensor s, Shape input) {
    Shape expected = outputShape(input);
    if (!s.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "conv2d: reverse of %s expects %s but was given %s"
              .formatted(input, expected, s.shape()));
    }
    // Where the stride is larger than the window, nothing reaches some pixels.
    List<Sweep> sweeps = Sweep.reverse(window);
    boolean all = sweeps.stream().allMatch(sweep -> sweep.tapY().length > 0);
    Tensor x = all ? engine.tensor(input) : engine.zeros(input);
    List<Packing> packings = packings(engine, reversePackings, sweeps, view, true);
    Epilogue none = Epilogue.none(inputs);
    if (isWinograd(engine, outputs, input)) {
      float[][] weights = packings.getFirst().weights();
      Sweep sweep = sweeps.getFirst();
      Winograd.run(engine, sweep, weights, WeightView.PLAIN, s, input, x, none, false);
      ZeroWindows.clear(engine, sweep, s, x);
    } else {
      run(engine, sweeps, packings, Sources.of(s), x, none);
    }
    return x;
  }

  /**
   * Returns {@code ∂⟨forward(PLAIN, x), s⟩ / ∂w}, the correlation of x with s over the window:
   *
   * <pre>
   * g[o, i, k, l] = Σ_n Σ_r Σ_c s[n, o, r, c] · x[n, g·I + i, r·sy + k·dy − top, c·sx + l·dx − left]
   * </pre>
   *
   * The weights themselves are not read.
   *
   * @param x {@code [N, C, H, W]}; not modified
   * @param s one value for each element of the output for x; not modified
   * @return {@code [O, C / groups, height, width]}
   * @throws IllegalArgumentException if s has another shape
   */
  public Parameter weightGradient(Engine engine, Tensor x, Tensor s) {
    Shape expected = outputShape(x.shape());
    if (!s.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "conv2d: weight gradient for input %s expects %s but was given %s"
              .formatted(x.shape(), expected, s.shape()));
    }
    return WeightGradient.of(engine, this, x, s);
  }

  private List<Packing> packings(
      Engine engine,
      Map<WeightView, List<Packing>> known,
      List<Sweep> sweeps,
      WeightView view,
      boolean reverse) {
    List<Packing> packed = known.get(view);
    if (packed != null) return packed;
    // Not inside the map's own lock: packing runs on the engine's threads. Two callers that come at
    // once pack the same values twice, and keep one.
    List<Packing> made =
        sweeps.stream().map(sweep -> Packing.of(engine, this, sweep, view, reverse)).toList();
    weight.unload();
    packed = known.putIfAbsent(view, made);
    return packed == null ? made : packed;
  }

  /**
   * Returns the weights that are packed so far, one array a unit, but for those of magnitudeSums.
   */
  Stream<float[]> packed() {
    return Stream.of(forwardPackings, reversePackings)
        .flatMap(packings -> packings.values().stream())
        .flatMap(List::stream)
        .flatMap(packing -> Arrays.stream(packing.weights()));
  }

  boolean isDepthwise() {
    return groups > 1 && groups == inputs && groups == outputs;
  }

  private void run(
      Engine engine,
      List<Sweep> sweeps,
      List<Packing> packings,
      Sources from,
      Tensor to,
      Epilogue epilogue) {
    if (isDepthwise()) {
      Depthwise.run(engine, sweeps, packings, from.only(), to, epilogue);
    } else {
      for (int i = 0; i < sweeps.size(); i++) {
        Gathered.run(engine, sweeps.get(i), packings.get(i), from, to, epilogue);
      }
    }
  }

  /** Whether the engine computes this, in either direction, by Winograd's algorithm. */
  private boolean isWinograd(Engine engine, int sources, Shape target) {
    long outputs = (long) target.extent(1) * target.extent(2) * target.extent(3);
    return isTiled()
        && engine.isFast(9 * sources * outputs)
        && Winograd.pays(sources, target.extent(1), target);
  }

  /** Whether this is convolved as an image, forward. */
  private boolean isInterleaved() {
    return groups == 1 && Interleaved.pays(window, inputs);
  }

  /** Whether Winograd's algorithm can compute this. */
  private boolean isTiled() {
    return window.height() == 3
        && window.width() == 3
        && window.strideY() == 1
        && window.strideX() == 1
        && window.dilationY() == 1
        && window.dilationX() == 1
        && groups == 1;
  }
}
