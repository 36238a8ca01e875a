package dev.hedgerow.engine;

/** Which convolutions an engine that is not exact computes by Winograd's algorithm. */
public final class WinogradUse {
  private WinogradUse() {}

  /** Whether it does forward, where the window has stride 1 and is 3×3. */
  public static boolean forward(Convolution convolution, Shape input) {
    Shape output = convolution.outputShape(input);
    return Winograd.pays(convolution.inputs(), convolution.outputs(), output);
  }

  /** Whether it does back, of what is at its output, where the window has stride 1 and is 3×3. */
  public static boolean reverse(Convolution convolution, Shape input) {
    return Winograd.pays(convolution.outputs(), convolution.inputs(), input);
  }
}
