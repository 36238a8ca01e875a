package dev.hedgerow.engine.simd;

import dev.hedgerow.engine.kernel.Kernels;

/**
 * The kernels with vectors, each in a file of its own, of the machine's width or the one that
 * {@link Kernels#BITS_PROPERTY} names. Loaded only where the Vector API's module is present.
 */
public final class VectorKernels
    implements AddMultiple,
        AddToWindow,
        Convolve,
        CopyPixels,
        Correlate,
        CorrelateDepthwise,
        Depthwise,
        Finish,
        Hedge,
        IsLevel,
        MultiplyRows,
        RouteToMaximum,
        ScalePixels,
        Shares,
        SubtractPixels,
        WindowMaxima,
        WindowSum,
        WinogradInput,
        WinogradOutput,
        WinogradWeights {
  /** Asks for the width at once: if there are no kernels of it, none are to be made. */
  private final String name = "vector-" + Vectors.S.vectorBitSize();

  /**
   * Makes them.
   *
   * @throws LinkageError if there are none of the width, or no fused multiply-add
   */
  public VectorKernels() {}

  @Override
  public String name() {
    return name;
  }
}
