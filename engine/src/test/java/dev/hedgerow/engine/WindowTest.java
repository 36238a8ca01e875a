package dev.hedgerow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class WindowTest {
  /** PyTorch's pooling_output_shape_pad_lr, for paddings smaller than the window. */
  @Property(tries = 2000, seed = "21")
  void countsWindowsAsPyTorchDoes(
      @ForAll @IntRange(min = 1, max = 30) int rows,
      @ForAll @IntRange(min = 1, max = 6) int size,
      @ForAll @IntRange(min = 1, max = 5) int stride,
      @ForAll @IntRange(min = 1, max = 3) int dilation,
      @ForAll @IntRange(max = 5) int before,
      @ForAll @IntRange(max = 5) int after,
      @ForAll boolean ceil) {
    int span = (size - 1) * dilation + 1;
    Assume.that(before < span && after < span);
    int expected =
        Math.floorDiv(rows + before + after - span + (ceil ? stride - 1 : 0), stride) + 1;
    if (ceil && (expected - 1) * stride >= rows + before) expected--;
    var window = new Window(size, 1, stride, 1, dilation, 1, before, 0, after, 0);
    assertEquals(Math.max(expected, 0), window.outputHeight(rows, ceil));
    var turned = new Window(1, size, 1, stride, 1, dilation, 0, before, 0, after);
    assertEquals(Math.max(expected, 0), turned.outputWidth(rows, ceil));
    assertEquals(span, window.spanY());
    assertEquals(span, turned.spanX());
  }

  @Test
  void knownSizes() {
    assertEquals(112, Window.of(7, 2, 3).outputHeight(224, false));
    assertEquals(55, Window.of(3, 2, 0).outputHeight(111, true));
    assertEquals(27, Window.of(3, 2, 0).outputHeight(55, false));
    assertEquals(28, Window.of(3, 2, 0).outputHeight(56, true));
    assertEquals(27, Window.of(3, 2, 0).outputHeight(56, false));
    // The last window would start in the padding behind the image.
    assertEquals(1, Window.of(3, 3, 1).outputHeight(2, true));
    // A window larger than the image counts with ceil, as long as a stride covers what is missing.
    assertEquals(1, Window.of(3, 2, 0).outputHeight(2, true));
    assertEquals(0, Window.of(3, 2, 0).outputHeight(2, false));
    assertEquals(0, Window.of(5, 2, 0).outputHeight(2, true));
  }

  @Test
  void paddedReplacesOnlyThePadding() {
    assertEquals(new Window(3, 3, 2, 2, 1, 1, 1, 2, 3, 4), Window.of(3, 2, 9).padded(1, 2, 3, 4));
  }

  @Test
  void aPointIsOnePixel() {
    assertTrue(Window.of(1, 2, 0).isPoint());
    assertFalse(new Window(1, 7, 1, 1, 1, 1, 0, 0, 0, 0).isPoint());
    assertFalse(new Window(7, 1, 1, 1, 1, 1, 0, 0, 0, 0).isPoint());
  }

  @Test
  void impossibleWindowsAreRefused() {
    Samples.assertRefused("window: size 0x0", () -> Window.of(0, 1, 0));
    Samples.assertRefused("window: stride 0x0", () -> Window.of(1, 0, 0));
    Samples.assertRefused("window: dilation 0x1", () -> new Window(1, 1, 1, 1, 0, 1, 0, 0, 0, 0));
    Samples.assertRefused("window: padding -1,-1,-1,-1", () -> Window.of(1, 1, -1));
  }
}
