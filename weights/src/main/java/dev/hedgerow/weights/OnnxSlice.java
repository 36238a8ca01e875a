package dev.hedgerow.weights;

import dev.hedgerow.engine.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a Slice node takes of each axis of its input: {@code lengths} elements from {@code starts}
 * on, {@code steps} apart.
 *
 * @param starts position of the first element
 * @param steps distance between two elements, not 0
 * @param lengths how many there are
 */
record OnnxSlice(int[] starts, int[] steps, int[] lengths) {
  /** Reads what is sliced: attributes until operator set 9, inputs since. */
  static OnnxSlice read(OnnxCall call, Shape input) throws FormatException {
    boolean asInputs = call.opset() >= 10;
    long[] starts = asInputs ? call.integers(1) : call.integers("starts");
    long[] ends = asInputs ? call.integers(2) : call.integers("ends");
    long[] axes = asInputs ? optional(call, 3) : call.integers("axes");
    long[] steps = asInputs ? optional(call, 4) : null;
    if (starts == null || ends == null) throw call.error("starts or ends are missing");
    int count = starts.length;
    if (ends.length != count
        || (axes == null ? count > input.rank() : axes.length != count)
        || (steps != null && steps.length != count)) {
      throw call.error("starts, ends, axes and steps differ in number", "as many of each");
    }
    int rank = input.rank();
    int[] ones = new int[rank];
    Arrays.fill(ones, 1);
    var slice = new OnnxSlice(new int[rank], ones, input.toArray());
    boolean[] seen = new boolean[rank];
    for (int i = 0; i < count; i++) {
      int axis = axes == null ? i : call.axis(axes[i], rank);
      if (seen[axis]) throw call.error("axis " + axis + " is sliced twice");
      seen[axis] = true;
      long step = steps == null ? 1 : steps[i];
      if (step == 0) throw call.error("axis " + axis + " has step 0");
      slice.set(axis, input.extent(axis), starts[i], ends[i], step);
    }
    return slice;
  }

  private static long @Nullable [] optional(OnnxCall call, int i) throws FormatException {
    return call.has(i) ? call.integers(i) : null;
  }

  /** Sets one axis; negative positions count from the end, those outside mean the nearest edge. */
  private void set(int axis, int extent, long start, long end, long step) {
    long stride = Math.clamp(step, -Integer.MAX_VALUE, Integer.MAX_VALUE);
    int lowest = stride > 0 ? 0 : -1;
    int highest = stride > 0 ? extent : extent - 1;
    int from = Math.clamp(start < 0 ? start + extent : start, lowest, highest);
    int to = Math.clamp(end < 0 ? end + extent : end, lowest, highest);
    long distance = stride > 0 ? to - from : from - to;
    starts[axis] = from;
    steps[axis] = (int) stride;
    lengths[axis] = distance <= 0 ? 0 : (int) ((distance - 1) / Math.abs(stride)) + 1;
  }
}
