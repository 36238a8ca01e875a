package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;

/**
 * Max pooling: {@code y = max} over the pixels of the image in the window. Padding never wins; a
 * window of nothing but padding gives 0.
 *
 * @param window the pooling window
 * @param ceil whether a last window may reach beyond the padding
 */
public record MaxPool(Window window, boolean ceil) {
  private static final int BLOCK = Tensor.BLOCK;

  /** Rows of windows of a task. */
  private static final int ROWS = 4;

  /**
   * Returns the shape of the result for an input {@code [N, C, H, W]}.
   *
   * @throws IllegalArgumentException if the input has not four axes or is smaller than the window
   */
  public Shape outputShape(Shape input) {
    return outputShape("max pool", window, ceil, input);
  }

  /** Whether this is the largest value of each 2×2; an odd last row or column counts nowhere. */
  boolean halves() {
    return window.equals(Window.of(2, 2, 0)) && !ceil;
  }

  static Shape outputShape(String kind, Window window, boolean ceil, Shape input) {
    if (input.rank() != 4) {
      throw new IllegalArgumentException(kind + ": input is " + input + ", expected [N, C, H, W]");
    }
    int height = window.outputHeight(input.extent(2), ceil);
    int width = window.outputWidth(input.extent(3), ceil);
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          kind
              + ": input is "
              + input
              + " but the window with its padding expects at least "
              + Math.max(1, window.spanY() - window.top() - window.bottom())
              + "x"
              + Math.max(1, window.spanX() - window.left() - window.right())
              + " pixels");
    }
    return input.with(2, height).with(3, width);
  }

  /**
   * Returns the largest value of each window.
   *
   * @param x input {@code [N, C, H, W]}; not modified
   */
  public Tensor forward(Engine engine, Tensor x) {
    Shape shape = x.shape();
    Tensor y = engine.tensor(outputShape(shape));
    Windows windows = windows(shape);
    PoolAxis rows = windows.rows;
    int width = shape.extent(3);
    int plane = shape.extent(2) * width * BLOCK;
    int blocks = Tensor.blocks(shape.extent(1));
    int bands = Math.ceilDiv(rows.windows(), ROWS);
    engine.forEach(
        shape.extent(0) * bands * blocks,
        task -> {
          int image = task / blocks / bands * blocks + task % blocks;
          int band = task / blocks % bands;
          for (int i = band * ROWS; i < Math.min(rows.windows(), (band + 1) * ROWS); i++) {
            int from = image * plane + rows.first()[i] * width * BLOCK;
            int to = (image * rows.windows() + i) * windows.columns.windows() * BLOCK;
            windows.storeMaxima(engine.kernels(), i, x.data, from, y.data, to);
          }
        });
    return y;
  }

  /** Returns where the windows lie in an input {@code [N, C, H, W]}. */
  Windows windows(Shape input) {
    return new Windows(
        PoolAxis.ofRows(window, input.extent(2), ceil),
        PoolAxis.ofColumns(window, input.extent(3), ceil),
        input.extent(3),
        window.strideX());
  }

  /**
   * The windows in images of one size.
   *
   * @param width columns of the image
   * @param stride columns between windows
   */
  record Windows(PoolAxis rows, PoolAxis columns, int width, int stride) {
    /**
     * Stores the largest value of each window of a row of them, of one block.
     *
     * @param i the row
     * @param from where x has the first row of the image that these windows see
     */
    void storeMaxima(Kernels kernels, int i, float[] x, int from, float[] y, int to) {
      for (int j = 0, run; j < columns.windows(); j += run, to += run * BLOCK) {
        run = columns.run(j, stride);
        if (rows.count()[i] == 0 || columns.count()[j] == 0) {
          Arrays.fill(y, to, to + run * BLOCK, 0f);
          continue;
        }
        kernels.windowMaxima(
            x,
            from + columns.first()[j] * BLOCK,
            stride * BLOCK,
            rows.count()[i],
            rows.step() * width * BLOCK,
            columns.count()[j],
            columns.step() * BLOCK,
            y,
            to,
            run);
      }
    }

    /** Returns where in a plane of x, in pixels, the first maximum of a window is, or -1. */
    private int argMax(float[] x, int plane, int i, int j) {
      int best = -1;
      for (int r = 0; r < rows.count()[i]; r++) {
        for (int c = 0; c < columns.count()[j]; c++) {
          int at = pixel(i, r, j, c);
          if (best < 0 || x[plane + at * BLOCK] > x[plane + best * BLOCK]) best = at;
        }
      }
      return best;
    }

    /** Adds a value, in equal shares, to dx where a window of x is {@code maximum}. */
    private void share(float value, float maximum, float[] x, float[] dx, int plane, int i, int j) {
      int found = 0;
      for (int r = 0; r < rows.count()[i]; r++) {
        for (int c = 0; c < columns.count()[j]; c++) {
          if (x[plane + pixel(i, r, j, c) * BLOCK] == maximum) found++;
        }
      }
      for (int r = 0; r < rows.count()[i]; r++) {
        for (int c = 0; c < columns.count()[j]; c++) {
          int at = plane + pixel(i, r, j, c) * BLOCK;
          if (x[at] == maximum) dx[at] += value / found;
        }
      }
    }

    /** Returns the number of the pixel in row r and column c of a window. */
    private int pixel(int i, int r, int j, int c) {
      return (rows.first()[i] + r * rows.step()) * width + columns.first()[j] + c * columns.step();
    }
  }

  /**
   * Returns where the largest value of each window is, the first one in scan order on ties.
   *
   * @param x input {@code [N, C, H, W]}; not modified
   * @return for each element of the output in row-major order, {@code row·W + column} in the
   *     channel's plane; -1 for a window of nothing but padding
   */
  public int[] argMax(Engine engine, Tensor x) {
    Shape shape = x.shape();
    Shape output = outputShape(shape);
    Windows windows = windows(shape);
    PoolAxis rows = windows.rows;
    PoolAxis columns = windows.columns;
    int channels = shape.extent(1);
    int[] indices = new int[output.size()];
    engine.forEach(
        shape.extent(0) * channels,
        task -> {
          int plane = x.offset(task / channels, task % channels);
          int to = task * rows.windows() * columns.windows();
          for (int i = 0; i < rows.windows(); i++) {
            for (int j = 0; j < columns.windows(); j++) {
              indices[to++] = windows.argMax(x.data, plane, i, j);
            }
          }
        });
    return indices;
  }

  /**
   * Returns each value of s at the place its window's maximum came from; where windows overlap,
   * values add up. This is the gradient, and the rule for relevance.
   *
   * @param s one value for each element of the output; not modified
   * @param x the input of the forward pass, {@code [N, C, H, W]}; not modified
   * @return a tensor of x's shape
   */
  public Tensor reverse(Engine engine, Tensor s, Tensor x) {
    Shape shape = x.shape();
    UniformPool.checkReverse("max pool", s, shape, outputShape(shape));
    Kernels kernels = engine.kernels();
    Windows windows = windows(shape);
    PoolAxis rows = windows.rows;
    PoolAxis columns = windows.columns;
    if ((long) rows.largest() * columns.largest() > Kernels.ROUTED_PIXELS) {
      throw new IllegalArgumentException(
          "max pool: windows of %dx%d pixels are too large to go back through"
              .formatted(rows.largest(), columns.largest()));
    }
    int width = shape.extent(3);
    int plane = shape.extent(2) * width * BLOCK;
    Tensor dx = engine.tensor(shape);
    engine.forEach(
        shape.extent(0) * Tensor.blocks(shape.extent(1)),
        task -> {
          Arrays.fill(dx.data, task * plane, (task + 1) * plane, 0f);
          int from = task * rows.windows() * columns.windows() * BLOCK;
          for (int i = 0; i < rows.windows(); i++) {
            int row = task * plane + rows.first()[i] * width * BLOCK;
            for (int j = 0; j < columns.windows(); j++, from += BLOCK) {
              if (rows.count()[i] == 0 || columns.count()[j] == 0) continue;
              kernels.routeToMaximum(
                  x.data,
                  row + columns.first()[j] * BLOCK,
                  rows.count()[i],
                  rows.step() * width * BLOCK,
                  columns.count()[j],
                  columns.step() * BLOCK,
                  s.data,
                  from,
                  dx.data);
            }
          }
        });
    return dx;
  }

  /**
   * Returns each value of s at the places its window's maximum is, in equal shares on ties; where
   * windows overlap, values add up.
   *
   * @param s one value for each element of the output; not modified
   * @param x the input of the forward pass, {@code [N, C, H, W]}; not modified
   * @return a tensor of x's shape
   */
  public Tensor reverseShared(Engine engine, Tensor s, Tensor x) {
    Shape shape = x.shape();
    UniformPool.checkReverse("max pool", s, shape, outputShape(shape));
    Tensor y = forward(engine, x);
    Windows windows = windows(shape);
    PoolAxis rows = windows.rows;
    PoolAxis columns = windows.columns;
    int plane = shape.extent(2) * shape.extent(3) * BLOCK;
    int count = rows.windows() * columns.windows();
    Tensor dx = engine.tensor(shape);
    engine.forEach(
        shape.extent(0) * Tensor.blocks(shape.extent(1)),
        task -> {
          Arrays.fill(dx.data, task * plane, (task + 1) * plane, 0f);
          for (int at = 0; at < count * BLOCK; at++) {
            int pixel = at / BLOCK;
            int from = task * count * BLOCK + at;
            int i = pixel / columns.windows();
            int j = pixel % columns.windows();
            int lane = task * plane + at % BLOCK;
            windows.share(s.data[from], y.data[from], x.data, dx.data, lane, i, j);
          }
        });
    engine.recycle(y);
    return dx;
  }
}
