package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A fully connected layer, {@code y = W x + b}. Plain weights in an array are read where they are.
 * Of those in a mapped file, and of other views, a task copies what it is about to read, which fits
 * the cache. Large weights in a file move into the heap when the layer is applied a second time, if
 * the heap has ample room: it has larger pages, and some virtual machines are slow to read pages of
 * a file again. After a first walk back through the layer the process lets go of what it has read
 * of the file: most explain once, and the layers below take more memory.
 */
public final class Dense implements LinearOperator {
  /** Weights that a task reads, about: enough work to be worth a task, few enough for the cache. */
  private static final int TASK_WEIGHTS = 1 << 16;

  /** Most columns of a task: long runs of memory, and a sample's sums in the first-level cache. */
  private static final int TASK_COLUMNS = 1024;

  /** Least weights that move into the heap. */
  private static final int LEAST_MOVED = 1 << 20;

  private volatile Parameter weight;
  private volatile boolean applied;
  private volatile boolean walkedBack;
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

  /** Returns the weights that were given: {@code [out, in]}, {@code [in, out]} if transposed. */
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
    if (!walkedBack) weight.unload();
    walkedBack = true;
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
    Parameter weight = this.weight;
    int batch = from.shape().extent(0);
    int rows = weight.shape().extent(0);
    int columns = weight.shape().extent(1);
    float @Nullable [] inPlace = view == WeightView.PLAIN ? weight.array() : null;
    int step = Math.min(Math.max(TASK_WEIGHTS / Math.max(columns, 1) / 4 * 4, 4), 256);
    engine.forEach(
        Math.ceilDiv(rows, step),
        task -> {
          int row = task * step;
          int count = Math.min(step, rows - row);
          float[] w = inPlace != null ? inPlace : engine.scratch().take(count * columns);
          int at = row * columns;
          if (inPlace == null) {
            view.show(weight, at, w, count * columns);
            at = 0;
          } else {
            at += weight.origin();
          }
          for (int n = 0; n < batch; n++) {
            kernels.multiplyRows(
                w, at, count, columns, from.data, n * columns, to.data, n * rows + row);
          }
          if (inPlace == null) engine.scratch().give(w);
        });
  }

  /** {@code to[n, i] = Σ_r w[r, i] from[n, r]}, a run of columns a task; rows in order. */
  private void multiplyColumns(Engine engine, WeightView view, Tensor from, Tensor to) {
    Kernels kernels = engine.kernels();
    Parameter weight = this.weight;
    int batch = from.shape().extent(0);
    int rows = weight.shape().extent(0);
    int columns = weight.shape().extent(1);
    float @Nullable [] inPlace = view == WeightView.PLAIN ? weight.array() : null;
    int step = Math.min(Math.max((columns / 8 + 63) / 64 * 64, 64), TASK_COLUMNS);
    engine.forEach(
        Math.ceilDiv(columns, step),
        task -> {
          int column = task * step;
          int count = Math.min(step, columns - column);
          float[] w = inPlace != null ? inPlace : engine.scratch().take(count);
          for (int n = 0; n < batch; n++) {
            int at = n * columns + column;
            Arrays.fill(to.data, at, at + count, 0f);
          }
          for (int r = 0; r < rows; r++) {
            int at = r * columns + column;
            boolean shown = inPlace != null;
            if (shown) at += weight.origin();
            for (int n = 0; n < batch; n++) {
              float factor = from.data[n * rows + r];
              if (factor == 0) continue; // as in most rows of a gradient
              if (!shown) {
                view.show(weight, at, w, count);
                at = 0;
                shown = true;
              }
              kernels.addMultiple(factor, w, at, to.data, n * columns + column, count);
            }
          }
          if (inPlace == null) engine.scratch().give(w);
        });
  }

  private String describeWeight() {
    return weight.shape() + (transposed ? " (transposed)" : "");
  }

  @Override
  public String toString() {
    return "Dense" + describeWeight();
  }
}
