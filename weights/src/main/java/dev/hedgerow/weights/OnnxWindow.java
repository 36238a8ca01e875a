package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import dev.hedgerow.engine.Window;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the attributes that convolutions and pools share. */
final class OnnxWindow {
  /** Larger strides, dilations and paddings do not occur, and would overflow. */
  private static final int LARGEST = (1 << 15) - 1;

  private OnnxWindow() {}

  /** Returns the window of a pool. */
  static Window ofPool(OnnxCall call, Shape input) throws FormatException {
    long[] kernel = call.integers("kernel_shape");
    if (kernel == null) throw call.error("kernel_shape is missing");
    return read(call, input, sizes(call, "kernel_shape", kernel, 2, 1));
  }

  /** Returns the window of a convolution with weight {@code [O, C, height, width]}. */
  static Window ofConvolution(OnnxCall call, Shape input, Shape weight) throws FormatException {
    int[] kernel = {weight.extent(2), weight.extent(3)};
    long[] stated = call.integers("kernel_shape");
    if (stated != null && !Arrays.equals(sizes(call, "kernel_shape", stated, 2, 1), kernel)) {
      throw call.error("kernel_shape is " + OnnxCall.text(stated) + " but weight is " + weight);
    }
    return read(
        call, input, sizes(call, "weight", Arrays.stream(kernel).asLongStream().toArray(), 2, 1));
  }

  private static Window read(OnnxCall call, Shape input, int[] kernel) throws FormatException {
    if (input.rank() != 4) throw call.error("input is " + input, "[N, C, H, W]");
    int[] strides = sizes(call, "strides", call.integers("strides"), 2, 1);
    int[] dilations = sizes(call, "dilations", call.integers("dilations"), 2, 1);
    int[] pads = sizes(call, "pads", call.integers("pads"), 4, 0);
    var window =
        new Window(
            kernel[0],
            kernel[1],
            strides[0],
            strides[1],
            dilations[0],
            dilations[1],
            pads[0],
            pads[1],
            pads[2],
            pads[3]);
    String mode = call.text("auto_pad", "NOTSET");
    return switch (mode) {
      case "NOTSET", "" -> window;
      case "VALID" -> window.padded(0, 0, 0, 0);
      case "SAME_UPPER", "SAME_LOWER" -> {
        int rows = missing(input.extent(2), window.spanY(), window.strideY());
        int columns = missing(input.extent(3), window.spanX(), window.strideX());
        int top = mode.equals("SAME_UPPER") ? rows / 2 : rows - rows / 2;
        int left = mode.equals("SAME_UPPER") ? columns / 2 : columns - columns / 2;
        yield window.padded(top, left, rows - top, columns - left);
      }
      default ->
          throw call.error("auto_pad is \"" + mode + "\"", "SAME_UPPER, SAME_LOWER or VALID");
    };
  }

  /** Padding that {@code ceil(extent / stride)} windows need. */
  private static int missing(int extent, int span, int stride) {
    long windows = ((long) extent + stride - 1) / stride;
    return (int) Math.max(0, (windows - 1) * stride + span - extent);
  }

  /** Returns element {@code i} of a list of widths to pad by; negative ones cut off. */
  static int width(OnnxCall call, long[] widths, int i) throws FormatException {
    if (Math.abs((double) widths[i]) <= LARGEST) return (int) widths[i];
    throw call.error("pads are " + OnnxCall.text(widths), "at most " + LARGEST + " each");
  }

  /** Returns whether a last window may reach beyond the padding. */
  static boolean ceil(OnnxCall call) throws FormatException {
    boolean ceil = call.flag("ceil_mode", false);
    return ceil && call.text("auto_pad", "NOTSET").equals("NOTSET");
  }

  private static int[] sizes(
      OnnxCall call, String name, long @Nullable [] stated, int count, int least)
      throws FormatException {
    int[] sizes = new int[count];
    Arrays.fill(sizes, least);
    if (stated == null) return sizes;
    boolean fits = stated.length == count;
    for (int i = 0; fits && i < count; i++) {
      fits = stated[i] >= least && stated[i] <= LARGEST;
      sizes[i] = (int) stated[i];
    }
    if (fits) return sizes;
    throw call.error(
        name + " is " + OnnxCall.text(stated), count + " numbers from " + least + " to " + LARGEST);
  }
}
