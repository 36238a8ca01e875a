package dev.hedgerow.engine.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hedgerow.engine.kernel.Kernels;
import dev.hedgerow.engine.kernel.ScalarKernels;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Every kernel does what the scalar one does, on small integers, of which no order of additions
 * rounds anything: it returns and stores the same, and nothing beside it.
 */
class KernelAgreementTest {
  private static final int BLOCK = Kernels.BLOCK;

  /** What a kernel is called with; the same for both, as it follows from a seed. */
  private static final class Call {
    final Kernels kernels;
    final Random random;
    private final List<float[]> arrays = new ArrayList<>();

    Call(Kernels kernels, long seed) {
      this.kernels = kernels;
      this.random = new Random(seed);
    }

    /** Returns a number from 0 to {@code most}. */
    int upTo(int most) {
      return random.nextInt(most + 1);
    }

    /** Returns integers from -4 to 4 that are compared afterwards. */
    float[] integers(int count) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) values[i] = random.nextInt(-4, 5);
      return keep(values);
    }

    /** Returns 1, 2 and 4, which division by rounds nothing, and some zeros. */
    float[] powers(int count) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) values[i] = 8 >> random.nextInt(1, 5) & 7;
      return keep(values);
    }

    /** Has an array compared afterwards. */
    float[] keep(float[] values) {
      arrays.add(values);
      return values;
    }
  }

  private interface Kernel {
    /** Calls the kernel; returns what it returns, or null. */
    Object run(Call call);
  }

  private record Named(String name, Kernel kernel) {}

  /** A window of pixels in an image: where it begins, its extents and steps, and what it needs. */
  private record Window(int at, int rows, int rowStep, int columns, int columnStep) {
    static Window of(Call call) {
      int columnStep = BLOCK * (1 + call.upTo(1));
      int columns = 1 + call.upTo(3);
      int rowStep = columns * columnStep + BLOCK * call.upTo(2);
      return new Window(call.upTo(5), 1 + call.upTo(3), rowStep, columns, columnStep);
    }

    int floats() {
      return at + (rows - 1) * rowStep + (columns - 1) * columnStep + BLOCK;
    }
  }

  private static final List<Named> KERNELS =
      List.of(
          new Named("convolve", KernelAgreementTest::convolve),
          new Named("depthwise", KernelAgreementTest::depthwise),
          new Named("copyPixels", KernelAgreementTest::copyPixels),
          new Named("scalePixels", KernelAgreementTest::scalePixels),
          new Named("finish", KernelAgreementTest::finish),
          new Named("winogradInput", KernelAgreementTest::winogradInput),
          new Named("winogradOutput", KernelAgreementTest::winogradOutput),
          new Named("correlate", KernelAgreementTest::correlate),
          new Named("correlateDepthwise", KernelAgreementTest::correlateDepthwise),
          new Named("multiplyRows", KernelAgreementTest::multiplyRows),
          new Named("addMultiple", KernelAgreementTest::addMultiple),
          new Named("windowMaxima", KernelAgreementTest::windowMaxima),
          new Named("isLevel", KernelAgreementTest::isLevel),
          new Named("subtractPixels", KernelAgreementTest::subtractPixels),
          new Named("windowSum", KernelAgreementTest::windowSum),
          new Named("routeToMaximum", KernelAgreementTest::routeToMaximum),
          new Named("addToWindow", KernelAgreementTest::addToWindow),
          new Named("shares", KernelAgreementTest::shares),
          new Named("hedge", KernelAgreementTest::hedge));

  @Test
  void everyKernelIsTheScalarOne() {
    assumeTrue(
        Kernels.best() != ScalarKernels.INSTANCE, "VectorKernelsTest sees which are asked for");
    for (Named each : KERNELS) {
      for (int seed = 0; seed < 300; seed++) {
        var expected = new Call(ScalarKernels.INSTANCE, seed);
        var actual = new Call(Kernels.best(), seed);
        String where = "%s %s %d".formatted(Kernels.best().name(), each.name, seed);
        assertEquals(each.kernel.run(expected), each.kernel.run(actual), where);
        for (int i = 0; i < expected.arrays.size(); i++) {
          assertArrayEquals(
              plusZero(expected.arrays.get(i)), plusZero(actual.arrays.get(i)), where);
        }
      }
    }
  }

  /** Winograd's weights are rounded, see {@link VectorKernelsTest}. */
  @Test
  void noKernelIsLeftOut() {
    Set<String> names = new HashSet<>(Set.of("name", "tile", "winogradWeights"));
    for (Named each : KERNELS) names.add(each.name);
    Set<String> all = new HashSet<>();
    for (Method method : Kernels.class.getDeclaredMethods()) {
      if (Modifier.isAbstract(method.getModifiers())) all.add(method.getName());
    }
    assertEquals(all, names);
  }

  /** The sign of a sum's zero depends on the order of its terms. */
  private static float[] plusZero(float[] values) {
    float[] sums = values.clone();
    for (int i = 0; i < sums.length; i++) sums[i] += 0f;
    return sums;
  }

  private static Object convolve(Call call) {
    int columns = call.upTo(40);
    int terms = 1 + call.upTo(40);
    int blocks = 1 + call.upTo(1);
    int wBlock = terms * BLOCK + call.upTo(3);
    int yBlock = columns * BLOCK + call.upTo(3);
    float[] x = call.integers(3 + columns * Kernels.ROW + terms);
    float[] w = call.integers(5 + blocks * wBlock);
    float[] start = call.integers(2 + blocks * BLOCK);
    float[] y = call.integers(4 + blocks * yBlock);
    float[] ahead = call.integers(6 + blocks * wBlock);
    boolean starts = call.random.nextBoolean();
    boolean asks = call.random.nextBoolean();
    call.kernels.convolve(
        x,
        3,
        terms,
        w,
        5,
        wBlock,
        starts ? start : null,
        2,
        y,
        4,
        yBlock,
        blocks,
        columns,
        asks ? ahead : null,
        6);
    return "";
  }

  private static Object depthwise(Call call) {
    int rows = call.upTo(3);
    int columns = call.upTo(13);
    int xStep = BLOCK * (1 + call.upTo(2));
    int xRow = columns * xStep + BLOCK * call.upTo(2);
    int yStep = BLOCK * (1 + call.upTo(1));
    int yRow = columns * yStep + BLOCK * call.upTo(1);
    // A window of 3×3 as forward and reverse sweeps have it, or any taps.
    boolean window = call.random.nextBoolean();
    int step = BLOCK * (call.upTo(2) + 1) * (call.random.nextBoolean() ? 1 : -1);
    int[] taps = new int[window ? 9 : 1 + call.upTo(9)];
    for (int i = 0; i < taps.length; i++) {
      taps[i] = window ? i % 3 * step + i / 3 * 7 * BLOCK : (call.upTo(6) - 3) * BLOCK;
    }
    int before = 6 * BLOCK + 1;
    float[] x = call.integers(before + rows * xRow + columns * xStep + 21 * BLOCK);
    float[] w = call.integers(3 + taps.length * BLOCK);
    float[] start = call.integers(7 + BLOCK);
    float[] y = call.integers(2 + rows * yRow + columns * yStep + BLOCK);
    call.kernels.depthwise(
        x, before, xRow, xStep, taps, w, 3, start, 7, y, 2, yRow, yStep, rows, columns);
    return "";
  }

  private static Object copyPixels(Call call) {
    int count = call.upTo(9);
    int xStep = BLOCK * (1 + call.upTo(2));
    int yStep = BLOCK * (1 + call.upTo(2));
    float[] x = call.integers(3 + count * xStep + BLOCK);
    float[] y = call.integers(5 + count * yStep + BLOCK);
    call.kernels.copyPixels(x, 3, xStep, y, 5, yStep, count);
    return "";
  }

  private static Object scalePixels(Call call) {
    int count = call.upTo(9);
    int xStep = BLOCK * (1 + call.upTo(2));
    int yStep = BLOCK * (1 + call.upTo(2));
    float[] x = call.integers(3 + count * xStep + BLOCK);
    float[] factor = call.integers(2 + BLOCK);
    float[] offset = call.integers(2 + BLOCK);
    float[] y = call.integers(5 + count * yStep + BLOCK);
    call.kernels.scalePixels(x, 3, xStep, factor, offset, 2, y, 5, yStep, count);
    return "";
  }

  private static Object finish(Call call) {
    int count = BLOCK * call.upTo(5);
    float[] sums = call.integers(3 + count + 1);
    float[] add = call.integers(5 + count + 1);
    float[] y = call.integers(5 + count + 1);
    float low = call.random.nextBoolean() ? 0 : Float.NEGATIVE_INFINITY;
    float high = call.random.nextBoolean() ? 2 : Float.POSITIVE_INFINITY;
    call.kernels.finish(sums, 3, call.random.nextBoolean() ? add : null, low, high, y, 5, count);
    return "";
  }

  private static Object winogradInput(Call call) {
    int xRow = 6 * BLOCK + BLOCK * call.upTo(2);
    int vStep = BLOCK + call.upTo(3);
    float[] x = call.integers(3 + 6 * xRow);
    float[] v = call.integers(5 + 36 * vStep + BLOCK);
    call.kernels.winogradInput(x, 3, xRow, new float[Kernels.ORIGIN + 576], v, 5, vStep);
    return "";
  }

  private static Object winogradOutput(Call call) {
    int mStep = BLOCK + call.upTo(3);
    int yRow = 4 * BLOCK + BLOCK * call.upTo(2);
    float[] m = call.integers(3 + 36 * mStep + BLOCK);
    float[] y = call.integers(5 + 4 * yRow + BLOCK);
    call.kernels.winogradOutput(m, 3, mStep, new float[Kernels.ORIGIN + 576], y, 5, yRow);
    return "";
  }

  private static Object correlate(Call call) {
    int columns = call.upTo(9);
    int blocks = 1 + call.upTo(1);
    int channels = 1 + call.upTo(BLOCK - 1);
    int xStep = BLOCK * (1 + call.upTo(1));
    int sBlock = columns * BLOCK + call.upTo(3);
    float[] x = call.integers(3 + columns * xStep + BLOCK);
    // Rows beyond the channels may be added to where x is 0, as it is there in tensors.
    for (int c = 0; c < columns; c++) {
      Arrays.fill(x, 3 + c * xStep + channels, 3 + c * xStep + BLOCK, 0f);
    }
    float[] s = call.integers(5 + blocks * sBlock);
    float[] w = call.integers(2 + blocks * BLOCK * BLOCK);
    call.kernels.correlate(x, 3, xStep, channels, s, 5, sBlock, blocks, columns, w, 2);
    return "";
  }

  private static Object correlateDepthwise(Call call) {
    int columns = call.upTo(9);
    int xStep = BLOCK * (1 + call.upTo(1));
    float[] x = call.integers(3 + columns * xStep + BLOCK);
    float[] s = call.integers(5 + columns * BLOCK);
    float[] w = call.integers(2 + BLOCK + 1);
    call.kernels.correlateDepthwise(x, 3, xStep, s, 5, columns, w, 2);
    return "";
  }

  private static Object multiplyRows(Call call) {
    int rows = call.upTo(9);
    int columns = 1 + call.upTo(70);
    float[] w = call.integers(3 + rows * columns);
    float[] x = call.integers(5 + columns);
    float[] y = call.integers(2 + rows + 1);
    call.kernels.multiplyRows(w, 3, rows, columns, x, 5, y, 2);
    return "";
  }

  private static Object addMultiple(Call call) {
    int count = call.upTo(70);
    float[] w = call.integers(3 + count);
    float[] y = call.integers(5 + count + 1);
    call.kernels.addMultiple(call.upTo(6) - 3, w, 3, y, 5, count);
    return "";
  }

  private static Object windowMaxima(Call call) {
    int count = call.upTo(5);
    int xStep = BLOCK * (1 + call.upTo(2));
    Window window = Window.of(call);
    float[] x = call.integers(window.floats() + count * xStep);
    float[] y = call.integers(5 + count * BLOCK + 1);
    call.kernels.windowMaxima(
        x,
        window.at,
        xStep,
        window.rows,
        window.rowStep,
        window.columns,
        window.columnStep,
        y,
        5,
        count);
    return "";
  }

  private static Object isLevel(Call call) {
    Window window = Window.of(call);
    float[] x = call.integers(window.floats());
    // Mostly level: about as many windows are as are not.
    for (int i = 0; i < x.length; i++) x[i] = 16 + x[i];
    x[call.upTo(x.length - 1)] = call.upTo(16);
    float[] least = call.powers(2 + BLOCK);
    return call.kernels.isLevel(
        x,
        window.at,
        window.rows,
        window.rowStep,
        window.columns,
        window.columnStep,
        least,
        2,
        call.upTo(3),
        call.random.nextBoolean() ? 0.25f : 0.5f);
  }

  private static Object subtractPixels(Call call) {
    int count = call.upTo(9);
    int aStep = BLOCK * call.upTo(1);
    float[] a = call.integers(3 + count * aStep + BLOCK);
    float[] b = call.integers(5 + count * BLOCK);
    for (int i = 0; i < a.length; i++) a[i] = 16 + a[i];
    if (b.length > 5) b[call.upTo(b.length - 1)] = 15;
    float[] y = call.integers(2 + count * BLOCK + 1);
    return call.kernels.subtractPixels(a, 3, aStep, b, 5, y, 2, count, 0.25f);
  }

  private static Object windowSum(Call call) {
    Window window = Window.of(call);
    float[] x = call.integers(window.floats());
    float[] y = call.integers(5 + BLOCK + 1);
    call.kernels.windowSum(
        x, window.at, window.rows, window.rowStep, window.columns, window.columnStep, 0.5f, y, 5);
    return "";
  }

  private static Object routeToMaximum(Call call) {
    Window window = Window.of(call);
    float[] x = call.integers(window.floats());
    float[] s = call.integers(5 + BLOCK);
    float[] dx = call.integers(x.length);
    call.kernels.routeToMaximum(
        x, window.at, window.rows, window.rowStep, window.columns, window.columnStep, s, 5, dx);
    return "";
  }

  private static Object addToWindow(Call call) {
    Window window = Window.of(call);
    float[] dx = call.integers(window.floats());
    float[] s = call.integers(5 + BLOCK);
    call.kernels.addToWindow(
        dx, window.at, window.rows, window.rowStep, window.columns, window.columnStep, 0.5f, s, 5);
    return "";
  }

  private static Object shares(Call call) {
    int count = call.upTo(70);
    float[] r = call.integers(3 + count);
    float[] z = call.powers(5 + count);
    float[] s = call.integers(2 + count + 1);
    int gamma = call.upTo(2);
    return call.kernels.shares(r, 3, 0.5, 0.25, gamma, 1, z, 5, 1e-30f, s, 2, count);
  }

  private static Object hedge(Call call) {
    int count = call.upTo(70);
    float[] x = call.integers(3 + count);
    float[] c = call.integers(5 + count);
    float[] a = call.integers(2 + count);
    float[] u = call.integers(7 + count);
    float[] y = call.integers(1 + count + 1);
    call.kernels.hedge(x, 3, c, 5, a, 2, u, 7, call.upTo(3), y, 1, count);
    return "";
  }
}
