package dev.hedgerow.engine;

import dev.hedgerow.engine.kernel.Kernels;
import java.util.Arrays;

/** What the average pools share: windows of equal weights, forward and reverse. */
final class UniformPool {
  private static final int BLOCK = Tensor.BLOCK;

  private UniformPool() {}

  /** Averages the windows; {@code countPadding}: padding counts in the divisor. */
  static Tensor forward(
      Engine engine,
      WeightView view,
      PoolAxis rows,
      PoolAxis columns,
      boolean countPadding,
      Tensor x) {
    Shape shape = x.shape();
    Kernels kernels = engine.kernels();
    int width = shape.extent(3);
    int plane = shape.extent(2) * width * BLOCK;
    int height = rows.windows();
    Tensor y = engine.tensor(shape.with(2, height).with(3, columns.windows()));
    engine.forEach(
        shape.extent(0) * Tensor.blocks(shape.extent(1)) * height,
        task -> {
          int i = task % height;
          int from = task / height * plane + rows.first()[i] * width * BLOCK;
          int to = task * columns.windows() * BLOCK;
          for (int j = 0; j < columns.windows(); j++, to += BLOCK) {
            if (rows.count()[i] == 0 || columns.count()[j] == 0) {
              Arrays.fill(y.data, to, to + BLOCK, 0f);
              continue;
            }
            kernels.windowSum(
                x.data,
                from + columns.first()[j] * BLOCK,
                rows.count()[i],
                rows.step() * width * BLOCK,
                columns.count()[j],
                columns.step() * BLOCK,
                view.of(weight(rows, i, columns, j, countPadding)),
                y.data,
                to);
          }
        });
    return y;
  }

  /** The adjoint of {@link #forward} for an input of shape {@code input}. */
  static Tensor reverse(
      Engine engine,
      WeightView view,
      PoolAxis rows,
      PoolAxis columns,
      boolean countPadding,
      Tensor s,
      Shape input) {
    Kernels kernels = engine.kernels();
    int width = input.extent(3);
    int plane = input.extent(2) * width * BLOCK;
    Tensor x = engine.tensor(input);
    engine.forEach(
        input.extent(0) * Tensor.blocks(input.extent(1)),
        task -> {
          Arrays.fill(x.data, task * plane, (task + 1) * plane, 0f);
          int from = task * rows.windows() * columns.windows() * BLOCK;
          for (int i = 0; i < rows.windows(); i++) {
            int row = task * plane + rows.first()[i] * width * BLOCK;
            for (int j = 0; j < columns.windows(); j++, from += BLOCK) {
              if (rows.count()[i] == 0 || columns.count()[j] == 0) continue;
              kernels.addToWindow(
                  x.data,
                  row + columns.first()[j] * BLOCK,
                  rows.count()[i],
                  rows.step() * width * BLOCK,
                  columns.count()[j],
                  columns.step() * BLOCK,
                  view.of(weight(rows, i, columns, j, countPadding)),
                  s.data,
                  from);
            }
          }
        });
    return x;
  }

  private static float weight(PoolAxis rows, int i, PoolAxis columns, int j, boolean countPadding) {
    int divisor =
        countPadding
            ? rows.padded()[i] * columns.padded()[j]
            : rows.count()[i] * columns.count()[j];
    return 1f / divisor;
  }

  static void checkReverse(String kind, Tensor s, Shape input, Shape output) {
    if (!s.shape().equals(output)) {
      throw new IllegalArgumentException(
          kind + ": reverse of " + s.shape() + " for input " + input + ", expected " + output);
    }
  }
}
