package dev.hedgerow.engine;

import static dev.hedgerow.engine.Tensor.BLOCK;
import static dev.hedgerow.engine.Tensor.blocks;
import static dev.hedgerow.engine.kernel.Kernels.ORIGIN;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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
 * and kept; packing them for one more view costs their size in memory.
 */
public final class Convolution implements LinearOperator {
  /** Multiplications worth a task of their own. */
  private static final long TASK_WORK = 1 << 20;

  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final Window window;
  private final int groups;
  private final int outputs;
  private final int inputs;

  /** What {@link #apply} returns at least. */
  private final float low;

  /** What {@link #apply} does last. */
  private final @Nullable MaxPool pool;

  private final List<Sweep> forwardSweeps;
  private final Map<WeightView, List<Packing>> forwardPackings = new ConcurrentHashMap<>();
  private final Map<WeightView, List<Packing>> reversePackings = new ConcurrentHashMap<>();

  /** See {@link #magnitudeSums(Engine)}. */
  private volatile @Nullable Convolution magnitudeSums;

  private Convolution(
      Parameter weight,
      @Nullable Parameter bias,
      Window window,
      int groups,
      float low,
      @Nullable MaxPool pool) {
    this.weight = weight;
    this.bias = bias;
    this.window = window;
    this.groups = groups;
    this.outputs = weight.shape().extent(0);
    this.inputs = weight.shape().extent(1) * groups;
    this.low = low;
    this.pool = pool;
    this.forwardSweeps = List.of(Sweep.forward(window));
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
    return new Convolution(weight, bias, window, groups, Float.NEGATIVE_INFINITY, null);
  }

  /**
   * Returns this convolution and a batch normalization of its output as one convolution, with
   * weights and a bias of its own.
   *
   * @throws IllegalArgumentException if the normalization is of another number of channels, or this
   *     is {@link #rectified} or {@link #pooled}
   */
  public Convolution then(BatchNormalization normalization) {
    if (normalization.channels() != outputs || low == 0 || pool != null) {
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
    return new Convolution(weight, bias, window, groups, 0, pool);
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
    return new Convolution(weight, bias, window, groups, low, pool);
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
   * Returns {@code forward(PLAIN, x)} plus the bias; not below 0 if this is {@link #rectified}, and
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
   * Returns {@code apply(x) + add}, where x are tensors joined along the axis of channels; not
   * below 0 if this is {@link #rectified}.
   *
   * @param parts {@code [N, C_k, H, W]}, more than one only if {@link #takes(List)} their channels;
   *     not modified
   * @param before null, or what x is replaced by before: {@code max(before(x), 0)}; only if {@link
   *     #takes(List)} the parts' channels
   * @param add {@code [N, O, H', W']}, or null for nothing; not modified
   * @throws IllegalArgumentException if there is something to add and this is {@link #pooled}
   */
  public Tensor apply(
      Engine engine,
      List<Tensor> parts,
      @Nullable BatchNormalization before,
      @Nullable Tensor add) {
    return apply(engine, Sources.of(parts, before), add);
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
    var epilogue = new Epilogue(start, add, low);
    if (pool == null) return convolve(engine, WeightView.PLAIN, x, epilogue);
    if (add != null) {
      throw new IllegalArgumentException(
          "conv2d: weight %s is pooled and adds nothing, but was given %s"
              .formatted(weight.shape(), add.shape()));
    }
    Shape target = outputShape(x.shape());
    boolean winograd = !engine.isExact() && isWinograd(inputs, target);
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
      Winograd.run(engine, sweep, weights, WeightView.PLAIN, x.only(), target, y, epilogue);
    }
    return y;
  }

  /** Returns the weights of a view, packed for the one sweep forward. */
  private float[][] weights(Engine engine, WeightView view) {
    return packings(engine, forwardPackings, forwardSweeps, view, false).getFirst().weights;
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
    Winograd.run(engine, sweep, weights, WeightView.ABSOLUTE, x, shape, z, epilogue);
    PositiveSums.mend(engine, sweep, weights, weightSums(engine), x, z);
    return z;
  }

  /** Whether {@link #positiveSums} takes the weights that are packed for the forward pass. */
  boolean sharesPacking(Engine engine, Shape input) {
    return !engine.isExact() && isWinograd(inputs, outputShape(input));
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
    Convolution known = magnitudeSums;
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
    magnitudeSums = known;
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
    boolean fast = !engine.isExact() && view == WeightView.PLAIN;
    run(engine, fast, forwardSweeps, packings, x, y, epilogue);
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
    boolean all = sweeps.stream().allMatch(sweep -> sweep.tapY.length > 0);
    Tensor x = all ? engine.tensor(input) : engine.zeros(input);
    List<Packing> packings = packings(engine, reversePackings, sweeps, view, true);
    run(engine, !engine.isExact(), sweeps, packings, Sources.of(s), x, Epilogue.none(inputs));
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
        .flatMap(packing -> Arrays.stream(packing.weights));
  }

  boolean isDepthwise() {
    return groups > 1 && groups == inputs && groups == outputs;
  }

  private void run(
      Engine engine,
      boolean fast,
      List<Sweep> sweeps,
      List<Packing> packings,
      Sources from,
      Tensor to,
      Epilogue epilogue) {
    int sources = from.shape().extent(1);
    if (fast && isWinograd(sources, to.shape())) {
      float[][] weights = packings.getFirst().weights;
      Sweep sweep = sweeps.getFirst();
      Winograd.run(engine, sweep, weights, WeightView.PLAIN, from.only(), to.shape(), to, epilogue);
    } else if (isDepthwise()) {
      Source source = Source.of(engine, sweeps, from.only(), to.shape());
      for (int i = 0; i < sweeps.size(); i++) {
        if (sweeps.get(i).tapY.length == 0) continue;
        runDepthwise(engine, sweeps.get(i), packings.get(i), source, to, epilogue);
      }
      source.release(engine);
    } else {
      for (int i = 0; i < sweeps.size(); i++) {
        Gathered.run(engine, sweeps.get(i), packings.get(i), from, to, epilogue);
      }
    }
  }

  /**
   * Whether an engine that is not exact computes this, in either direction, by Winograd's
   * algorithm.
   */
  private boolean isWinograd(int sources, Shape target) {
    return isTiled() && Winograd.pays(sources, target.extent(1), target);
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

  /** One sweep over all samples, blocks and rows, as tasks of similar work. */
  private static void runDepthwise(
      Engine engine, Sweep sweep, Packing packing, Source source, Tensor to, Epilogue epilogue) {
    Shape shape = to.shape();
    int height = shape.extent(2);
    int width = shape.extent(3);
    int rows = Sweep.count(height, sweep.firstY, sweep.stepY);
    int columns = Sweep.count(width, sweep.firstX, sweep.stepX);
    if (rows == 0 || columns == 0) return;
    int[] taps = source.taps(sweep);
    int rowSource = sweep.sourceStepY * source.width * BLOCK;
    int rowTarget = sweep.stepY * width * BLOCK;
    int columnSource = sweep.sourceStepX * BLOCK;
    int columnTarget = sweep.stepX * BLOCK;
    // Rows that follow each other without a gap on both sides are one long row.
    if (rowSource == columns * columnSource && rowTarget == columns * columnTarget) {
      columns *= rows;
      rows = 1;
    }
    long rowWork = (long) columns * taps.length * BLOCK;
    int bands;
    int bandColumns = columns;
    if (rows == 1) {
      int pieces = (int) Math.min(1 + rowWork / TASK_WORK, Math.max(1, columns / 28));
      bandColumns = ((columns + pieces - 1) / pieces + 13) / 14 * 14;
      bands = (columns + bandColumns - 1) / bandColumns;
    } else {
      bands = (int) Math.min(rows, 1 + rows * rowWork / TASK_WORK);
    }
    int area = height * width * BLOCK;
    int samples = shape.extent(0);
    int allColumns = columns;
    int columnsPerBand = bandColumns;
    int allRows = rows;
    int targetStart = (sweep.firstY * width + sweep.firstX) * BLOCK;
    int sourceStart = source.start();
    Kernels kernels = engine.kernels();
    engine.forEach(
        packing.units() * samples * bands,
        task -> {
          int unit = task / (samples * bands);
          int sample = task / bands % samples;
          int band = task % bands;
          int fromRow = allRows == 1 ? 0 : (int) ((long) allRows * band / bands);
          int toRow = allRows == 1 ? 1 : (int) ((long) allRows * (band + 1) / bands);
          int fromColumn = allRows == 1 ? band * columnsPerBand : 0;
          int toColumn = Math.min(allColumns, fromColumn + columnsPerBand);
          int x = source.block(sample, unit) + sourceStart;
          int y = (sample * packing.units() + unit) * area + targetStart;
          for (int row = fromRow; row < toRow; row++) {
            kernels.depthwise(
                source.data,
                x + row * rowSource + fromColumn * columnSource,
                columnSource,
                taps,
                packing.weights[unit],
                ORIGIN,
                to.data,
                y + row * rowTarget + fromColumn * columnTarget,
                columnTarget,
                toColumn - fromColumn,
                epilogue.start(),
                unit * BLOCK);
          }
          // Only forward sweeps are finished; theirs is one stretch of each block.
          int length = ((toRow - fromRow - 1) * width + toColumn - fromColumn) * BLOCK;
          int at = y + fromRow * rowTarget + fromColumn * columnTarget;
          epilogue.finishInPlace(kernels, to.data, at, length);
        });
  }

  /**
   * A set of taps and the grid of target pixels they serve. Target row {@code firstY + m·stepY}
   * reads, for each tap t, source row {@code m·sourceStepY + tapY[t]}; columns likewise.
   */
  record Sweep(
      int firstY,
      int firstX,
      int stepY,
      int stepX,
      int sourceStepY,
      int sourceStepX,
      int[] tapY,
      int[] tapX,
      int[] tapIndex) {

    static Sweep forward(Window window) {
      int taps = window.height() * window.width();
      int[] tapY = new int[taps];
      int[] tapX = new int[taps];
      int[] tapIndex = new int[taps];
      for (int tap = 0; tap < taps; tap++) {
        tapY[tap] = tap / window.width() * window.dilationY() - window.top();
        tapX[tap] = tap % window.width() * window.dilationX() - window.left();
        tapIndex[tap] = tap;
      }
      return new Sweep(0, 0, 1, 1, window.strideY(), window.strideX(), tapY, tapX, tapIndex);
    }

    static List<Sweep> reverse(Window window) {
      var sweeps = new Sweep[window.strideY() * window.strideX()];
      int taps = window.height() * window.width();
      int[] tapY = new int[taps];
      int[] tapX = new int[taps];
      int[] tapIndex = new int[taps];
      for (int phase = 0; phase < sweeps.length; phase++) {
        int phaseY = phase / window.strideX();
        int phaseX = phase % window.strideX();
        int found = 0;
        for (int tap = 0; tap < taps; tap++) {
          int y = phaseY + window.top() - tap / window.width() * window.dilationY();
          int x = phaseX + window.left() - tap % window.width() * window.dilationX();
          if (Math.floorMod(y, window.strideY()) != 0) continue;
          if (Math.floorMod(x, window.strideX()) != 0) continue;
          tapY[found] = Math.floorDiv(y, window.strideY());
          tapX[found] = Math.floorDiv(x, window.strideX());
          tapIndex[found++] = tap;
        }
        sweeps[phase] =
            new Sweep(
                phaseY,
                phaseX,
                window.strideY(),
                window.strideX(),
                1,
                1,
                Arrays.copyOf(tapY, found),
                Arrays.copyOf(tapX, found),
                Arrays.copyOf(tapIndex, found));
      }
      return List.of(sweeps);
    }

    /** Returns how many rows above row 0 the targets of the first row read. */
    int top() {
      return before(tapY);
    }

    /** Returns how many columns left of column 0 the targets of the first column read. */
    int left() {
      return before(tapX);
    }

    private static int before(int[] taps) {
      int least = Integer.MAX_VALUE;
      for (int tap : taps) least = Math.min(least, tap);
      return -least;
    }

    /** Number of grid lines below {@code extent}. */
    static int count(int extent, int first, int step) {
      return extent <= first ? 0 : (extent - first - 1) / step + 1;
    }
  }

  /** The tensor a sweep reads, with a border of zeros where taps reach outside it. */
  record Source(
      float[] data, int planes, int height, int width, int top, int left, boolean copied) {

    static Source of(Engine engine, List<Sweep> sweeps, Tensor tensor, Shape target) {
      int height = tensor.shape().extent(2);
      int width = tensor.shape().extent(3);
      int top = 0;
      int left = 0;
      int bottom = 0;
      int right = 0;
      for (Sweep sweep : sweeps) {
        int lastY =
            (Sweep.count(target.extent(2), sweep.firstY, sweep.stepY) - 1) * sweep.sourceStepY;
        int lastX =
            (Sweep.count(target.extent(3), sweep.firstX, sweep.stepX) - 1) * sweep.sourceStepX;
        if (lastY < 0 || lastX < 0) continue;
        for (int tap = 0; tap < sweep.tapY.length; tap++) {
          top = Math.max(top, -sweep.tapY[tap]);
          left = Math.max(left, -sweep.tapX[tap]);
          bottom = Math.max(bottom, lastY + sweep.tapY[tap] - (height - 1));
          right = Math.max(right, lastX + sweep.tapX[tap] - (width - 1));
        }
      }
      int planes = blocks(tensor.shape().extent(1));
      if (top + left + bottom + right == 0) {
        return new Source(tensor.data, planes, height, width, 0, 0, false);
      }
      int paddedHeight = height + top + bottom;
      int paddedWidth = width + left + right;
      int allPlanes = tensor.shape().extent(0) * planes;
      int size = Math.toIntExact((long) allPlanes * paddedHeight * paddedWidth * BLOCK);
      float[] padded = engine.scratch().take(size);
      int line = paddedWidth * BLOCK;
      int before = left * BLOCK;
      int pixels = width * BLOCK;
      int firstRow = top;
      engine.forEach(
          allPlanes,
          plane -> {
            int from = plane * height * pixels;
            int to = plane * paddedHeight * line;
            for (int row = 0; row < paddedHeight; row++, to += line) {
              int source = row - firstRow;
              if (source < 0 || source >= height) {
                Arrays.fill(padded, to, to + line, 0f);
                continue;
              }
              Arrays.fill(padded, to, to + before, 0f);
              System.arraycopy(tensor.data, from + source * pixels, padded, to + before, pixels);
              Arrays.fill(padded, to + before + pixels, to + line, 0f);
            }
          });
      return new Source(padded, planes, paddedHeight, paddedWidth, top, left, true);
    }

    void release(Engine engine) {
      if (copied) engine.scratch().give(data);
    }

    /** Offset of the unpadded origin within a plane. */
    int start() {
      return (top * width + left) * BLOCK;
    }

    int block(int sample, int block) {
      return (sample * planes + block) * height * width * BLOCK;
    }

    int[] taps(Sweep sweep) {
      int[] taps = new int[sweep.tapY.length];
      for (int tap = 0; tap < taps.length; tap++) {
        taps[tap] = (sweep.tapY[tap] * width + sweep.tapX[tap]) * BLOCK;
      }
      return taps;
    }
  }

  /**
   * The weights of a sweep under one view, in the order the kernel reads them. Unit u computes two
   * blocks of target channels, of a depthwise convolution one, out of source channels from block
   * {@code firstInput[u]} up to {@code endInput[u]}: all, or with groups the range its groups
   * cover, with zero weights between channels of different groups.
   *
   * @param weights for each unit {@code [target block][source block][tap][source channel][target]},
   *     of a depthwise convolution {@code [tap][target]}, from {@link Kernels#ORIGIN} on
   */
  record Packing(int[] firstInput, int[] endInput, float[][] weights) {

    static Packing of(
        Engine engine, Convolution convolution, Sweep sweep, WeightView view, boolean reverse) {
      boolean depthwise = convolution.isDepthwise();
      int targets = reverse ? convolution.inputs : convolution.outputs;
      int sources = reverse ? convolution.outputs : convolution.inputs;
      int blocksPerUnit = depthwise ? 1 : 2;
      int units = Math.ceilDiv(blocks(targets), blocksPerUnit);
      var packing = new Packing(new int[units], new int[units], new float[units][]);
      int targetsPerGroup = targets / convolution.groups;
      int sourcesPerGroup = sources / convolution.groups;
      engine.forEach(
          units,
          unit -> {
            int first = unit * blocksPerUnit * BLOCK;
            int last = Math.min(targets, first + blocksPerUnit * BLOCK) - 1;
            int firstInput = first / targetsPerGroup * sourcesPerGroup / BLOCK;
            int endInput = blocks((last / targetsPerGroup + 1) * sourcesPerGroup);
            packing.firstInput[unit] = firstInput;
            packing.endInput[unit] = endInput;
            packing.weights[unit] =
                depthwise
                    ? packDepthwise(convolution, sweep, view, first, last)
                    : pack(
                        convolution,
                        sweep,
                        view,
                        reverse,
                        first,
                        last,
                        firstInput * BLOCK,
                        Math.min(sources, endInput * BLOCK));
          });
      return packing;
    }

    private static float[] packDepthwise(
        Convolution convolution, Sweep sweep, WeightView view, int first, int last) {
      int taps = sweep.tapIndex.length;
      int window = convolution.window.height() * convolution.window.width();
      float[] packed = new float[ORIGIN + taps * BLOCK];
      float[] kernel = new float[window];
      for (int channel = first; channel <= last; channel++) {
        convolution.weight.copy(channel * window, kernel, 0, window);
        for (int tap = 0; tap < taps; tap++) {
          packed[ORIGIN + tap * BLOCK + channel - first] = view.of(kernel[sweep.tapIndex[tap]]);
        }
      }
      return packed;
    }

    private static float[] pack(
        Convolution convolution,
        Sweep sweep,
        WeightView view,
        boolean reverse,
        int firstTarget,
        int lastTarget,
        int firstSource,
        int endSource) {
      int taps = sweep.tapIndex.length;
      int window = convolution.window.height() * convolution.window.width();
      int outputsPerGroup = convolution.outputs / convolution.groups;
      int inputsPerGroup = convolution.inputs / convolution.groups;
      int size = (endSource - firstSource) * taps * BLOCK;
      float[] packed = new float[ORIGIN + blocks(lastTarget + 1 - firstTarget) * size];
      // The file's rows are output channels; each is read once, in order.
      int firstOutput = reverse ? firstSource : firstTarget;
      int endOutput = reverse ? endSource : lastTarget + 1;
      int firstInput = reverse ? firstTarget : firstSource;
      int endInput = reverse ? lastTarget + 1 : endSource;
      float[] row = new float[inputsPerGroup * window];
      for (int output = firstOutput; output < endOutput; output++) {
        int groupStart = output / outputsPerGroup * inputsPerGroup;
        int from = Math.max(firstInput, groupStart);
        int to = Math.min(endInput, groupStart + inputsPerGroup);
        if (from >= to) continue;
        int values = (to - from) * window;
        int start = (output * inputsPerGroup + from - groupStart) * window;
        view.show(convolution.weight, start, row, values);
        for (int input = from, at = 0; input < to; input++, at += window) {
          int source = (reverse ? output : input) - firstSource;
          int target = (reverse ? input : output) - firstTarget;
          int block = source / BLOCK;
          int channels = Math.min(BLOCK, endSource - firstSource - block * BLOCK);
          int first = ORIGIN + (block * BLOCK * taps + source % BLOCK) * BLOCK + target % BLOCK;
          first += target / BLOCK * size;
          spread(row, at, sweep.tapIndex, packed, first, channels * BLOCK);
        }
      }
      return packed;
    }

    /** Stores the taps of one pair of channels, {@code step} apart. */
    private static void spread(
        float[] row, int at, int[] taps, float[] packed, int first, int step) {
      for (int tap = 0; tap < taps.length; tap++) packed[first + tap * step] = row[at + taps[tap]];
    }

    int units() {
      return weights.length;
    }

    /**
     * Returns how many blocks of target channels a unit has, unless depthwise; the last may have
     * one.
     */
    static int targetBlocks(int unit, int targets) {
      return Math.min(2, blocks(targets) - 2 * unit);
    }
  }
}
