package dev.hedgerow.engine.kernel;

import org.jspecify.annotations.Nullable;

/** The kernels in scalar Java: the reference the vector kernels are tested against. */
public final class ScalarKernels implements Kernels {
  public static final ScalarKernels INSTANCE = new ScalarKernels();

  private ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int tile() {
    return 1;
  }

  @Override
  public void convolve(
      float[] x,
      int xAt,
      int terms,
      float[] w,
      int wAt,
      int wBlock,
      float @Nullable [] start,
      int startAt,
      float[] y,
      int yAt,
      int yBlock,
      int outputBlocks,
      int columns,
      float @Nullable [] ahead,
      int aheadAt) {
    float[] sum = new float[BLOCK];
    for (int column = 0; column < columns; column++) {
      for (int q = 0; q < outputBlocks; q++) {
        int to = yAt + column * BLOCK + q * yBlock;
        System.arraycopy(
            start == null ? y : start, start == null ? to : startAt + q * BLOCK, sum, 0, BLOCK);
        for (int i = 0; i < terms; i++) {
          float value = x[xAt + column * ROW + i];
          int at = wAt + q * wBlock + i * BLOCK;
          for (int lane = 0; lane < BLOCK; lane++) sum[lane] += value * w[at + lane];
        }
        System.arraycopy(sum, 0, y, to, BLOCK);
      }
    }
  }

  @Override
  public void depthwise(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int startAt,
      float[] y,
      int yAt,
      int yRow,
      int yStep,
      int rows,
      int columns) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int from = xAt + row * xRow + column * xStep;
        int to = yAt + row * yRow + column * yStep;
        for (int lane = 0; lane < BLOCK; lane++) {
          float sum = start[startAt + lane];
          for (int tap = 0; tap < taps.length; tap++) {
            sum += x[from + taps[tap] + lane] * w[wAt + tap * BLOCK + lane];
          }
          y[to + lane] = sum;
        }
      }
    }
  }

  @Override
  public void scalePixels(
      float[] x,
      int xAt,
      int xStep,
      float[] factor,
      float[] offset,
      int at,
      float[] y,
      int yAt,
      int yStep,
      int count) {
    for (int p = 0; p < count; p++) {
      for (int o = 0; o < BLOCK; o++) {
        float scaled = x[xAt + p * xStep + o] * factor[at + o] + offset[at + o];
        y[yAt + p * yStep + o] = Math.max(scaled, 0f);
      }
    }
  }

  /** G of Winograd's F(4×4, 3×3), 6×3; not to be modified. */
  @SuppressWarnings("MutablePublicArray") // Nobody outside the kernels sees this package.
  public static final float[] G = {
    1f / 4, 0, 0, -1f / 6, -1f / 6, -1f / 6, -1f / 6, 1f / 6, -1f / 6, 1f / 24, 1f / 12, 1f / 6,
    1f / 24, -1f / 12, 1f / 6, 0, 0, 1
  };

  private static final float[] BT = {
    4, 0, -5, 0, 1, 0,
    0, -4, -4, 1, 1, 0,
    0, 4, -4, -1, 1, 0,
    0, -2, -1, 2, 1, 0,
    0, 2, -1, -2, 1, 0,
    0, 4, 0, -5, 0, 1
  };
  private static final float[] AT = {
    1, 1, 1, 1, 1, 0,
    0, 1, -1, 2, -2, 0,
    0, 1, 1, 4, 4, 0,
    0, 1, -1, 8, -8, 1
  };

  @Override
  public void copyPixels(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count) {
    for (int p = 0; p < count; p++) {
      System.arraycopy(x, xAt + p * xStep, y, yAt + p * yStep, BLOCK);
    }
  }

  @Override
  public void finish(
      float[] sums,
      int at,
      float @Nullable [] add,
      float low,
      float high,
      float[] y,
      int yAt,
      int count) {
    for (int i = 0; i < count; i++) {
      float sum = add == null ? sums[at + i] : sums[at + i] + add[yAt + i];
      y[yAt + i] = Math.min(Math.max(sum, low), high);
    }
  }

  @Override
  public void winogradWeights(
      float[] w, int wAt, int[] taps, int channels, int row, float[] u, int uAt, int uStep) {
    for (int i = 0; i < channels * BLOCK; i++) {
      for (int l = 0; l < 6; l++) {
        float sum = 0;
        for (int c = 0; c < 3; c++) {
          float column = 0;
          for (int k = 0; k < 3; k++) column += G[3 * row + k] * w[wAt + taps[3 * k + c] + i];
          sum += column * G[3 * l + c];
        }
        u[uAt + l * uStep + i] = sum;
      }
    }
  }

  @Override
  public void winogradInput(
      float[] x, int xAt, int xRow, float[] scratch, float[] v, int vAt, int vStep) {
    float[] d = new float[36];
    float[] result = new float[36];
    for (int lane = 0; lane < BLOCK; lane++) {
      for (int i = 0; i < 36; i++) d[i] = x[xAt + i / 6 * xRow + i % 6 * BLOCK + lane];
      transform(BT, 6, 6, d, scratch, result);
      for (int i = 0; i < 36; i++) v[vAt + i * vStep + lane] = result[i];
    }
  }

  @Override
  public void winogradOutput(
      float[] m, int mAt, int mStep, float[] scratch, float[] y, int yAt, int yRow) {
    float[] products = new float[36];
    float[] result = new float[16];
    for (int lane = 0; lane < BLOCK; lane++) {
      for (int i = 0; i < 36; i++) products[i] = m[mAt + i * mStep + lane];
      transform(AT, 4, 6, products, scratch, result);
      for (int i = 0; i < 16; i++) y[yAt + i / 4 * yRow + i % 4 * BLOCK + lane] = result[i];
    }
  }

  /** {@code y = a x aᵀ} for a of {@code rows × columns}. */
  private static void transform(
      float[] a, int rows, int columns, float[] x, float[] scratch, float[] y) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        float sum = 0;
        for (int i = 0; i < columns; i++) sum += a[r * columns + i] * x[i * columns + c];
        scratch[ORIGIN + r * columns + c] = sum;
      }
    }
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < rows; c++) {
        float sum = 0;
        for (int i = 0; i < columns; i++)
          sum += scratch[ORIGIN + r * columns + i] * a[c * columns + i];
        y[r * rows + c] = sum;
      }
    }
  }

  @Override
  public void correlate(
      float[] x,
      int xAt,
      int xStep,
      int channels,
      float[] s,
      int sAt,
      int sBlock,
      int outputBlocks,
      int columns,
      float[] w,
      int wAt) {
    int lanes = outputBlocks * BLOCK;
    for (int channel = 0; channel < channels; channel++) {
      for (int lane = 0; lane < lanes; lane++) {
        int from = sAt + lane / BLOCK * sBlock + lane % BLOCK;
        float sum = 0;
        for (int column = 0; column < columns; column++) {
          sum += x[xAt + column * xStep + channel] * s[from + column * BLOCK];
        }
        w[wAt + channel * lanes + lane] += sum;
      }
    }
  }

  @Override
  public void correlateDepthwise(
      float[] x, int xAt, int xStep, float[] s, int sAt, int columns, float[] w, int wAt) {
    for (int lane = 0; lane < BLOCK; lane++) {
      float sum = 0;
      for (int column = 0; column < columns; column++) {
        sum += x[xAt + column * xStep + lane] * s[sAt + column * BLOCK + lane];
      }
      w[wAt + lane] += sum;
    }
  }

  @Override
  public void multiplyRows(
      float[] w, int wAt, int rows, int columns, float[] x, int xAt, float[] y, int yAt) {
    for (int r = 0; r < rows; r++) {
      float sum = 0;
      for (int i = 0; i < columns; i++) sum += w[wAt + r * columns + i] * x[xAt + i];
      y[yAt + r] = sum;
    }
  }

  @Override
  public void addMultiple(float factor, float[] w, int wAt, float[] y, int yAt, int count) {
    for (int i = 0; i < count; i++) y[yAt + i] += factor * w[wAt + i];
  }

  @Override
  public void windowMaxima(
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
    for (int i = 0; i < count * BLOCK; i++) {
      int at = xAt + i / BLOCK * xStep + i % BLOCK;
      float maximum = Float.NEGATIVE_INFINITY;
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          maximum = Math.max(maximum, x[at + r * rowStep + c * columnStep]);
        }
      }
      y[yAt + i] = maximum;
    }
  }

  @Override
  public boolean isLevel(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] least,
      int leastAt,
      float factor,
      float share) {
    for (int lane = 0; lane < BLOCK; lane++) {
      float smallest = Float.POSITIVE_INFINITY;
      float largest = 0;
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          float value = x[xAt + r * rowStep + c * columnStep + lane];
          smallest = Math.min(smallest, value);
          largest = Math.max(largest, Math.abs(value));
        }
      }
      if (smallest < Math.max(least[leastAt + lane] * factor, largest * share)) return false;
    }
    return true;
  }

  @Override
  public int subtractPixels(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      int bAt,
      float[] y,
      int yAt,
      int count,
      float share) {
    for (int pixel = 0; pixel < count; pixel++) {
      boolean small = false;
      for (int lane = 0; lane < BLOCK; lane++) {
        float from = a[aAt + pixel * aStep + lane];
        float difference = from - b[bAt + pixel * BLOCK + lane];
        y[yAt + pixel * BLOCK + lane] = difference;
        small |= difference < share * from;
      }
      if (small) return pixel;
    }
    return count;
  }

  @Override
  public void windowSum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] y,
      int yAt) {
    for (int lane = 0; lane < BLOCK; lane++) {
      float sum = 0;
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          sum += x[xAt + r * rowStep + c * columnStep + lane];
        }
      }
      y[yAt + lane] = sum * factor;
    }
  }

  @Override
  public void routeToMaximum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] s,
      int sAt,
      float[] dx) {
    for (int lane = 0; lane < BLOCK; lane++) {
      int first = xAt + lane;
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          int at = xAt + r * rowStep + c * columnStep + lane;
          if (x[at] > x[first]) first = at;
        }
      }
      dx[first] += s[sAt + lane];
    }
  }

  @Override
  public void addToWindow(
      float[] dx,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] s,
      int sAt) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        int at = xAt + r * rowStep + c * columnStep;
        for (int lane = 0; lane < BLOCK; lane++) dx[at + lane] += s[sAt + lane] * factor;
      }
    }
  }

  @Override
  public double shares(
      float[] r,
      int rAt,
      double positive,
      double negative,
      float ofP,
      float ofN,
      float[] z,
      int zAt,
      float ignored,
      float[] s,
      int sAt,
      int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      float p = (float) (Math.max(r[rAt + i], 0f) * positive);
      float n = (float) (Math.min(r[rAt + i], 0f) * negative);
      float y = ofP * p + ofN * n;
      boolean divided = !(Math.abs(z[zAt + i]) <= ignored);
      s[sAt + i] = divided ? y / z[zAt + i] : 0f;
      if (divided) sum += y;
    }
    return sum;
  }

  @Override
  public void hedge(
      float[] x,
      int xAt,
      float[] c,
      int cAt,
      float[] a,
      int aAt,
      float[] u,
      int uAt,
      float psi,
      float[] y,
      int yAt,
      int count) {
    for (int i = 0; i < count; i++) {
      float contribution = c[cAt + i] == 0 ? 0f : c[cAt + i] - psi;
      y[yAt + i] =
          contribution + (x[xAt + i] > 0 ? Math.max(a[aAt + i], 0f) : Math.min(u[uAt + i], 0f));
    }
  }
}
