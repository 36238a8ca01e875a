package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A fully connected layer, {@code y = W x + b}. The weights are read where they are, in the heap or
 * in a mapped file; only for SQUARED and ONE does a task copy those it reads. Large ones in a file
 * move into the heap when the layer is applied a second time, if the heap has ample room: it has
 * larger pages, and some virtual machines are slow to read pages of a file again.
 */
public final class Dense implements LinearOperator {
  /** Weights that a task reads, about: enough work to be worth a task, few enough for the cache. */
  private static final int TASK_WEIGHTS = 1 << 16;

  /** Most columns of a task: long runs of memory, and sums that stay in the first-level cache. */
  private static final int TASK_COLUMNS = 1024;

  /** Least weights that move into the heap. */
  private static final int LEAST_MOVED = 1 << 20;

  private volatile Parameter weight;
  private volatile boolean applied;
  private final @Nullable Parameter bias;
  private final boolean transposed;
  private final int inputs;
  private final int outputs;

  private Dense(Parameter weight, @Nullable Parameter bias, boolean transposed) {
    Shape shape = weight.shape();
    if (shape.rank() != 2) {
      throw new IllegalArgumentException("dense: weight is " + shape + ", expected two axes");
    }
    this.weight = weight;
    this.bias = bias;
    this.transposed = transposed;
    this.inputs = shape.extent(transposed ? 0 : 1);
    this.outputs = shape.extent(transposed ? 1 : 0);
    if (bias != null && !bias.shape().equals(Shape.of(outputs))) {
      throw new IllegalArgumentException(
          "dense: bias is "
              + bias.shape()
              + " but weight "
              + describeWeight()
              + " expects ["
              + outputs
              + "]");
    }
  }

  /**
   * Returns a dense layer.
   *
   * @param weight {@code [out, in]}; kept, not copied
   * @param bias {@code [out]}, or null for none
   */
  public static Dense of(Parameter weight, @Nullable Parameter bias) {
    return new Dense(weight, bias, false);
  }

  /**
   * Returns a dense layer with its weights stored by input.
   *
   * @param weight {@code [in, out]}; kept, not copied
   * @param bias {@code [out]}, or null for none
   */
  public static Dense ofTransposed(Parameter weight, @Nullable Parameter bias) {
    return new Dense(weight, bias, true);
  }

  /** Returns the weights as they were given: {@code [out, in]}, {@code [in, out]} if transposed. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the bias {@code [out]}, null if there is none. */
  public @Nullable Parameter bias() {
    return bias;
  }

  /** Returns whether the weights are stored as {@code [in, out]}. */
  public boolean transposed() {
    return transposed;
  }

  /** Returns {@code [N, out]} for an input {@code [N, in]}. */
  @Override
  public Shape outputShape(Shape input) {
    if (input.rank() != 2 || input.extent(1) != inputs) {
      throw new IllegalArgumentException(
          "dense: input is "
              + input
              + " but weight "
              + describeWeight()
              + " expects [N, "
              + inputs
              + "]");
    }
    return input.with(1, outputs);
  }

  /**
   * Returns {@code W x + b}.
   *
   * @param x input {@code [N, in]}; not modified
   * @return {@code [N, out]}
   */
  public Tensor apply(Engine engine, Tensor x) {
    if (applied && weight.shape().size() >= LEAST_MOVED) weight = weight.inHeap(engine);
    applied = true;
    Tensor y = forward(engine, WeightView.PLAIN, x);
    if (bias == null) return y;
    float[] add = engine.scratch().take(outputs);
    bias.copy(0, add, 0, outputs);
    for (int n = 0, at = 0; n < x.shape().extent(0); n++) {
      for (int o = 0; o < outputs; o++) y.data[at++] += add[o];
    }
    engine.scratch().give(add);
    return y;
  }

  @Override
  public Tensor forward(Engine engine, WeightView view, Tensor x) {
    Tensor y = engine.tensor(outputShape(x.shape()));
    if (transposed) {
      multiplyColumns(engine, view, x, y);
    } else {
      multiplyRows(engine, view, x, y);
    }
    return y;
  }

  @Override
  public Tensor reverse(Engine engine, WeightView view, Tensor s, Shape input) {
    Shape expected = outputShape(input);
    if (!s.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "dense: reverse of " + s.shape() + " for input " + input + ", expected " + expected);
    }
    Tensor x = engine.tensor(input);
    if (transposed) {
      multiplyRows(engine, view, s, x);
    } else {
      multiplyColumns(engine, view, s, x);
    }
    return x;
  }

  /**
   * Returns {@code ∂⟨forward(PLAIN, x), s⟩ / ∂W}, {@code g[o, i] = Σ_n s[n, o] · x[n, i]}. The
   * weights themselves are not read.
   *
   * @param x input {@code [N, in]}; not modified
   * @param s {@code [N, out]}; not modified
   * @return {@code [out, in]}, however the weights are stored
   * @throws IllegalArgumentException if s has another shape
   */
  public Parameter weightGradient(Engine engine, Tensor x, Tensor s) {
    Shape expected = outputShape(x.shape());
    if (!s.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "dense: weight gradient of "
              + s.shape()
              + " for input "
              + x.shape()
              + ", expected "
              + expected);
    }
    float[] gradient = new float[Math.multiplyExact(outputs, inputs)];
    int step = Math.max(1, TASK_WEIGHTS / Math.max(inputs, 1));
    engine.forEach(
        Math.ceilDiv(outputs, step),
        task -> {
          float[] row = new float[inputs];
          float[] from = new float[inputs];
          for (int o = task * step; o < Math.min(outputs, (task + 1) * step); o++) {
            Arrays.fill(row, 0f);
            for (int n = 0; n < x.shape().extent(0); n++) {
              float factor = s.data[n * outputs + o];
              if (factor == 0) continue;
              System.arraycopy(x.data, n * inputs, from, 0, inputs);
              for (int i = 0; i < inputs; i++) row[i] += factor * from[i];
            }
            System.arraycopy(row, 0, gradient, o * inputs, inputs);
          }
        });
    return Parameter.of(Shape.of(outputs, inputs), gradient);
  }

  /** {@code to[n, r] = Σ_i w[r, i] from[n, i]}, a few rows a task. */
  private void multiplyRows(Engine engine, WeightView view, Tensor from, Tensor to) {
    Kernels kernels = engine.kernels();
    int batch = from.shape().extent(0);
    int rows = weight.shape().extent(0);
    int columns = weight.shape().extent(1);
    int step = Math.min(Math.max(TASK_WEIGHTS / Math.max(columns, 1) / 4 * 4, 4), 256);
    engine.forEach(
        (rows + step - 1) / step,
        task -> {
          int row = task * step;
          int count = Math.min(step, rows - row);
          boolean copied = isCopied(view);
          MemorySegment w = copied ? copy(view, row, count, 0, columns) : weight.segment();
          for (int n = 0; n < batch; n++) {
            kernels.multiplyRows(
                w,
                view == WeightView.ABSOLUTE,
                low(view),
                high(view),
                copied ? 0 : row,
                count,
                columns,
                from.data,
                n * columns,
                to.data,
                n * rows + row);
          }
        });
  }

  /** {@code to[n, i] = Σ_r w[r, i] from[n, r]}, a run of columns a task. */
  private void multiplyColumns(Engine engine, WeightView view, Tensor from, Tensor to) {
    Kernels kernels = engine.kernels();
    int batch = from.shape().extent(0);
    int rows = weight.shape().extent(0);
    int columns = weight.shape().extent(1);
    int step = Math.min(Math.max((columns / 8 + 63) / 64 * 64, 64), TASK_COLUMNS);
    engine.forEach(
        (columns + step - 1) / step,
        task -> {
          int column = task * step;
          int count = Math.min(step, columns - column);
          boolean copied = isCopied(view);
          MemorySegment w = copied ? copy(view, 0, rows, column, count) : weight.segment();
          for (int n = 0; n < batch; n++) {
            kernels.multiplyColumns(
                w,
                view == WeightView.ABSOLUTE,
                low(view),
                high(view),
                rows,
                copied ? count : columns,
                copied ? 0 : column,
                count,
                from.data,
                n * rows,
                to.data,
                n * columns + column);
          }
        });
  }

  /** Whether the kernels do not make this view of the weights as they read them. */
  private static boolean isCopied(WeightView view) {
    return view == WeightView.SQUARED || view == WeightView.ONE;
  }

  /** What {@code view} shows of the weights that a task reads, {@code [count, width]}. */
  private MemorySegment copy(WeightView view, int row, int count, int column, int width) {
    int columns = weight.shape().extent(1);
    float[] shown = new float[count * width];
    for (int r = 0; r < count; r++) {
      weight.copy((row + r) * columns + column, shown, r * width, width);
    }
    view.show(shown, shown.length);
    return MemorySegment.ofArray(shown);
  }

  private static float low(WeightView view) {
    return view == WeightView.POSITIVE ? 0f : Float.NEGATIVE_INFINITY;
  }

  private static float high(WeightView view) {
    return view == WeightView.NEGATIVE ? 0f : Float.POSITIVE_INFINITY;
  }

  private String describeWeight() {
    return weight.shape() + (transposed ? " (transposed)" : "");
  }

  @Override
  public String toString() {
    return "Dense" + describeWeight();
  }
}
