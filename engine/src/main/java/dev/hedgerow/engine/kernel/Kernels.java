package dev.hedgerow.engine.kernel;

import org.jspecify.annotations.Nullable;

/**
 * The innermost loops, in scalar Java and with the Vector API. Arguments are trusted: operators
 * have checked them. One pixel is {@value #BLOCK} consecutive floats, one for each channel of a
 * block.
 *
 * <p>A window of pixels of x is, for lanes o &lt; 16, rows r &lt; {@code rows} and columns c &lt;
 * {@code columns},
 *
 * <pre>
 * x[xAt + r·rowStep + c·columnStep + o]
 * </pre>
 */
public interface Kernels {
  /** Channels in a block. */
  int BLOCK = 16;

  /** Most terms of one {@link #convolve} of several columns. */
  int ROW_TERMS = 256;

  /**
   * Floats from one row to the next: some for copies of whole blocks that end beyond the terms, and
   * an odd number of cache lines, so that rows share no cache sets.
   */
  int ROW = ROW_TERMS + BLOCK;

  /**
   * Where packed weights, and what convolutions work in, begin in their arrays. The elements of an
   * array begin 16 bytes after it, unless HotSpot's headers are made smaller or larger. So where
   * objects are aligned to 64 bytes ({@code -XX:ObjectAlignmentInBytes=64}), blocks from here on
   * are cache lines, and a vector reads one of them, not parts of two.
   */
  int ORIGIN = 12;

  /**
   * The system property that forces a width of vectors in bits: 128, 256 or 512; 0 for scalar
   * kernels. For tests and experiments.
   */
  String BITS_PROPERTY = "hedgerow.vectorBits";

  /** Most pixels of a window of {@link #routeToMaximum}: a float numbers them. */
  int ROUTED_PIXELS = 1 << 24;

  /** Returns the name, as {@code Engine.kernelName} gives it. */
  String name();

  /** Returns the columns, 7 at most, that {@link #convolve}'s runs are best a multiple of. */
  int tile();

  /**
   * Multiplies rows of some pixels with the weights of one or two blocks of output channels:
   *
   * <pre>
   * y[yAt + 16c + q·yBlock + o] = start[startAt + 16q + o]
   *     + Σ_i x[xAt + c·ROW + i] · w[wAt + q·wBlock + 16i + o]
   * </pre>
   *
   * for columns c, output blocks q &lt; Q, lanes o &lt; 16 and terms i in order. A sum of more
   * terms is several of these, each but the first starting from y. Distances are constants so that
   * one register addresses all columns.
   *
   * @param terms number of i; of several columns at most {@value #ROW_TERMS}
   * @param w 16 weights for each term; those of the next output block are {@code wBlock} further on
   * @param start what the sums start from; null for y itself
   * @param y written to
   * @param outputBlocks Q, 1 or 2
   * @param ahead as many weights, laid out as w's, from {@code aheadAt} on, that a later call
   *     reads; null for none. A kernel may have some of them brought from memory meanwhile. Best
   *     read by no other thread, whose caches lose them. Not changed
   */
  void convolve(
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
      int aheadAt);

  /**
   * Convolves rows of output pixels of one block, each channel by itself:
   *
   * <pre>
   * y[yAt + r·yRow + c·yStep + o] = start[startAt + o]
   *     + Σ_t x[xAt + r·xRow + c·xStep + taps[t] + o] · w[wAt + 16t + o]
   * </pre>
   *
   * for rows r, columns c, lanes o &lt; 16 and taps t in order.
   */
  void depthwise(
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
      int columns);

  /**
   * Copies pixels: {@code y[yAt + p·yStep + o] = x[xAt + p·xStep + o]} for p below {@code count}.
   */
  void copyPixels(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count);

  /**
   * Copies pixels with a number for each channel: {@code y[yAt + p·yStep + o] = max(x[xAt + p·xStep
   * + o] · factor[at + o] + offset[at + o], 0)} for p below {@code count}.
   */
  void scalePixels(
      float[] x,
      int xAt,
      int xStep,
      float[] factor,
      float[] offset,
      int at,
      float[] y,
      int yAt,
      int yStep,
      int count);

  /**
   * Finishes sums: {@code y[yAt + i] = min(max(sums[at + i] + add[yAt + i], low), high)} for i
   * below {@code count}.
   *
   * @param sums may be y itself, from {@code yAt} on
   * @param add null for nothing
   * @param low 0 for a ReLU, −∞ for none
   * @param high +∞ for none
   * @param count a multiple of 16
   */
  void finish(
      float[] sums,
      int at,
      float @Nullable [] add,
      float low,
      float high,
      float[] y,
      int yAt,
      int count);

  /**
   * Transforms weights for Winograd's F(4×4, 3×3): one row of {@code U = G g Gᵀ} for each of some
   * channels and 16 outputs o, where g[k][l] is {@code w[wAt + taps[3k + l] + 16·channel + o]}, and
   * {@code U[row][l]} is stored at {@code u[uAt + l·uStep + 16·channel + o]}. Weights that are
   * multiplied by 0 need not be read.
   *
   * @param channels how many input channels
   */
  void winogradWeights(
      float[] w, int wAt, int[] taps, int channels, int row, float[] u, int uAt, int uStep);

  /**
   * Transforms a tile of 6×6 pixels of one block for Winograd's F(4×4, 3×3): {@code V = Bᵀ d B} for
   * each channel, where d[r][c] is {@code x[xAt + r·xRow + 16c + lane]}, and {@code V[r][c]} is
   * stored at {@code v[vAt + (6r + c)·vStep + lane]}.
   *
   * @param scratch 576 floats from {@link #ORIGIN} on, overwritten
   */
  void winogradInput(float[] x, int xAt, int xRow, float[] scratch, float[] v, int vAt, int vStep);

  /**
   * Transforms the products of Winograd's F(4×4, 3×3) to a tile of 4×4 pixels of one block: {@code
   * Y = Aᵀ M A} for each channel, where M[r][c] is {@code m[mAt + (6r + c)·mStep + lane]}, and
   * {@code Y[r][c]} is stored at {@code y[yAt + r·yRow + 16c + lane]}.
   *
   * @param scratch 576 floats from {@link #ORIGIN} on, overwritten
   */
  void winogradOutput(float[] m, int mAt, int mStep, float[] scratch, float[] y, int yAt, int yRow);

  /**
   * Correlates a run of input pixels of one block with a run of output pixels of one or two blocks:
   *
   * <pre>
   * w[wAt + i·16Q + 16q + o] += Σ_c x[xAt + c·xStep + i] · s[sAt + q·sBlock + 16c + o]
   * </pre>
   *
   * for columns c, output blocks q &lt; Q, lanes o &lt; 16, channels i.
   *
   * @param channels i is below this; up to 16, and rows of w up to 16 may be added to where x is 0
   * @param outputBlocks Q, 1 or 2
   */
  void correlate(
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
      int wAt);

  /**
   * Correlates two runs of pixels of one block, each channel by itself: {@code w[wAt + o] += Σ_c
   * x[xAt + c·xStep + o] · s[sAt + 16c + o]}.
   */
  void correlateDepthwise(
      float[] x, int xAt, int xStep, float[] s, int sAt, int columns, float[] w, int wAt);

  /**
   * Multiplies rows of a matrix with a vector: {@code y[yAt + r] = Σ_i w[wAt + r·columns + i] ·
   * x[xAt + i]} for r below {@code rows}.
   */
  void multiplyRows(
      float[] w, int wAt, int rows, int columns, float[] x, int xAt, float[] y, int yAt);

  /** Adds a multiple: {@code y[yAt + i] += factor · w[wAt + i]} for i below {@code count}. */
  void addMultiple(float factor, float[] w, int wAt, float[] y, int yAt, int count);

  /**
   * Stores the maxima of windows of pixels: {@code y[yAt + 16p + o]} is that of lane o of the
   * window that begins at {@code xAt + p·xStep}, for p below {@code count}.
   */
  void windowMaxima(
      float[] x,
      int xAt,
      int xStep,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] y,
      int yAt,
      int count);

  /**
   * Whether, lane by lane, no value of a window of pixels is less than {@code least[leastAt + o] ·
   * factor}, nor than {@code share} of the largest magnitude in the window.
   */
  boolean isLevel(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] least,
      int leastAt,
      float factor,
      float share);

  /**
   * Stores differences of pixels, {@code y[yAt + 16p + o] = a[aAt + p·aStep + o] − b[bAt + 16p +
   * o]} for p from 0 on, up to the first pixel with one that is less than {@code share · a}.
   *
   * @return the number of that pixel, which is stored too, or {@code count} if there is none
   */
  int subtractPixels(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      int bAt,
      float[] y,
      int yAt,
      int count,
      float share);

  /**
   * Stores the sum of a window of pixels times a factor: {@code y[yAt + o] = factor · Σ x[...]}.
   */
  void windowSum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] y,
      int yAt);

  /**
   * Adds {@code s[sAt + o]}, lane by lane, to {@code dx} at the first pixel of the window, row by
   * row, that attains the window's maximum in x.
   */
  void routeToMaximum(
      float[] x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float[] s,
      int sAt,
      float[] dx);

  /** Adds {@code factor · s[sAt + o]} to every pixel of a window of dx. */
  void addToWindow(
      float[] dx,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int columnStep,
      float factor,
      float[] s,
      int sAt);

  /**
   * Stores {@code s = y/z}, but 0 where {@code |z| ≤ ignored}, for elements of relevance r: {@code
   * y = ofP·P + ofN·N}, P is r⁺ times {@code positive} and N is r⁻ times {@code negative}, both
   * rounded to float, within an ulp. Finite r; P, N and the sum of y must be within float's range.
   *
   * @return Σ of y but where {@code |z| ≤ ignored}
   */
  double shares(
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
      int count);

  /**
   * Stores {@code y = (c − psi where c ≠ 0) + (max(a, 0) where x > 0, else min(u, 0))} for
   * elements; the sums are made from left to right, 0 being added where nothing is.
   */
  void hedge(
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
      int count);

  /** Returns this machine's best kernels; chosen once. */
  static Kernels best() {
    return KernelChoice.BEST;
  }
}
