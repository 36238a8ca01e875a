package dev.hedgerow.engine.simd;

import static dev.hedgerow.engine.simd.Vectors.LANES;
import static dev.hedgerow.engine.simd.Vectors.S;

import dev.hedgerow.engine.kernel.Kernels;
import jdk.incubator.vector.FloatVector;

/** {@link #windowMaxima}: a vector of channels of a window, whose maximum stays in a register. */
interface WindowMaxima extends Kernels {
  @Override
  default void windowMaxima(
      float[] x,
      int xAt,
      int xStep,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] y,
      int yAt,
      int count) {
    if (rows == 3 && columns == 3) {
      windowMaxima3(x, xAt, xStep, rowStep, columnStep, y, yAt, count);
      return;
    }
    for (int window = 0; window < count; window++) {
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        int at = xAt + window * xStep + lane;
        FloatVector maximum = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) {
            maximum = FloatVector.fromArray(S, x, at + r * rowStep + c * columnStep).max(maximum);
          }
        }
        maximum.intoArray(y, yAt + window * BLOCK + lane);
      }
    }
  }

  /** Of 3×3, which most networks have: loops over so few pixels take longer than their maxima. */
  private static void windowMaxima3(
      float[] x, int xAt, int xStep, int rowStep, int columnStep, float[] y, int yAt, int count) {
    for (int window = 0; window < count; window++) {
      for (int lane = 0; lane < BLOCK; lane += LANES) {
        int at = xAt + window * xStep + lane;
        FloatVector first = maximumOf3(x, at, columnStep);
        FloatVector second = maximumOf3(x, at + rowStep, columnStep);
        FloatVector third = maximumOf3(x, at + 2 * rowStep, columnStep);
        first.max(second).max(third).intoArray(y, yAt + window * BLOCK + lane);
      }
    }
  }

  private static FloatVector maximumOf3(float[] x, int at, int step) {
    FloatVector first = FloatVector.fromArray(S, x, at);
    FloatVector second = FloatVector.fromArray(S, x, at + step);
    return first.max(second).max(FloatVector.fromArray(S, x, at + 2 * step));
  }
}
